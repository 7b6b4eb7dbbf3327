"""A path that is no longer free: an exit, a fire lane, a gate, by whatever stands there."""

from typing import Annotated, ClassVar

from msgspec import Meta

from gateway.model import Duration
from vision.detector import Detector, DetectorSpec, Site


class Blocked(DetectorSpec, frozen=True, kw_only=True):
    """Reports a drawn zone of which at least `share` is taken for `dwell`.

    The zone's free appearance is learnt; people who walk through it do not count.
    """

    verdict: ClassVar[str] = "object"

    dwell: Annotated[Duration, Meta(description="how long it must be taken")] = Duration(60_000)
    share: Annotated[float, Meta(gt=0, le=1, description="of the zone's area")] = 0.12

    def build(self, site: Site) -> Detector:
        from vision.blocked import BlockedZones  # OpenCV: for the worker only

        return BlockedZones(self, site)
