"""Pictures of a camera, wherever they come from, at the pace that is wanted.

A capture is an iterator that runs in its camera's own thread and may block for a few seconds,
not longer. It gives I420 pictures, and `BadPicture` for what could not be read; it raises
`Lost` when the camera is gone.
"""

import threading
from collections.abc import Iterator
from importlib import import_module
from time import monotonic
from urllib.parse import urlsplit

from vision.camera import CameraSpec
from vision.frame import LONGEST, Plane, to_i420
from vision.jpeg import BadPicture, decode

SILENT = 60.0
"""Seconds without a picture over MQTT after which the camera counts as gone."""

Shots = Iterator[Plane | BadPicture]


class Lost(Exception):
    """The camera cannot be reached or has stopped sending; the text says why."""


class Pace:
    """When the next picture is wanted, and whether any is wanted at all."""

    def __init__(self, fps: float, stop: threading.Event) -> None:
        self._step, self._stop, self._next = 1 / fps, stop, 0.0

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def due(self) -> bool:
        """Whether it is time; if so, the next one is due a step later."""
        now = monotonic()
        if now < self._next:
            return False
        self._next = max(self._next + self._step, now)
        return True

    def wait(self) -> bool:
        """Wait until it is time; False when everything stops."""
        stopped = self._stop.wait(max(0.0, self._next - monotonic()))
        self._next = max(self._next, monotonic() - self._step) + self._step
        return not stopped

    def pause(self, seconds: float) -> bool:
        return not self._stop.wait(seconds)


class Slot:
    """Holds the last picture that was fed, and no more."""

    def __init__(self) -> None:
        self._jpeg: bytes | None = None
        self._fresh = threading.Condition()

    def put(self, jpeg: bytes) -> None:
        with self._fresh:
            self._jpeg = jpeg
            self._fresh.notify()

    def take(self, seconds: float) -> bytes | None:
        """The picture, at most *seconds* from now; None when there is none."""
        with self._fresh:
            self._fresh.wait_for(lambda: self._jpeg is not None, seconds)
            jpeg, self._jpeg = self._jpeg, None
            return jpeg


def longest(spec: CameraSpec) -> int:
    """Pixels along the longer side that are worth keeping: for evidence, or for detection."""
    x1, y1, x2, y2 = spec.crop
    return max(spec.evidence.longest, round(LONGEST / min(x2 - x1, y2 - y1)))


def fed(spec: CameraSpec, slot: Slot, pace: Pace) -> Shots:
    """Pictures that somebody else brings (JPEG over MQTT)."""
    last = monotonic()
    while pace.wait():
        jpeg = slot.take(1.0)
        if jpeg is not None:
            last = monotonic()
            yield from_jpeg(jpeg, longest(spec))
        elif monotonic() - last > SILENT:
            raise Lost(f"no picture on {spec.topic} for {SILENT:.0f} s")


def rendered(spec: CameraSpec, pace: Pace) -> Shots:
    """A simulated scene. It is found by name as any part from outside would be: the product
    does not depend on its simulators."""
    scene = import_module("simulators.camera").stage(spec.render)
    start = monotonic()
    while pace.wait():
        yield to_i420(scene.picture(monotonic() - start), longest(spec))


def from_jpeg(jpeg: bytes, most: int) -> Plane | BadPicture:
    try:
        return to_i420(decode(jpeg, most), most)
    except BadPicture as error:
        return error


def scheme(spec: CameraSpec) -> str:
    """`topic`, `render`, or the scheme of the address."""
    return "topic" if spec.topic else "render" if spec.render else urlsplit(spec.url).scheme
