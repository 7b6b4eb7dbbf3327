"""First one thing, then another, within a time."""

from typing import Any, ClassVar

import msgspec
from msgspec import field

from gateway.model import Millis, Observation, Reading, Reason, Subject
from rules.condition import Condition, Said
from rules.rule import By, Part, Report, Rule
from rules.values import Span

FIRST = 0


class Story(msgspec.Struct, array_like=True):
    """What each source said last about either condition; what met the second one in time."""

    first: dict[str, Said] = {}
    then: dict[str, Said] = {}
    came: list[str] = []
    """Sources of the second condition that began to meet it in time, and still do."""
    before: Said | None = None
    """What had come first."""


class Sequence(Rule, frozen=True, kw_only=True):
    """`then` begins at most `within` after `first` was met: a van stops, then rubbish is there.
    It holds as long as what came second goes on.

    ```yaml
    - id: tipping
      kind: sequence
      incident: dumped_waste
      first: {label: vehicle, zone: bins}
      then: {label: left_object, zone: bins}
      within: 10m
      by: place
    ```
    """

    Memory: ClassVar[Any] = Story
    joint: ClassVar[bool] = True
    numeric: ClassVar[bool] = False

    by: By = "place"
    first: Condition
    second: Condition = field(name="then")
    within: Span

    def check(self) -> None:
        self.select.nothing("first and then")

    def parts(self) -> tuple[Part, ...]:
        return (self.first.part(), self.second.part())

    def start(self, subject: Subject, now: Millis) -> Story:
        return Story()

    def take(self, state: Story, seen: Observation, part: int) -> bool:
        source = seen.device if isinstance(seen, Reading) else seen.camera
        condition, known = (self.first, state.first) if part == FIRST else (self.second, state.then)
        before = known.get(source)
        said = condition.said(seen, before)
        if said is None or (not said.met and before is not None and not before.met):
            return False  # nothing new: only what is met, or no longer is, has to be remembered
        known[source] = said
        if part == FIRST:
            return False
        fresh = said.met and not (before is not None and before.met)
        if fresh and (first := self._came_first(state, seen.at)) is not None:
            state.before = first
            state.came.append(source)
            return True
        if not said.met and source in state.came:
            state.came.remove(source)
        return said.met and before is not None and said.evidence != before.evidence

    def verdict(self, state: Story, now: Millis, firing: bool) -> bool | None:
        return bool(state.came) if state.then else None

    def report(self, state: Story, now: Millis, firing: bool) -> Report:
        came = [state.then[source] for source in state.came]
        if not came:
            return Report((Reason("what came second is over", code="second_over"),))
        first = (state.before.reason("first "),) if state.before else ()
        return Report(
            (*first, *(said.reason("then ") for said in came)),
            tuple(state.came),
            tuple(dict.fromkeys(e for said in came for e in said.evidence)),
            max(said.confidence for said in came),
        )

    def rest(self, state: Story, now: Millis) -> tuple[Reason, ...]:
        if not any(said.met for said in state.then.values()):
            return (Reason("what would come second is not met", code="no_second"),)
        text = f"what comes second is met, but nothing came first within {self.within}"
        return (Reason(text, code="no_first", lasted=self.within.seconds),)

    def _came_first(self, state: Story, now: Millis) -> Said | None:
        """What met the first condition last, if that is not too long ago."""
        met = [s for s in state.first.values() if s.last_met is not None]
        last = max(met, key=lambda s: (s.last_met or 0, s.source), default=None)
        if last is None or now - (last.last_met or 0) > self.within:
            return None
        return last
