"""Cuts a clip from a camera, so that a site can grow a set of its own for `linli vision eval`.

What is kept is what the detectors look at: cropped, at most 320 pixels wide, privacy areas
black, as JPEG pictures in an AVI file, a step of the camera's `fps` apart.
"""

import threading
from collections.abc import Iterator
from fractions import Fraction
from itertools import repeat
from pathlib import Path
from time import monotonic

import av
import cv2
from av.video.frame import VideoFrame

from vision.camera import CameraSpec
from vision.capture import Lost, Pace, Shots, Slot
from vision.frame import LONGEST as FRAME
from vision.frame import Picture, Plane
from vision.jpeg import BadPicture, decode
from vision.privacy import burn
from vision.recent import shrunk
from vision.shots import shots
from vision.watcher import drawn

LONGEST = 900.0
"""Seconds that a clip may have."""
PATIENCE = 10.0
"""Seconds within which the first picture must be there."""
FINE = 3
"""The quantiser of FFmpeg's JPEG encoder, 2 to 31: as fine as what is judged again."""


def record(spec: CameraSpec, root: Path, seconds: float, file: Path) -> int:
    """Write *file*, all of it or nothing; how many pictures it holds. Raises `Lost`, OSError."""
    if spec.topic:
        raise Lost(f"its pictures come on the topic {spec.topic}, which only the gateway hears")
    pace = Pace(spec.fps, threading.Event())
    unfinished = file.with_name(file.name + ".unfinished")
    unfinished.touch(mode=0o600)
    try:
        pictures = steady(shots(spec, root, Slot(), pace), spec, seconds)
        count = _written(unfinished, pictures, spec.fps)
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def steady(shots: Shots, spec: CameraSpec, seconds: float) -> Iterator[bytes]:
    """JPEG pictures for *seconds*, a step apart; where one is late the last is seen longer."""
    total = max(1, round(seconds * spec.fps))
    begun, start, sent, last = monotonic(), None, 0, b""
    for shot in shots:
        now = monotonic()
        if start is None and now - begun > PATIENCE:
            raise Lost(f"no picture that can be read within {PATIENCE:.0f} s")
        if isinstance(shot, BadPicture):
            continue
        start = now if start is None else start
        fresh = _masked(shot, spec)
        due = min(round((now - start) * spec.fps) + 1, total)
        yield from repeat(last, due - sent - 1)
        if due > sent:
            yield fresh
        sent, last = max(sent, due), fresh
        if sent == total:
            return


def _masked(picture: Plane, spec: CameraSpec) -> bytes:
    if spec.privacy:
        height, width = picture.shape[0] * 2 // 3, picture.shape[1]
        burn(picture, drawn(spec.privacy, width, height))
    return shrunk(picture, spec)


def _written(file: Path, pictures: Iterator[bytes], fps: float) -> int:
    count, size = 0, (0, 0)
    with av.open(str(file), "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=Fraction(fps).limit_denominator(1000))
        stream.pix_fmt = "yuvj420p"
        stream.codec_context.qmin = stream.codec_context.qmax = FINE
        for jpeg in pictures:
            colour = decode(jpeg, FRAME)
            if not count:
                size = stream.width, stream.height = colour.shape[1], colour.shape[0]
            same: Picture = cv2.resize(colour, size)
            frame = VideoFrame.from_ndarray(same, format="bgr24")
            container.mux(stream.encode(frame))
            count += 1
        if not count:
            raise Lost("it gave no picture")
        container.mux(stream.encode())
    return count
