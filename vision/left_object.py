"""Something that was not there, and stays: dumped waste, a bag, boxes, whatever it is."""

from collections import deque
from collections.abc import Sequence

import cv2
import numpy as np

from gateway.model import Detection, Millis
from vision.detector import Area, Site, Waiting, fractions
from vision.detectors.left_object import LeftObject
from vision.regions import Region, Regions
from vision.scenery import View
from vision.verify import Verdict, absorb, verdict

STILL, STILL_AT_EDGE = 0.5, 0.9
"""Shares of the dwell during which it must have been seen lying still."""
OLD, OLD_AT_EDGE = 0.95, 2.0
"""Shares of the dwell for which it must have looked the same. What goes on beyond the picture
(a train, a tree) cannot be seen whole, and waits longer."""
RESTLESS = 45_000
"""Millis for which a patch of light is remembered."""
MANY = 4
"""Patches of light that make the light restless."""
SAID = 20_000
"""Millis for which it is said why something was not reported."""


class LeftObjects:
    """The left objects of one camera: in the whole picture, or in each of the zones named."""

    def __init__(self, spec: LeftObject, site: Site) -> None:
        everywhere = Area("", np.full((site.height, site.width), 255, np.uint8))
        self._places = [_Place(spec, site, area) for area in site.areas or (everywhere,)]

    def look(self, view: View) -> Sequence[Detection]:
        return [found for place in self._places for found in place.look(view)]

    def waiting(self) -> Sequence[Waiting]:
        return [one for place in self._places for one in place.waiting()]


class _Place:
    def __init__(self, spec: LeftObject, site: Site, area: Area) -> None:
        self._site, self._area, self._spec = site, area, spec
        self._dwell = (area.dwell or spec.dwell).seconds
        self._regions = Regions(self._dwell)
        self._ignored = cv2.bitwise_not(area.mask)
        if site.ignored is not None:
            self._ignored = cv2.bitwise_or(self._ignored, site.ignored)
        self._reasons: dict[int, Verdict] = {}
        self._lights: deque[Millis] = deque(maxlen=MANY)
        self._refused: deque[tuple[Millis, Waiting]] = deque(maxlen=8)

    def waiting(self) -> list[Waiting]:
        """What is followed, and what was refused a short while ago."""
        followed = [self._waits(r, self._why(r)) for r in self._regions.alive if not r.verdict]
        return followed + [one for _, one in self._refused]

    def look(self, view: View) -> list[Detection]:
        for region in list(self._regions.follow(view, self._ignored)):
            if not region.verdict and self._due(region):
                self._settle(region, view)
        while self._refused and view.at - self._refused[0][0] > SAID:
            self._refused.popleft()
        found = [r for r in self._regions.alive if r.verdict == "object"]
        self._reasons = {r.track: self._reasons[r.track] for r in found}
        return [self._detection(region, view) for region in found]

    def _due(self, region: Region) -> bool:
        """It has been the same for the dwell, lies still, and is seen now."""
        age, quiet = (OLD_AT_EDGE, STILL_AT_EDGE) if region.edge else (OLD, STILL)
        lasts = region.age >= age * self._dwell and region.quiet >= quiet * self._dwell
        return lasts and region.visible > 0.5

    def _settle(self, region: Region, view: View) -> None:
        """A thing is kept; light, and the place from which a thing was taken, sink in."""
        found = verdict(region, view, self._doubt(view))
        share = self._share(region)
        if found.kind == "object" and self._spec.smallest <= share <= self._spec.largest:
            region.verdict = "object"
            self._reasons[region.track] = found
            return
        if found.kind == "light":
            self._lights.append(view.at)
        size = "small" if share < self._spec.smallest else "large"
        why = size if found.kind == "object" else found.kind
        self._refused.append((view.at, self._waits(region, why)))
        absorb(region, view)
        self._regions.forget(region)

    def _share(self, region: Region) -> float:
        return region.area / (self._site.height * self._site.width)

    def _why(self, region: Region) -> str:
        if region.age < OLD * self._dwell:
            return "waiting"
        return "hidden" if region.visible <= 0.5 else "restless"

    def _waits(self, region: Region, why: str) -> Waiting:
        box = fractions((region.x, region.y, region.w, region.h), self._site)
        share = round(self._share(region), 5)
        return Waiting(box, self._area.id, why, round(region.age, 1), share)

    def _doubt(self, view: View) -> float:
        """How restless the light is: 1 when it took MANY regions in the last while."""
        while self._lights and view.at - self._lights[0] > RESTLESS:
            self._lights.popleft()
        return len(self._lights) / MANY

    def _detection(self, region: Region, view: View) -> Detection:
        reason = self._reasons[region.track]
        stays = (view.at - region.since) / 1000
        return Detection(
            label="left_object",
            score=confidence(reason),
            box=fractions((region.x, region.y, region.w, region.h), self._site),
            track=f"left-{self._area.id}-{region.track}-{region.since}",
            zone=self._area.id,
            since=region.since,
            why=(
                f"new here, and the same for {stays:.0f} s; new outline {reason.new:.0%}, "
                f"likeness to the empty scene {max(reason.alike, 0):.2f}, "
                f"{region.visible:.0%} of it seen now"
            ),
        )


def confidence(reason: Verdict) -> float:
    """0.5 to 0.99: a clear new outline, and no likeness to what was there."""
    return round(0.5 + 0.29 * min(1.0, reason.new / 0.6) + 0.2 * (1 - max(0.0, reason.alike)), 2)
