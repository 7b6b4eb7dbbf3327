"""Something that was not there, and stays: dumped waste, a bag, boxes, whatever it is."""

from collections import deque
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from gateway.model import Detection, Duration, Millis
from vision.detector import DetectorSpec, Site, fractions
from vision.regions import Region, Regions
from vision.scenery import View
from vision.verify import Verdict, absorb, verdict

STILL = 0.5
"""Share of the dwell during which it must have been seen lying still."""


RESTLESS = 45_000
"""Millis for which a patch of light is remembered."""
MANY = 4


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
        self._lights: deque[Millis] = deque(maxlen=MANY)
        self._why: dict[int, Verdict] = {}

    def look(self, view: View) -> Sequence[Detection]:
        regions = self._regions.follow(view, self._site.ignored)
        for region in list(regions):
            if not region.verdict and self._due(region):
                self._settle(region, view)
        return [self._detection(r, view) for r in self._regions.alive if r.verdict == "object"]

    def _due(self, region: Region) -> bool:
        """It has been the same for the dwell, lies still, and is seen now."""
        old = region.age >= (2.0 if region.edge else 0.95) * self._dwell
        return old and region.quiet >= STILL * self._dwell and region.visible > 0.5

    def _settle(self, region: Region, view: View) -> None:
        found = verdict(region, view, self._doubt(view))
        if found.kind == "object":
            region.verdict = "object"
            self._why[region.track] = found
        else:
            if found.kind == "light":
                self._lights.append(view.at)
            absorb(region, view)
            self._regions.forget(region)

    def _doubt(self, view: View) -> float:
        """How restless the light is: 1 when it took MANY regions in the last while."""
        while self._lights and view.at - self._lights[0] > RESTLESS:
            self._lights.popleft()
        return min(1.0, len(self._lights) / MANY)

    def _detection(self, region: Region, view: View) -> Detection:
        box = fractions((region.x, region.y, region.w, region.h), self._site)
        found = self._why[region.track]
        return Detection(
            "left_object",
            0.5,
            box,
            track=f"{region.track}",
            since=region.since,
            why=f"alike {found.alike:.2f} new {found.new:.2f} lost {found.lost:.2f} q {region.quiet:.1f} age {region.age:.1f}",
        )
