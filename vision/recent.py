"""The last minutes of one camera, so that other settings can be tried on what it saw.

One picture a second at working scale, privacy areas burned in, as JPEG: some 12 kB each. It
stays in the worker. Beside it a few of the masked pictures that people have seen, and, for each
minute, the scene as it was known when the minute began.
"""

from collections import deque
from typing import NamedTuple

import cv2

from gateway.model import Millis
from vision.camera import CameraSpec
from vision.evidence import Shot
from vision.frame import LONGEST, Plane
from vision.jpeg import encode

STEP = 1000
"""Millis between two pictures."""
CHAPTER = 60_000
CHAPTERS = 5
SHOWN = 10_000
"""Millis between two masked ones."""
QUALITY = 92
"""Of what is judged again: a coarser JPEG has edges of its own."""


class Footage(NamedTuple):
    """What can be judged again. `frames` are for detectors alone, `pictures` for people."""

    frames: tuple[Shot, ...]
    scene: bytes
    """What was learnt before the first frame, as `keepsake.packed`; b'' where nothing was."""
    pictures: tuple[Shot, ...]


class Chapter:
    def __init__(self, at: Millis, scene: bytes) -> None:
        self.at, self.scene = at, scene
        self.frames: list[Shot] = []
        self.pictures: list[Shot] = []


class Recent:
    """Give it what is seen, in order; it forgets what is older than five minutes."""

    def __init__(self) -> None:
        self._chapters: deque[Chapter] = deque(maxlen=CHAPTERS + 1)
        self._at: Millis = 0
        self._shown: Millis = 0

    def begins(self, at: Millis) -> bool:
        """Whether a new minute begins, for which the learnt scene is wanted."""
        return not self._chapters or at - self._chapters[-1].at >= CHAPTER

    def begin(self, at: Millis, scene: bytes) -> None:
        self._chapters.append(Chapter(at, scene))

    def due(self, at: Millis) -> bool:
        return at - self._at >= STEP * 0.9

    def add(self, shot: Shot) -> None:
        """*shot*: as `shrunk` makes it."""
        self._at = shot.at
        self._chapters[-1].frames.append(shot)

    def show(self, picture: Shot) -> None:
        """A masked picture; it is kept when the last one is some seconds old."""
        if picture.at - self._shown >= SHOWN and self._chapters:
            self._shown = picture.at
            self._chapters[-1].pictures.append(picture)

    def footage(self, seconds: float = 0.0) -> Footage:
        """Whole minutes from the last ones back, until they hold *seconds*; all of it for 0.
        Another thread may go on."""
        chapters = [*self._chapters]
        while seconds and len(chapters) > 1 and self._at - chapters[1].at >= seconds * 1000:
            del chapters[0]
        return Footage(
            tuple(shot for one in chapters for shot in [*one.frames]),
            chapters[0].scene if chapters else b"",
            tuple(shot for one in chapters for shot in [*one.pictures]),
        )


def shrunk(picture: Plane, spec: CameraSpec) -> bytes:
    """*picture* (I420) at the scale at which the detectors of *spec* look at it."""
    x1, y1, x2, y2 = spec.crop
    colour = cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420)
    height, width = colour.shape[:2]
    scale = min(1.0, LONGEST / min(x2 - x1, y2 - y1) / max(height, width))
    size = max(2, round(width * scale)), max(2, round(height * scale))
    return encode(cv2.resize(colour, size, interpolation=cv2.INTER_AREA), QUALITY)
