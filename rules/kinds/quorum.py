"""So many different devices of one place agree within a time."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from gateway.model import Duration, Millis, Observation, Reading, Reason, Subject
from rules.condition import Condition, Said
from rules.rule import By, Part, Report, Rule


class Voices(msgspec.Struct, array_like=True):
    """What each device said last, by its id, as far as that counts."""

    met: dict[str, Said] = {}
    fading: dict[str, Said] = {}
    """Those that no longer meet it, for a while."""
    ever: bool = False


class Quorum(Rule, frozen=True, kw_only=True):
    """At least `count` different devices of a place meet a condition within a time: a device
    counts while it meets it, and for `within` after. For fire and water use it to raise the
    severity, not to wait: one smoke head is enough for an alarm.

    ```yaml
    - id: building-dark
      kind: quorum
      incident: power_failure
      each: {quantity: mains_power, equals: 0}
      count: 3
      within: 2m
      by: place
    ```
    """

    Memory: ClassVar[Any] = Voices
    joint: ClassVar[bool] = True
    numeric: ClassVar[bool] = False

    by: By = "place"
    each: Condition
    """What a device must say to count."""
    count: Annotated[int, Meta(ge=2)]
    within: Duration

    def check(self) -> None:
        self.select.nothing("each")

    def parts(self) -> tuple[Part, ...]:
        return (self.each.part(),)

    def start(self, subject: Subject, now: Millis) -> Voices:
        return Voices()

    def take(self, state: Voices, seen: Observation, part: int) -> bool:
        source = seen.device if isinstance(seen, Reading) else seen.camera
        before = state.met.get(source) or state.fading.get(source)
        said = self.each.said(seen, before)
        if said is None:
            return False
        state.ever = True
        state.met.pop(source, None)
        state.fading.pop(source, None)
        if said.met:
            state.met[source] = said
        elif self._counts(said, seen.at):
            state.fading[source] = said
        return said.met and not (before is not None and before.met)

    def verdict(self, state: Voices, now: Millis, firing: bool) -> bool | None:
        if not state.ever:
            return None
        count = len(state.met)
        if count < self.count and state.fading:
            count += sum(self._counts(said, now) for said in state.fading.values())
        return count >= self.count

    def due(self, state: Voices, now: Millis) -> Millis | None:
        """When the next one of those that no longer meet it stops counting."""
        if not state.fading:
            return None
        ends = ((said.last_met or 0) + self.within for said in state.fading.values())
        return min((end for end in ends if end > now), default=None)

    def report(self, state: Voices, now: Millis, firing: bool) -> Report:
        agree = self._agree(state, now)
        reasons = tuple(said.reason() for said in agree.values() if said.met)
        head = Reason(f"{len(agree)} agree within {self.within}; limit {self.count}",
                      value=len(agree), limit=self.count, code="agree")  # fmt: skip
        evidence = tuple(dict.fromkeys(e for said in agree.values() for e in said.evidence))
        confidence = max((said.confidence for said in agree.values()), default=1.0)
        return Report((head, *reasons), tuple(agree), evidence, confidence)

    def _agree(self, state: Voices, now: Millis) -> dict[str, Said]:
        fading = {id: said for id, said in state.fading.items() if self._counts(said, now)}
        return dict(sorted((state.met | fading).items()))

    def _counts(self, said: Said, now: Millis) -> bool:
        """Whether one that does not meet it did so lately."""
        return said.last_met is not None and now - said.last_met < self.within
