"""Several conditions at once, of sensors and cameras: one confirms the other."""

from typing import Any, ClassVar

import msgspec

from gateway.model import Duration, Millis, Observation, Reading, Reason, Subject
from rules.condition import Condition, Said
from rules.rule import By, Part, Report, Rule


class Picture(msgspec.Struct, array_like=True):
    """For each condition, what each source said last."""

    said: list[dict[str, Said]]


class Together(Rule, frozen=True, kw_only=True):
    """All conditions are met at one place: the bin says 95 % and the camera sees bags beside it.
    A word stands for `within`; after that the source has to say it again.

    ```yaml
    - id: bin-and-bags
      kind: together
      incident: overflowing_bin
      all:
        - {quantity: fill_level, above: 95}
        - {label: left_object, zone: bins}
      within: 30m
      by: place
    ```
    """

    Memory: ClassVar[Any] = Picture
    joint: ClassVar[bool] = True
    numeric: ClassVar[bool] = False

    by: By = "place"
    all: tuple[Condition, ...]
    within: Duration
    """How long what a source said stands for the present."""

    def check(self) -> None:
        self.select.nothing("all")
        if not 2 <= len(self.all) <= 8:
            raise ValueError("all: two to eight conditions are wanted")

    def parts(self) -> tuple[Part, ...]:
        return tuple(condition.part() for condition in self.all)

    def start(self, subject: Subject, now: Millis) -> Picture:
        return Picture([{} for _ in self.all])

    def take(self, state: Picture, seen: Observation, part: int) -> bool:
        source = seen.device if isinstance(seen, Reading) else seen.camera
        before = state.said[part].get(source)
        said = self.all[part].said(seen, before)
        if said is None:
            return False
        state.said[part][source] = said
        if not said.met:
            return False
        return before is None or not before.met or said.evidence != before.evidence

    def verdict(self, state: Picture, now: Millis, firing: bool) -> bool | None:
        """Known to fail as soon as one condition is; met when all are; else unknown."""
        unknown = False
        for said in state.said:
            fresh = [s for s in said.values() if now - s.at < self.within]
            if not any(s.met for s in fresh):
                if fresh:
                    return False
                unknown = True
        return None if unknown else True

    def due(self, state: Picture, now: Millis) -> Millis | None:
        """When the next word is too old."""
        ends = (s.at + self.within for said in state.said for s in said.values())
        return min((end for end in ends if end > now), default=None)

    def report(self, state: Picture, now: Millis, firing: bool) -> Report:
        met = {
            source: s
            for said in state.said
            for source, s in sorted(said.items())
            if s.met and now - s.at < self.within
        }
        return Report(
            tuple(Reason(s.text) for s in met.values()) or (Reason("no condition is met"),),
            tuple(met),
            tuple(dict.fromkeys(e for s in met.values() for e in s.evidence)),
            max((s.confidence for s in met.values()), default=1.0),
        )
