"""Scenes with known truth: a textured yard in which things are put, moved, lit and hidden."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.model import Detection
from vision.camera import CameraSpec, camera
from vision.frame import to_i420
from vision.watcher import Sight, Watcher

cv2.setNumThreads(1)

Picture = NDArray[np.uint8]
Film = Callable[[float], Picture]


class Yard:
    """A textured ground of 320 x 180. Everything is a pure function of time and seed."""

    def __init__(self, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        ground = np.full((180, 320, 3), 120, np.float32)
        for cells, weight in ((12, 14), (60, 10), (160, 8)):
            patch = rng.standard_normal((cells * 9 // 16 + 1, cells, 1)).astype(np.float32)
            ground += weight * cv2.resize(patch, (320, 180))[:, :, None]
        cv2.rectangle(ground, (20, 10), (90, 60), (150, 130, 90), -1)
        cv2.rectangle(ground, (220, 20), (300, 70), (60, 70, 110), -1)
        self.ground = ground
        self.seed = seed

    def picture(self, t: float, *, noise: float = 2.0) -> NDArray[np.float32]:
        rng = np.random.default_rng((self.seed, round(t * 1000)))
        return self.ground + rng.standard_normal((180, 320, 1)).astype(np.float32) * noise

    @staticmethod
    def put(picture: NDArray[np.float32], x: int, y: int, w: int = 24, h: int = 20) -> None:
        """A dark bag with a highlight; x, y is its upper left corner."""
        cv2.ellipse(
            picture, (x + w // 2, y + h // 2), (w // 2, h // 2), 0, 0, 360, (40, 36, 34), -1
        )
        cv2.line(picture, (x + w // 3, y + 4), (x + w // 2, y + h // 2), (110, 104, 98), 2)

    @staticmethod
    def walker(picture: NDArray[np.float32], x: float, t: float, y: int = 150) -> None:
        """Somebody 60 px high whose feet are at *y*, swinging arms and legs."""
        foot, swing = round(x), int(8 * np.sin(6 * t))
        for side in (swing, -swing):
            cv2.line(picture, (foot, y - 28), (foot + side, y), (60, 50, 90), 5)
        cv2.ellipse(picture, (foot, y - 38), (8, 14), 0, 0, 360, (80, 60, 160), -1)
        cv2.circle(picture, (foot, y - 56), 5, (140, 160, 200), -1)


@pytest.fixture(scope="session")
def yard() -> Yard:
    return Yard()


def shot(picture: NDArray[np.float32]) -> Picture:
    """As a decoder would give it: I420."""
    return to_i420(np.clip(picture, 0, 255).astype(np.uint8))


@pytest.fixture(scope="session")
def watch() -> Callable[..., list[tuple[float, Sight]]]:
    """Run detectors over a film: `watch(film, seconds, fps, detectors=[…], **camera)`."""

    def run(
        film: Film, seconds: float, fps: float = 2.0, **fields: object
    ) -> list[tuple[float, Sight]]:
        fields.setdefault("detectors", [{"kind": "left_object", "dwell": "10s"}])
        watcher = Watcher(spec_of(**fields))
        times = np.arange(0, seconds, 1 / fps)
        return [(t, watcher.see(shot(film(t)), round(t * 1000) + 1)) for t in times]

    return run


def spec_of(**fields: object) -> CameraSpec:
    return camera({"id": "yard", "render": "street_corner", **fields})


@pytest.fixture(scope="session")
def spec() -> Callable[..., CameraSpec]:
    return spec_of


@pytest.fixture(scope="session")
def i420() -> Callable[[NDArray[np.float32]], Picture]:
    return shot


@pytest.fixture(scope="session")
def reports() -> Callable[[list[tuple[float, Sight]]], dict[str, tuple[float, Detection]]]:
    """The first sight of each track: when, and what."""

    def first(seen: list[tuple[float, Sight]]) -> dict[str, tuple[float, Detection]]:
        found: dict[str, tuple[float, Detection]] = {}
        for t, detection in _detections(seen):
            found.setdefault(detection.track, (t, detection))
        return found

    return first


def _detections(seen: list[tuple[float, Sight]]) -> Iterator[tuple[float, Detection]]:
    for t, sight in seen:
        for detection in sight.detections:
            yield t, detection
