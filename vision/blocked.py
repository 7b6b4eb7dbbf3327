"""A path that is no longer free: an exit, a fire lane, a gate, by whatever stands there."""

from collections.abc import Sequence

import cv2

from gateway.model import Detection, Millis
from vision.detector import Area, Site, Waiting, fractions
from vision.detectors.blocked import Blocked
from vision.frame import Mask, above
from vision.scenery import View

SETTLED = 2.0
"""Seconds for which a pixel must show the same thing before it counts as standing there."""
FREE = 2.0
"""Seconds for which the zone must be passable again before the report ends."""


class _Zone:
    """The life of one zone."""

    def __init__(self, area: Area, spec: Blocked) -> None:
        self.area, self.share = area, spec.share
        self.dwell = (area.dwell or spec.dwell).seconds
        self.pixels = max(1, cv2.countNonZero(area.mask))
        self.taken_for = self.free_for = 0.0
        self.since: Millis | None = None
        self.reported = False
        self.taken = 0.0

    def follow(self, view: View) -> tuple[float, Mask]:
        """The share that is taken now, and by which pixels."""
        standing = cv2.bitwise_and(view.foreign, above(view.candidates.age, SETTLED))
        standing = cv2.bitwise_and(standing, self.area.mask)
        taken = self.taken = cv2.countNonZero(standing) / self.pixels
        if taken >= (self.share / 2 if self.reported else self.share):
            self.taken_for, self.free_for = self.taken_for + view.dt, 0.0
            self.since = self.since or view.at - round(SETTLED * 1000)
        else:
            self.free_for += view.dt
        if self.free_for >= FREE:
            self.taken_for, self.since, self.reported = 0.0, None, False
        self.reported = self.reported or self.taken_for + SETTLED >= self.dwell
        return taken, standing


class BlockedZones:
    """The zones of one camera. A report's box is what stands in the zone."""

    def __init__(self, spec: Blocked, site: Site) -> None:
        self._site = site
        self._zones = [_Zone(area, spec) for area in site.areas]

    def look(self, view: View) -> Sequence[Detection]:
        found = ((zone, *zone.follow(view)) for zone in self._zones)
        return [self._detection(*one) for one in found if one[0].reported]

    def waiting(self) -> Sequence[Waiting]:
        """Zones of which something is taken."""
        return [self._waits(z) for z in self._zones if z.taken > 0 and not z.reported]

    def _waits(self, zone: _Zone) -> Waiting:
        box = fractions(cv2.boundingRect(zone.area.mask), self._site)
        why = "waiting" if zone.taken >= zone.share else "share"
        return Waiting(box, zone.area.id, why, round(zone.taken_for, 1), round(zone.taken, 4))

    def _detection(self, zone: _Zone, taken: float, standing: Mask) -> Detection:
        where = standing if cv2.countNonZero(standing) else zone.area.mask
        return Detection(
            label="blocked",
            score=round(min(0.99, 0.5 + taken / zone.share / 8), 2),
            box=fractions(cv2.boundingRect(where), self._site),
            track=f"blocked-{zone.area.id}-{zone.since}",
            zone=zone.area.id,
            since=zone.since,
            why=f"{taken:.0%} of {zone.area.id} is taken (limit {zone.share:.0%})",
        )
