"""Something that was not there, and stays: dumped waste, a bag, boxes, whatever it is."""

from typing import ClassVar

from gateway.model import Duration
from vision.detector import Detector, Lasting, Site


class LeftObject(Lasting, frozen=True, kw_only=True):
    """Reports an unknown object that lies still, with nobody busy at it, for `dwell`."""

    verdict: ClassVar[str] = "object"

    dwell: Duration = Duration(60_000)
    """How long it must stay; a zone may have its own."""

    def build(self, site: Site) -> Detector:
        from vision.lasting import LEFT, LastingChanges  # OpenCV: for the worker only

        return LastingChanges(self, site, LEFT)
