"""One camera's detectors at work: picture in, what is seen out. Knows no process and no clock."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from msgspec.structs import replace

from gateway.model import Box, Detection, Duration, Millis
from vision.camera import CameraSpec, Polygon
from vision.detector import Area, Detector, Patient, Site, Waiting
from vision.frame import Frame, Mask, Plane, from_i420
from vision.health import Health
from vision.keepsake import Keepsake
from vision.measures import Measures
from vision.scenery import Scenery, View

KNOWN = 60.0
"""Seconds of support from which a scene is worth keeping."""
GIVE_UP = 60.0
"""Seconds after which a camera that was moved learns its new scene."""


class Sight(NamedTuple):
    """What one camera believes at one instant. `view` is None while it learns; `health` as
    in `Scene`."""

    detections: tuple[Detection, ...]
    view: View | None
    at: Millis
    health: str = ""
    measures: Measures | None = None
    """Of how well the camera sees."""


class Watcher:
    """Feed it the pictures of one camera in order, I420, privacy areas already burned in."""

    def __init__(self, spec: CameraSpec, root: Path = Path()) -> None:
        """*root*: the site's folder, in which detectors find their files."""
        self._spec, self._root = spec, root
        dwells = [d.dwell for d in spec.detectors] + [z.dwell or Duration(0) for z in spec.zones]
        self._longest = 2.2 * max(dwells, default=Duration(0)) / 1000 + 10
        self._scenery = Scenery(self._longest)
        self._strange = 0.0
        self._detectors: list[Detector] = []
        self._health = Health()
        self._shape: tuple[int, ...] = ()
        self.recalled: Keepsake | None = None
        """What was learnt before a restart; taken up if the first frame shows it."""

    def keepsake(self, at: Millis) -> Keepsake | None:
        """The learnt scene, to be recalled after a restart; None while it is not known well."""
        reference = self._scenery.reference
        if reference is None or self._health.state or np.median(reference.support) < KNOWN:
            return None
        return Keepsake(reference, at)

    def see(self, picture: Plane, at: Millis) -> Sight:
        """Raises `Unusable` when a detector lacks what it needs."""
        frame = from_i420(picture, at, self._spec.crop)
        if frame.y.shape != self._shape:
            self._arrange(frame)
            if self.recalled and self.recalled.suits(frame):
                self._scenery.recall(self.recalled.reference, frame)
            self.recalled = None
        view = self._scenery.see(frame, learn=not self._health.state)
        if view is None:
            return Sight((), None, at)
        health = self._health.judge(view)
        self._strange = self._strange + view.dt if health == "moved" else 0.0
        if self._strange > GIVE_UP:
            self._arrange(frame)
        if health:
            return Sight((), view, at, health, self._health.measures)
        seen = (d for detector in self._detectors for d in detector.look(view))
        whole = (replace(d, box=uncropped(d.box, self._spec.crop)) for d in seen)
        return Sight(tuple(whole), view, at, "", self._health.measures)

    def waiting(self) -> list[Waiting]:
        """What was not reported at the last picture, and why not."""
        found = (w for d in self._detectors if isinstance(d, Patient) for w in d.waiting())
        return [replace(one, box=uncropped(one.box, self._spec.crop)) for one in found]

    def _arrange(self, frame: Frame) -> None:
        """A new size of picture: everything drawn is drawn again, everything learnt is void."""
        self._shape = ()
        self._health, self._scenery, self._strange = Health(), Scenery(self._longest), 0.0
        height, width = frame.y.shape
        ignored = drawn(self._spec.masks, width, height, self._spec.crop)
        areas = {
            zone.id: Area(zone.id, drawn((zone.area,), width, height, self._spec.crop), zone.dwell)
            for zone in self._spec.zones
        }
        whole = np.full((height, width), 255, np.uint8)
        sought = [
            (spec.verdict, mask)
            for spec in self._spec.detectors
            if spec.verdict
            for mask in ([areas[zone].mask for zone in spec.zones] or [whole])
        ]
        self._detectors = [
            spec.build(
                Site(
                    self._spec.id,
                    height,
                    width,
                    tuple(areas[zone] for zone in spec.zones),
                    ignored,
                    self._root,
                    sought,
                )
            )
            for spec in self._spec.detectors
        ]
        self._shape = frame.y.shape


def uncropped(box: Box, crop: tuple[float, ...]) -> Box:
    """*box* within *crop*, in fractions of the whole picture."""
    x1, y1, x2, y2 = crop
    w, h = x2 - x1, y2 - y1
    return (
        round(x1 + box[0] * w, 4),
        round(y1 + box[1] * h, 4),
        round(x1 + box[2] * w, 4),
        round(y1 + box[3] * h, 4),
    )


def drawn(
    areas: tuple[Polygon, ...], width: int, height: int, crop: tuple[float, ...] = (0, 0, 1, 1)
) -> Mask:
    """255 inside *areas*, given as fractions of the whole picture of which *crop* is shown."""
    mask = np.zeros((height, width), np.uint8)
    x1, y1, x2, y2 = crop
    for area in areas:
        corners = [[(x - x1) / (x2 - x1) * width, (y - y1) / (y2 - y1) * height] for x, y in area]
        cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 255)
    return mask
