"""One camera from picture to report: detects, masks, keeps evidence. No process, no clock."""

from pathlib import Path
from typing import NamedTuple

import cv2
from msgspec.structs import replace

from gateway.model import Detection, Evidence, Millis
from vision.camera import CameraSpec
from vision.evidence import Album, Keep, Shot, caption, marked, pair
from vision.frame import Mask, Picture, Plane
from vision.jpeg import encode
from vision.measures import Measures
from vision.privacy import burn, nothing_known, veil, veiled
from vision.watcher import Sight, Watcher, drawn

_Last = tuple[Plane, Sight]


class Seen(NamedTuple):
    """What is told of one picture. `changed`: not what was told of the picture before."""

    detections: tuple[Detection, ...]
    health: str
    at: Millis
    changed: bool
    measures: Measures | None = None


class Observer:
    """Feed it the pictures of one camera, I420, in order. They are masked in place."""

    def __init__(self, spec: CameraSpec, keep: Keep, root: Path = Path()) -> None:
        self._spec, self._keep = spec, keep
        self.watcher = Watcher(spec, root)
        self._veiled = {label for detector in spec.detectors for label in detector.veiled}
        self._album = Album()
        self._hidden: Mask | None = None
        self._evidence: dict[str, tuple[Evidence, ...]] = {}
        self._told: tuple[object, ...] = ()
        self._last: _Last | None = None

    def see(self, picture: Plane, at: Millis) -> Seen:
        self._burn(picture)
        sight = self.watcher.see(picture, at)
        self._last = last = picture, sight
        detections = tuple(self._with_evidence(d, last) for d in sight.detections)
        self._evidence = {d.track: d.evidence for d in detections}
        if self._album.due(at) and sight.view:
            text = caption(self._spec.id, "before", at)
            shot = marked(self._masked(last), (), text)
            self._album.add(Shot(at, encode(shot, self._spec.evidence.quality)))
        telling = (sight.health, *((d.label, d.track, d.zone) for d in detections))
        changed, self._told = telling != self._told, telling
        return Seen(detections, sight.health, at, changed, sight.measures)

    def preview(self) -> bytes:
        """The last picture, masked, as JPEG; b'' before the first."""
        if self._last is None:
            return b""
        return encode(self._masked(self._last), self._spec.evidence.quality)

    def _with_evidence(self, seen: Detection, last: _Last) -> Detection:
        kept = self._evidence.get(seen.track)
        if kept is None and self._spec.evidence.keep:
            now = self._masked(last), last[1].at
            since = seen.since if seen.since is not None else now[1]
            pictures = pair(
                self._album, self._spec.id, now, seen.box, since, self._spec.evidence.quality
            )
            kept = tuple(self._keep(*picture) for picture in pictures)
        return replace(seen, evidence=kept or ())

    def _burn(self, picture: Plane) -> None:
        if not self._spec.privacy:
            return
        height, width = picture.shape[0] * 2 // 3, picture.shape[1]
        if self._hidden is None or self._hidden.shape != (height, width):
            self._hidden = drawn(self._spec.privacy, width, height)
        burn(picture, self._hidden)

    def _masked(self, last: _Last) -> Picture:
        """The last picture with everything dissolved that is not to be shown."""
        picture, sight = last
        colour = cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420)
        hiding = veil(sight.view, self._spec.crop) if sight.view else nothing_known()
        boxes = [d.box for d in sight.detections if d.label not in self._veiled]
        return veiled(colour, hiding, boxes, self._spec.evidence.block)
