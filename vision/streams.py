"""Video: RTSP, V4L2 and files, decoded by FFmpeg with the cheapest decoding that serves.

Time-outs are set on opening and on every read. Only the protocols that an address needs are
allowed, so that a playlist or a redirect cannot make the box read a file or call elsewhere.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import unquote, urlsplit

import av
import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vision.camera import CameraSpec
from vision.capture import Lost, Pace, Shots, longest
from vision.frame import Plane
from vision.jpeg import LONGEST_SIDE, BadPicture

TIMEOUT = 5.0
"""Seconds for opening."""
SILENT = 4.0
"""Seconds for each read. When a stream stalls FFmpeg's parser first gives the picture that it
held back, so it is told after twice that."""
SD = 1280 * 720
"""Pixels up to which all frames are decoded; above, key frames only where they come often."""
OFTEN = 2.5
"""Seconds between key frames that serve a dwell of ten seconds and more."""
SKIMMED = 300.0
"""Seconds of a clip that are looked at."""
PROTOCOLS = {
    "rtsp": "rtsp,rtp,rtcp,tcp,udp",
    "rtsps": "rtsp,rtsps,rtp,tcp,tls,crypto",
    "file": "file",
}


def live(spec: CameraSpec, pace: Pace) -> Shots:
    """A stream that runs by itself: RTSP (over TCP; over UDP where the address ends in `?udp`)
    or V4L2."""
    parts = urlsplit(spec.url)
    if parts.scheme == "v4l2":
        if not re.fullmatch(r"/dev/video\d+", parts.path):
            raise Lost(f"{parts.path} is not a video device; write v4l2:///dev/video0")
        container = _opened(parts.path, {"format": "v4l2"})
    else:
        transport = "udp" if parts.query == "udp" else "tcp"
        options = {"rtsp_transport": transport, "protocol_whitelist": PROTOCOLS[parts.scheme]}
        container = _opened(spec.url, {"options": options})
    with container:
        for frame in _frames(container, _video(container), pace):
            if pace.due():
                yield _picture(frame, longest(spec))


def looped(spec: CameraSpec, root: Path, pace: Pace) -> Shots:
    """A file below the site's folder, played at its own speed, over and over."""
    path = below(root, spec.url)
    while not pace.stopped:
        with _opened(str(path), {"options": {"protocol_whitelist": PROTOCOLS["file"]}}) as clip:
            start, shown = monotonic(), 0
            for frame in _frames(clip, _video(clip), pace):
                ahead = float(frame.time or 0) - (monotonic() - start)
                if ahead > 0 and not pace.pause(min(ahead, 1.0)):
                    return
                if pace.due():
                    shown += 1
                    yield _picture(frame, longest(spec))
            if not shown:
                raise Lost(f"{path.name} holds no picture")


def skimmed(root: Path, url: str, step: float, most: int) -> Iterator[tuple[float, Plane]]:
    """The first minutes of a file below *root*, as fast as they can be decoded: seconds and a
    picture (I420, at most *most* pixels), one each *step* seconds. Raises `Lost`."""
    path, due = below(root, url), 0.0
    with _opened(str(path), {"options": {"protocol_whitelist": PROTOCOLS["file"]}}) as clip:
        try:
            for frame in clip.decode(_video(clip)):
                at = float(frame.time or 0.0)
                if at > SKIMMED:
                    return
                if at >= due and not isinstance(picture := _picture(frame, most), BadPicture):
                    due = at + 0.9 * step
                    yield at, picture
        except (av.error.FFmpegError, OSError) as error:
            raise Lost(_why(error)) from None


def below(root: Path, url: str) -> Path:
    """The file that *url* names. Raises `Lost` when it is not below *root*, or not there."""
    path = (root / unquote(urlsplit(url).path).lstrip("/")).resolve()
    if not path.is_relative_to(root.resolve()):
        raise Lost(f"{path} is not below the site's folder")
    if not path.is_file():
        raise Lost(f"{path} is not there")
    return path


def _opened(address: str, how: dict[str, Any]) -> InputContainer:
    try:
        found: InputContainer = av.open(address, mode="r", timeout=(TIMEOUT, SILENT), **how)
        return found
    except (av.error.FFmpegError, OSError) as error:
        raise Lost(_why(error)) from None


def _video(container: InputContainer) -> VideoStream:
    if not container.streams.video:
        raise Lost("the stream has no video")
    stream = container.streams.video[0]
    stream.thread_count = 1
    return stream


def _frames(container: InputContainer, stream: VideoStream, pace: Pace) -> Iterator[VideoFrame]:
    """Decoded frames; a damaged packet is passed over, the end or a time-out is not."""
    keys = _Keys()
    try:
        for packet in container.demux(stream):
            if pace.stopped:
                return
            if stream.width * stream.height > SD and keys.often(packet):
                stream.codec_context.skip_frame = "NONKEY"
            try:
                yield from packet.decode()
            except av.error.InvalidDataError:
                continue
    except (av.error.FFmpegError, OSError) as error:
        raise Lost(_why(error)) from None
    if container.format.name != "v4l2" and "rtsp" in container.format.name:
        raise Lost("the stream ended")


class _Keys:
    """Learns how often key frames come."""

    def __init__(self) -> None:
        self._last: float | None = None
        self.enough = False

    def often(self, packet: Any) -> bool:
        if packet.is_keyframe and not self.enough:
            now = monotonic()
            self.enough = self._last is not None and now - self._last <= OFTEN
            self._last = now
        return self.enough


def _picture(frame: VideoFrame, most: int) -> Any:
    """I420 of at most *most* pixels; scaled and converted in one go."""
    if not 16 <= min(frame.width, frame.height) <= max(frame.width, frame.height) <= LONGEST_SIDE:
        return BadPicture(f"{frame.width} x {frame.height} pixels")
    scale = min(1.0, most / max(frame.width, frame.height))
    width, height = (max(16, int(n * scale) // 2 * 2) for n in (frame.width, frame.height))
    return frame.reformat(width, height, format="yuv420p", interpolation="AREA").to_ndarray()


def _why(error: Exception) -> str:
    """In words, without the address: it may hold a password."""
    if isinstance(error, av.error.ExitError):
        return "no answer, or no picture, for some seconds"
    return getattr(error, "strerror", None) or type(error).__name__
