"""A quantity leaves the range in which it should be."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from gateway.model import Millis, Reading, Reason, Subject
from rules.last import Last
from rules.rule import Report, Rule
from rules.shortlist import Floats, Ints, Shortlist, by_itself


class Range(Rule, frozen=True, kw_only=True):
    """Outside of a range, at either end.

    ```yaml
    - id: archive-climate
      kind: range
      incident: climate
      select: {quantity: humidity, tags: [archive]}
      min: 40
      max: 60
      margin: 2
      for: 1h
    ```
    """

    Memory: ClassVar[Any] = Last

    min: float
    """Holds while the value is smaller; in the unit of the quantity."""
    max: float
    """Holds while the value is greater."""
    margin: Annotated[float, Meta(ge=0)] = 0.0
    """Once outside, it holds until the value is so far inside again."""

    def check(self) -> None:
        self.select.single()
        if self.min + self.margin > self.max - self.margin:
            raise ValueError("max: min and max leave no room, with the margin on each side")

    def start(self, subject: Subject, now: Millis) -> Last:
        return Last()

    def take(self, state: Last, seen: Reading, part: int) -> bool:
        state.hear(seen)
        return False

    def verdict(self, state: Last, now: Millis, firing: bool) -> bool | None:
        if state.value is None:
            return None
        margin = self.margin if firing else 0.0
        return not self.min + margin <= state.value <= self.max - margin

    def shortlist(self, subject: Subject, at: Ints, value: Floats) -> Shortlist:
        return by_itself((value < self.min) | (value > self.max))

    def report(self, state: Last, now: Millis, firing: bool) -> Report:
        value = state.value or 0.0
        limit = self.min if value < (self.min + self.max) / 2 else self.max
        outside = not self.min <= value <= self.max
        margin = 0.0 if outside else self.margin
        held = self.verdict(state, now, True)
        where = "outside of" if outside else "not yet inside of" if held else "back inside of"
        return Report((self._reason(state, where, margin, limit),))

    def rest(self, state: Last, now: Millis) -> tuple[Reason, ...]:
        return (self._reason(state, "inside of", 0.0, None),)

    def _reason(self, state: Last, where: str, margin: float, limit: float | None) -> Reason:
        quantity, value = self.select.quantity[0], state.value or 0.0
        what = f"{quantity} {value:.6g} {state.unit}".rstrip()
        text = f"{what} is {where} {self.min + margin:g} to {self.max - margin:g}"
        return Reason(text, quantity, value, limit, state.unit)

    def calm(self) -> tuple[float, float]:
        return self.min, self.max
