"""Something that stood there, and is gone: a bin, an extinguisher, the cover of a manhole."""

from typing import ClassVar

from gateway.model import Duration
from vision.detector import Detector, Lasting, Site


class RemovedObject(Lasting, frozen=True, kw_only=True):
    """Reports the place from which a thing of the learnt scene has been missing for `dwell`."""

    verdict: ClassVar[str] = "removed"

    dwell: Duration = Duration(60_000)
    """How long it must be missing; a zone may have its own."""

    def build(self, site: Site) -> Detector:
        from vision.lasting import REMOVED, LastingChanges  # OpenCV: for the worker only

        return LastingChanges(self, site, REMOVED)
