"""A camera sees something of a label, and it stays."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from gateway.model import (
    Detection,
    Duration,
    Evidence,
    Millis,
    Reason,
    Scene,
    Subject,
)
from rules.rule import By, Part, Report, Rule

_NONE = {
    "left_early": "has stayed for long enough",
    "gone": "is seen any more",
    "not_seen": "is seen",
}
MOST_TRACKS = 64
MOST_EVIDENCE = 8
SCENES_STAND = Duration.parse("2m")
"""Cameras report at least each 30 s; one that is quiet for longer does not see."""


class Track(msgspec.Struct, array_like=True):
    """One thing that the camera sees now."""

    since: Millis
    score: float
    label: str
    zone: str
    why: str
    evidence: tuple[Evidence, ...] = ()


class Seen(msgspec.Struct, array_like=True):
    """What the camera saw last, None while it does not see well; and since when it sees."""

    tracks: dict[str, Track] | None = None
    sight: Millis = 0


class Object(Rule, frozen=True, kw_only=True):
    """Something of a label is seen, in a zone, for a while: rubbish left, an exit blocked, a
    vehicle in the fire lane.

    ```yaml
    - id: fire-lane
      kind: object
      incident: fire_lane_occupied
      select: {label: [vehicle, blocked], zone: fire-lane}
      dwell: 3m
    ```
    """

    Memory: ClassVar[Any] = Seen

    by: By = "camera"
    dwell: Duration = Duration(0)
    """One and the same thing stays at least so long. (`for` counts any thing of the label.)"""
    score: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """What the camera is less sure of, from 0 to 1, is not seen."""
    count: Annotated[int, Meta(ge=1)] = 1
    """At least so many at once."""

    def check(self) -> None:
        if not self.select.label:
            raise ValueError("select: it needs a label, such as `select: {label: left_object}`")

    def parts(self) -> tuple[Part, ...]:
        return (Part(self.select, readings=False, scenes=True),)

    def patience(self, subject: Subject) -> int | None:
        return SCENES_STAND if self.stale is None else self.stale

    def start(self, subject: Subject, now: Millis) -> Seen:
        return Seen()

    def take(self, state: Seen, seen: Scene, part: int) -> bool:
        if seen.health:
            state.tracks = None
            return False
        if state.tracks is None:
            state.sight = seen.at
        before = state.tracks or {}
        now: dict[str, Track] = {}
        for n, found in enumerate(seen.detections):
            if self._wanted(found) and len(now) < MOST_TRACKS:
                name = found.track or f"{found.label}/{found.zone}/{n}"
                now[name] = _track(found, before.get(name), seen.at)
        state.tracks = now
        return any(
            name not in before or track.evidence != before[name].evidence
            for name, track in now.items()
        )

    def verdict(self, state: Seen, now: Millis, firing: bool) -> bool | None:
        if state.tracks is None:
            return None
        stayed = sum(now - t.since >= self.dwell for t in state.tracks.values())
        if stayed >= self.count:
            return True
        # What is there since the camera sees again may have been there for long.
        blinded = len(state.tracks) >= self.count and now - state.sight < self.dwell
        return None if blinded else False

    def due(self, state: Seen, now: Millis) -> Millis | None:
        if state.tracks is None:
            return None
        starts = (state.sight, *(track.since for track in state.tracks.values()))
        return min((at for s in starts if (at := s + self.dwell) > now), default=None)

    def report(self, state: Seen, now: Millis, firing: bool) -> Report:
        stayed = [t for t in (state.tracks or {}).values() if now - t.since >= self.dwell]
        if not stayed:
            return Report((self._none("left_early" if state.tracks else "gone"),))
        return Report(
            reasons=tuple(_reason(track, now) for track in stayed),
            evidence=tuple(dict.fromkeys(e for t in stayed for e in t.evidence))[-MOST_EVIDENCE:],
            confidence=max(track.score for track in stayed),
        )

    def rest(self, state: Seen, now: Millis) -> tuple[Reason, ...]:
        if not state.tracks:
            return (self._none("not_seen"),)
        text = f"wanted: {self.count} for {self.dwell}"
        wanted = Reason(text, value=self.count, code="wanted", lasted=self.dwell.seconds)
        return (*(_reason(track, now) for track in state.tracks.values()), wanted)

    def _none(self, code: str) -> Reason:
        text = f"no {' or '.join(self.select.label)} {_NONE[code]}"
        return Reason(text, value=", ".join(self.select.label), code=code)

    def _wanted(self, found: Detection) -> bool:
        zone = self.select.zone
        return (
            found.label in self.select.label
            and found.score >= self.score
            and (not zone or found.zone in zone)
        )


def _track(found: Detection, before: Track | None, now: Millis) -> Track:
    since = found.since if found.since is not None else before.since if before else now
    evidence = found.evidence or (before.evidence if before else ())
    return Track(min(since, now), found.score, found.label, found.zone, found.why, evidence)


def _reason(track: Track, now: Millis) -> Reason:
    where = f" in {track.zone}" if track.zone else ""
    stay = Duration(max(0, now - track.since) // 1000 * 1000)
    why = f": {track.why}" if track.why else ""
    return Reason(
        f"{track.label}{where} for {stay}{why}",
        value=track.label,
        code="object",
        lasted=stay.seconds,
    )
