"""Something that was not there, and stays: dumped waste, a bag, boxes, whatever it is."""

from typing import Annotated

from msgspec import Meta

from gateway.model import Duration
from vision.detector import Detector, DetectorSpec, Site


class LeftObject(DetectorSpec, frozen=True, kw_only=True):
    """Reports an unknown object that lies still, with nobody busy at it, for `dwell`."""

    dwell: Duration = Duration(60_000)
    """How long it must stay; a zone may have its own."""
    smallest: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """Share of the picture's area below which nothing is reported."""
    largest: Annotated[float, Meta(gt=0, le=1)] = 0.5
    """Share of the picture's area above which nothing is reported."""

    def build(self, site: Site) -> Detector:
        from vision.left_object import LeftObjects  # OpenCV: for the worker only

        return LeftObjects(self, site)
