"""What a detector is: it looks at views in order and says what it believes.

All durations are scene time: the same result at 0.5, 1, 2 or 5 frames per second.
"""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple, Protocol, runtime_checkable

import msgspec

from gateway.model import Box, Detection, Duration

if TYPE_CHECKING:  # OpenCV, which a site's configuration does without
    from vision.frame import Mask
    from vision.scenery import View


class Unusable(Exception):
    """A detector lacks what it needs (a model's file); the text says what. It is tried again."""


class Area(NamedTuple):
    """A drawn zone at working scale: where a detector looks, and its own dwell."""

    id: str
    mask: "Mask"
    dwell: Duration | None = None


class Site(NamedTuple):
    """What a detector must know of its camera: the frame's size and the zones, in pixels."""

    camera: str
    height: int
    width: int
    areas: tuple[Area, ...] = ()
    ignored: "Mask | None" = None
    """255 where nothing is reported."""
    root: Path = Path()
    """The site's folder."""
    sought: "Sequence[tuple[str, Mask]]" = ()
    """The verdicts that the camera's detectors look for, each with where (255)."""


class Detector(Protocol):
    def look(self, view: "View") -> Sequence[Detection]:
        """What is there at `view.at`; the same thing keeps its `track` while it is seen."""
        ...


class Waiting(msgspec.Struct, frozen=True):
    """What a detector follows and has not reported: who tunes it wants to know why."""

    box: Box
    """Fractions of the picture, as in `Detection`."""
    zone: str
    why: str
    """waiting (not for long enough), restless, hidden, small, large, light, removed, share."""
    seconds: float
    """For how long it has been there."""
    share: float
    """Of the picture's area; of the zone's where `why` is share."""


@runtime_checkable
class Patient(Protocol):
    """A detector that tells what it waits for."""

    def waiting(self) -> Sequence[Waiting]: ...


class DetectorSpec(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="kind",
    tag=lambda name: re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(),
    forbid_unknown_fields=True,
):
    """An entry of a camera's `detectors`; found by scanning `vision/detectors`."""

    zones: tuple[str, ...] = ()
    """Ids of the camera's zones to look in; none: the whole picture."""

    dwell: Duration = Duration(60_000)
    """How long it must last."""

    verdict: ClassVar[str] = ""
    """What it needs of `vision.verify`, where it does: nobody else then takes that for part of
    the scene."""

    @property
    def veiled(self) -> Collection[str]:
        """Labels whose things stay dissolved in the pictures that are kept."""
        return ()

    def build(self, site: Site) -> Detector:
        """Raises `Unusable`."""
        raise NotImplementedError


class Lasting(DetectorSpec, frozen=True, kw_only=True):
    """A detector of changes that last, of a size."""

    smallest: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Share of the picture's area below which nothing is reported."""
    largest: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    """Share of the picture's area above which nothing is reported."""


def fractions(rectangle: Sequence[int], site: Site) -> Box:
    """x, y, w, h in pixels of the frame as corners in fractions of it."""
    x, y, w, h = rectangle
    return (
        round(x / site.width, 4),
        round(y / site.height, 4),
        round((x + w) / site.width, 4),
        round((y + h) / site.height, 4),
    )
