"""Something that was not there, and stays: dumped waste, a bag, boxes, whatever it is."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from gateway.model import Detection, Duration
from vision.detector import DetectorSpec, Site, fractions
from vision.regions import Region, Regions
from vision.scenery import View


class LeftObject(DetectorSpec, frozen=True, kw_only=True):
    """Reports an unknown object that lies still, with nobody at it, for `dwell`."""

    dwell: Annotated[Duration, Meta(description="how long it must stay, e.g. 60s")] = Duration(
        60_000
    )

    def build(self, site: Site) -> "LeftObjects":
        return LeftObjects(self, site)


class LeftObjects:
    def __init__(self, spec: LeftObject, site: Site) -> None:
        self._site = site
        self._dwell = spec.dwell.seconds
        self._regions = Regions(self._dwell)

    def look(self, view: View) -> Sequence[Detection]:
        regions = self._regions.follow(view, self._site.ignored)
        for region in regions:
            still = region.quiet > 0.5 * self._dwell or region.steady > 2 * self._dwell
            if not region.verdict and region.age >= 0.95 * self._dwell and still:
                region.verdict = "object"
        return [self._detection(r, view) for r in regions if r.verdict == "object"]

    def _detection(self, region: Region, view: View) -> Detection:
        box = fractions((region.x, region.y, region.w, region.h), self._site)
        return Detection(
            "left_object",
            0.5,
            box,
            track=f"{region.track}",
            since=region.since,
            why=f"quiet {region.quiet:.1f} steady {region.steady:.1f} age {region.age:.1f}",
        )
