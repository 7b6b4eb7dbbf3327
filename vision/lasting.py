"""A change of the scene that lasts: a thing that was not there and stays, or one that is gone."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from gateway.model import Detection, Millis
from vision.detector import Area, Lasting, Site, Waiting, fractions
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


class Sought(NamedTuple):
    """What of the changes that last is reported."""

    verdict: str
    label: str
    track: str
    edges: Callable[[Verdict], float]
    """The share of the outline that speaks for it."""
    why: str


LEFT = Sought(
    "object",
    "left_object",
    "left",
    lambda reason: reason.new,
    "new here, and the same for {seconds:.0f} s; new outline {edges:.0%}, "
    "likeness to the empty scene {alike:.2f}, {visible:.0%} of it seen now",
)
REMOVED = Sought(
    "removed",
    "removed_object",
    "removed",
    lambda reason: reason.lost,
    "missing here for {seconds:.0f} s; outline that is gone {edges:.0%}, "
    "likeness to the learnt scene {alike:.2f}, {visible:.0%} of its place seen now",
)


class LastingChanges:
    """Those of one camera: in the whole picture, or in each of the zones named."""

    def __init__(self, spec: Lasting, site: Site, sought: Sought) -> None:
        everywhere = Area("", np.full((site.height, site.width), 255, np.uint8))
        areas = site.areas or (everywhere,)
        self._places = [_Place(spec, site, area, sought) for area in areas]

    def look(self, view: View) -> Sequence[Detection]:
        return [found for place in self._places for found in place.look(view)]

    def waiting(self) -> Sequence[Waiting]:
        return [one for place in self._places for one in place.waiting()]


class _Place:
    def __init__(self, spec: Lasting, site: Site, area: Area, sought: Sought) -> None:
        self._site, self._area, self._spec, self._sought = site, area, spec, sought
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
        found = [r for r in self._regions.alive if r.verdict]
        self._reasons = {r.track: self._reasons[r.track] for r in found}
        return [self._detection(region, view) for region in found]

    def _due(self, region: Region) -> bool:
        """It has been the same for the dwell, lies still, and is seen now."""
        age, quiet = (OLD_AT_EDGE, STILL_AT_EDGE) if region.edge else (OLD, STILL)
        lasts = region.age >= age * self._dwell and region.quiet >= quiet * self._dwell
        return lasts and region.visible > 0.5

    def _settle(self, region: Region, view: View) -> None:
        """What is sought is kept. Light sinks in, and so does what nobody looks for here."""
        found = verdict(region, view, self._doubt(view))
        share = self._share(region)
        wanted = found.kind == self._sought.verdict
        if wanted and self._spec.smallest <= share <= self._spec.largest:
            region.verdict = found.kind
            self._reasons[region.track] = found
            return
        if found.kind == "light":
            self._lights.append(view.at)
        size = "small" if share < self._spec.smallest else "large"
        self._refused.append((view.at, self._waits(region, size if wanted else found.kind)))
        if wanted or not self._awaited(region, found.kind):
            absorb(region, view)
        self._regions.forget(region)

    def _awaited(self, region: Region, kind: str) -> bool:
        """Whether another detector of this camera looks for it here."""
        return any(
            verdict == kind and cv2.countNonZero(cv2.bitwise_and(mask[region.window], region.mask))
            for verdict, mask in self._site.sought
        )

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
        sought, reason = self._sought, self._reasons[region.track]
        edges = sought.edges(reason)
        return Detection(
            label=sought.label,
            score=confidence(edges, reason.alike),
            box=fractions((region.x, region.y, region.w, region.h), self._site),
            track=f"{sought.track}-{self._area.id}-{region.track}-{region.since}",
            zone=self._area.id,
            since=region.since,
            why=sought.why.format(
                seconds=(view.at - region.since) / 1000,
                edges=edges,
                alike=max(reason.alike, 0.0),
                visible=region.visible,
            ),
        )


def confidence(edges: float, alike: float) -> float:
    """0.5 to 0.99: a clear outline that came or went, and no likeness to what was there."""
    return round(0.5 + 0.29 * min(1.0, edges / 0.6) + 0.2 * (1 - max(0.0, alike)), 2)
