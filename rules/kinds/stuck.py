"""A sensor goes on reporting, always the same."""

from typing import Annotated, Any, ClassVar

import msgspec
import numpy as np
from msgspec import Meta

from gateway.model import Duration, Millis, Reading, Reason, Subject
from rules.rule import Report, Rule
from rules.shortlist import Floats, Ints, Shortlist
from rules.values import Span


class Flat(msgspec.Struct, array_like=True):
    """The value that has not changed, since when, when it was seen last, and how often."""

    value: float = 0.0
    since: Millis = 0
    last: Millis = 0
    count: int = 0
    unit: str = ""


class Stuck(Rule, frozen=True, kw_only=True):
    """The value has not changed for a time in which readings did come. (When none come, that is
    silence.)

    ```yaml
    - id: noise-stuck
      kind: stuck
      incident: device_fault
      select: {quantity: noise}
      after: 6h
      tolerance: 0.05
    ```
    """

    Memory: ClassVar[Any] = Flat

    after: Span
    """The same for so long."""
    tolerance: Annotated[float, Meta(ge=0)] = 0.0
    """A difference of this much is no change; in the unit of the quantity."""
    samples: Annotated[int, Meta(ge=2)] = 3
    """From at least so many readings."""
    ignore: tuple[float, ...] = ()
    """Values that may stand still: 0 lx at night, a bin that stays empty."""

    def check(self) -> None:
        self.select.single()

    def start(self, subject: Subject, now: Millis) -> Flat:
        return Flat()

    def take(self, state: Flat, seen: Reading, part: int) -> bool:
        value = float(seen.value)
        if not state.count or _differ(value, state.value, self.tolerance):
            state.value, state.since, state.count = value, seen.at, 0
        state.last = seen.at
        state.count += 1
        state.unit = seen.unit
        return False

    def verdict(self, state: Flat, now: Millis, firing: bool) -> bool | None:
        if not state.count:
            return None
        long = state.last - state.since >= self.after and state.count >= self.samples
        return long and state.value not in self.ignore

    def shortlist(self, subject: Subject, at: Ints, value: Floats) -> Shortlist:
        """Neighbours that are alike make a run; the anchor lies within the tolerance of each."""
        change = np.abs(np.diff(value, prepend=value[:1]))
        breaks = change > 2 * self.tolerance + 1e-8 * np.maximum(1.0, np.abs(value))
        first = np.maximum.accumulate(np.where(breaks, np.arange(len(at)), 0))
        mask = at - at[first] >= self.after
        return Shortlist(mask, lambda index: int(first[index]), known=True)

    def report(self, state: Flat, now: Millis, firing: bool) -> Report:
        quantity = self.select.quantity[0]
        if not firing:
            text = f"{quantity} changes again"
            return Report((Reason(text, quantity, state.value, unit=state.unit, code="moves"),))
        return Report(self.rest(state, now))

    def rest(self, state: Flat, now: Millis) -> tuple[Reason, ...]:
        quantity, span = self.select.quantity[0], Duration(state.last - state.since)
        what = f"{quantity} {state.value:.6g} {state.unit}".rstrip()
        text = f"{what} has not changed for {span} in {state.count} readings; limit {self.after}"
        if state.value in self.ignore:
            text += "; it may stand still there"
        return (Reason(text, quantity, state.value, None, state.unit, "stuck", span.seconds),)


def _differ(value: float, before: float, tolerance: float) -> bool:
    """50.1 and 50 differ by 0.1, whatever binary fractions make of it."""
    return abs(value - before) > tolerance + 1e-9 * max(1.0, abs(value))
