"""A quantity rises or falls fast."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from gateway.model import Millis, Reading, Reason, Subject
from rules.rule import Report, Rule
from rules.shortlist import Floats, Ints, Shortlist, by_time, lowest_nearby
from rules.values import Span
from rules.window import Extremes

Positive = Annotated[float, Meta(gt=0)]


class Course(msgspec.Struct, array_like=True):
    """The last value, and the extremes of the time before it."""

    past: Extremes
    last: float = 0.0
    unit: str = ""


class Rate(Rule, frozen=True, kw_only=True):
    """So much up (or down) within so long, from the lowest (highest) value of that time. `for`
    keeps out a single wrong reading.

    ```yaml
    - id: heat
      kind: rate
      incident: smoke_fire
      select: {quantity: temperature, tags: [corridor]}
      rise: 8
      within: 5m
      for: 20s
    ```
    """

    Memory: ClassVar[Any] = Course

    rise: Positive | None = None
    """Holds while the value is more than this above the lowest one of the time."""
    fall: Positive | None = None
    """Holds while the value is more than this below the highest one of the time."""
    within: Span

    def check(self) -> None:
        self.select.single()
        if (self.rise is None) == (self.fall is None):
            raise ValueError("rise: give `rise` or `fall`, one of them")

    def start(self, subject: Subject, now: Millis) -> Course:
        return Course(Extremes())

    def take(self, state: Course, seen: Reading, part: int) -> bool:
        state.last = float(seen.value)
        state.unit = seen.unit
        value = state.last if self.rise is not None else -state.last
        state.past.add(seen.at, value, seen.at - self.within)
        return False

    def verdict(self, state: Course, now: Millis, firing: bool) -> bool | None:
        change = self._change(state, now)
        return None if change is None else change > (self.rise or self.fall or 0.0)

    def due(self, state: Course, now: Millis) -> Millis | None:
        lowest = state.past.lowest(now - self.within)
        return lowest[0] + self.within if lowest and self.verdict(state, now, False) else None

    def shortlist(self, subject: Subject, at: Ints, value: Floats) -> Shortlist:
        value = value if self.rise is not None else -value
        change = value - lowest_nearby(value, at, self.within)
        return by_time(change > (self.rise or self.fall or 0.0), at, self.within, known=True)

    def report(self, state: Course, now: Millis, firing: bool) -> Report:
        verb, limit = ("rose", self.rise) if self.rise is not None else ("fell", self.fall)
        quantity, change = self.select.quantity[0], self._change(state, now) or 0.0
        span = f"within {self.within} to {state.last:.6g} {state.unit}".rstrip()
        text = f"{quantity} {verb} by {change:.6g} {span}; limit {limit:g}"
        return Report((Reason(text, quantity, round(change, 9), limit, state.unit, verb),))

    def _change(self, state: Course, now: Millis) -> float | None:
        """How far the last value is from the extreme; None when the time is empty."""
        lowest = state.past.lowest(now - self.within)
        if lowest is None:
            return None
        return (state.last if self.rise is not None else -state.last) - lowest[1]
