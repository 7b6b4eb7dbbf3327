"""The description of a camera: an entry of cameras.yaml.

```yaml
- id: yard-1
  url: rtsp://10.0.0.7/sub
  fps: 2
  privacy: [[[0, 0], [0.3, 0], [0.3, 0.2], [0, 0.2]]]
  zones: [{id: exit, area: [[0.4, 0.5], [0.6, 0.5], [0.6, 0.9], [0.4, 0.9]]}]
  detectors:
    - {kind: left_object, dwell: 60s}
    - {kind: blocked, zones: [exit], dwell: 30s}
```
"""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Annotated, Any, Self, cast
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

import vision.detectors
from gateway.model import Duration, Place, Subject
from gateway.plugins import subclasses
from vision.detector import DetectorSpec

SCHEMES = ("rtsp", "rtsps", "http", "https", "v4l2", "file")


def convert(raw: Any, kind: Any) -> Any:
    """Read *raw* as *kind*; types with a `parse` read themselves."""
    return msgspec.convert(raw, kind, dec_hook=lambda t, value: t.parse(value))


class Polygon(tuple[tuple[float, float], ...]):
    """Corners as fractions of the picture, origin at the upper left.

    >>> Polygon.parse([[0, 0], [1, 0], [0.5, 1]])
    ((0.0, 0.0), (1.0, 0.0), (0.5, 1.0))
    """

    @classmethod
    def parse(cls, raw: Any) -> Self:
        """Read `[[x, y], [x, y], [x, y], …]`, at least three corners, each from 0 to 1."""
        wrong = f"{raw!r} is not an area; write at least three corners [[x, y], …] from 0 to 1"
        try:
            corners = tuple((float(x), float(y)) for x, y in raw)
        except (TypeError, ValueError):
            raise ValueError(wrong) from None
        if len(corners) < 3 or not all(0 <= n <= 1 for corner in corners for n in corner):
            raise ValueError(wrong)
        return cls(corners)


class Crop(tuple[float, float, float, float]):
    """The part of the picture to look at: x1, y1, x2, y2 as fractions."""

    @classmethod
    def parse(cls, raw: Any) -> Self:
        wrong = f"{raw!r} is not a crop; write [x1, y1, x2, y2] from 0 to 1, with x1 < x2, y1 < y2"
        try:
            x1, y1, x2, y2 = (float(n) for n in raw)
        except (TypeError, ValueError):
            raise ValueError(wrong) from None
        if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
            raise ValueError(wrong)
        return cls((x1, y1, x2, y2))


WHOLE = Crop((0.0, 0.0, 1.0, 1.0))


class Detectors(tuple[DetectorSpec, ...]):
    """The detectors of one camera, each `{kind: …}` with the fields of its kind."""

    @classmethod
    def parse(cls, raw: Any) -> Self:
        if not isinstance(raw, list | tuple):
            raise ValueError(f"{raw!r} is not a list of detectors; write [{{kind: left_object}}]")
        kinds = reduce(or_, subclasses(vision.detectors, DetectorSpec))
        return cls(convert(entry, kinds) for entry in raw)


class Zone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A drawn part of the picture that detectors refer to by its id."""

    id: str
    """How detectors and rules call it."""
    name: str = ""
    """How people call it."""
    area: Polygon
    """Its corners, fractions of the picture."""
    dwell: Duration | None = None
    """How long something must stay here; default: as the detector says."""


class EvidencePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be kept of the pictures. There is no setting that keeps an unmasked one."""

    keep: bool = True
    """Whether masked before/now pictures of each report are written to disk."""
    longest: Annotated[int, Meta(ge=160, le=1920)] = 640
    """Pixels along the longer side."""
    quality: Annotated[int, Meta(ge=20, le=95)] = 80
    """JPEG quality."""
    block: Annotated[int, Meta(ge=8, le=64)] = 16
    """Pixels: side of the blocks into which persons and everything else that moves dissolve."""


class CameraSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One camera. Exactly one of `url`, `topic` and `render` says where pictures come from."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    """How rules and the platform call it."""
    name: str = ""
    """How people call it."""
    place: Place = Place()
    """Where it looks."""
    tags: frozenset[str] = frozenset()
    """For choosing cameras in rules."""
    url: str = ""
    """rtsp://, rtsps://, http(s):// (MJPEG or a JPEG snapshot), v4l2:///dev/video0, or
    file:clips/a.mp4 below the site's folder (played in a loop)."""
    topic: str = ""
    """MQTT topic on which JPEG pictures arrive."""
    render: str = ""
    """A simulated scene: street_corner, bin_area or exit_corridor."""
    fps: Annotated[float, Meta(gt=0, le=10)] = 2.0
    """Pictures looked at per second; 1 to 2 suffice for a dwell of 10 s and more."""
    crop: Crop = WHOLE
    """The part of the picture to look at; borders and overlays are cut away."""
    zones: tuple[Zone, ...] = ()
    """Drawn parts of the picture."""
    masks: tuple[Polygon, ...] = ()
    """Areas in which nothing is reported: a road, a screen, water."""
    privacy: tuple[Polygon, ...] = ()
    """Areas blackened before anything is computed or kept: windows, doors of homes."""
    detectors: Detectors = Detectors.parse([{"kind": "left_object"}])
    """What to look for."""
    evidence: EvidencePolicy = EvidencePolicy()
    """What may be kept of the pictures."""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.url, self.topic, self.render))) != 1:
            raise ValueError("a camera has exactly one of url, topic and render")
        scheme = urlsplit(self.url).scheme
        if self.url and scheme not in SCHEMES:
            raise ValueError(f"{scheme or self.url!r} is not one of {', '.join(SCHEMES)}")
        drawn = {zone.id for zone in self.zones}
        asked = {zone for detector in self.detectors for zone in detector.zones}
        if asked - drawn:
            raise ValueError(f"no zone is called {', '.join(sorted(asked - drawn))}")

    def subject(self, default: Place) -> Subject:
        """As rules and people know it; *default* is the site's place."""
        place = default if self.place == Place() else self.place
        return Subject(self.id, self.name or self.id, place, self.tags)


def camera(raw: Mapping[str, Any]) -> CameraSpec:
    """One entry of cameras.yaml, for tests and tools."""
    return cast(CameraSpec, convert(raw, CameraSpec))
