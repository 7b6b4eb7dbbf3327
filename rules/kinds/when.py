"""What the other kinds do not say: a condition in CEL over all that one device measures."""

from math import isfinite
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from gateway.model import Millis, Reading, Reason, Subject
from rules.expression import Expression
from rules.rule import Part, Report, Rule
from rules.selector import Names
from rules.shortlist import Floats, Ints, Shortlist, by_itself
from rules.values import Span


class Said(msgspec.Struct, array_like=True):
    """The last value of each quantity, and when it was."""

    value: dict[str, float | str] = {}
    at: dict[str, Millis] = {}


class When(Rule, frozen=True, kw_only=True):
    """A free condition. Its names are quantities of one device; their last values count. One that
    is not there yet, or is older than `within`, is unknown: `a || b` holds when a does, whatever
    b is. Numbers are doubles; flags of devices are 1.0 or 0.0; texts stand in quotes.

    Operators: || && ! < <= > >= == != in + - * / ?: ; functions: abs(x), min(x, y), max(x, y),
    size(t), t.startsWith(u), t.endsWith(u), t.contains(u).

    ```yaml
    - id: damp
      kind: when
      incident: climate
      when: humidity > 80.0 && (temperature < 12.0 || dew_point > temperature - 1.0)
      for: 1h
    ```
    """

    Memory: ClassVar[Any] = Said
    numeric: ClassVar[bool] = False

    when: Expression
    within: Span | None = None
    """How long a value stands for the present; for ever where it is left out."""

    def check(self) -> None:
        if self.select.quantity or self.select.label:
            raise ValueError("select: the expression names the quantities; leave them out here")
        if not self.when.names:
            raise ValueError("when: it names no quantity, and never changes")

    def parts(self) -> tuple[Part, ...]:
        return (Part(replace(self.select, quantity=Names(self.when.names))),)

    def start(self, subject: Subject, now: Millis) -> Said:
        return Said()

    def take(self, state: Said, seen: Reading, part: int) -> bool:
        if isinstance(seen.value, str) or isfinite(seen.value):
            state.value[seen.quantity], state.at[seen.quantity] = seen.value, seen.at
        return False

    def verdict(self, state: Said, now: Millis, firing: bool) -> bool | None:
        limit = None if self.within is None else now - self.within
        if limit is None or min(state.at.values(), default=now) > limit:
            return self.when(state.value)
        return self.when({q: v for q, v in state.value.items() if state.at[q] > limit})

    def due(self, state: Said, now: Millis) -> Millis | None:
        if self.within is None or not state.at:
            return None
        first = min(state.at.values()) + self.within
        if first > now:
            return first
        return min((e for at in state.at.values() if (e := at + self.within) > now), default=None)

    def shortlist(self, subject: Subject, at: Ints, value: Floats) -> Shortlist | None:
        mask = self.when.holding(value)
        return None if mask is None else by_itself(mask)

    def report(self, state: Said, now: Millis, firing: bool) -> Report:
        return Report(self._reasons(state, "holds" if firing else "no longer holds"))

    def rest(self, state: Said, now: Millis) -> tuple[Reason, ...]:
        return self._reasons(state, "does not hold")

    def _reasons(self, state: Said, holds: str) -> tuple[Reason, ...]:
        """The expression with its first value, then the other values."""
        first, *others = [self._reason(name, state.value.get(name)) for name in self.when.names]
        whole = f"{first.text}: {self.when.text} {holds}"
        return (replace(first, text=whole, limit=self.when.text, code="when"), *others)

    def _reason(self, quantity: str, value: float | str | None) -> Reason:
        if value is None:
            return Reason(f"{quantity} is not there yet", quantity, code="missing")
        shown = value if isinstance(value, str) else f"{value:.6g}"
        return Reason(f"{quantity} {shown}", quantity, value)
