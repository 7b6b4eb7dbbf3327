"""A quantity is beyond a limit, with a limit of its own for the end."""

from math import inf
from typing import Any, ClassVar

from gateway.model import Millis, Reading, Subject
from rules.last import Last
from rules.limit import Figure, Limited
from rules.shortlist import Floats, Ints, Shortlist, by_itself


class Threshold(Limited, frozen=True, kw_only=True):
    """Above or below a limit.

    ```yaml
    - id: bin-full
      kind: threshold
      incident: overflowing_bin
      select: {quantity: fill_level, tags: [bin]}
      above: 90
      clear_below: 70
      for: 30m
    ```
    """

    Memory: ClassVar[Any] = Last

    def start(self, subject: Subject, now: Millis) -> Last:
        return Last()

    def take(self, state: Last, seen: Reading, part: int) -> bool:
        state.hear(seen)
        return False

    def verdict(self, state: Last, now: Millis, firing: bool) -> bool | None:
        return None if state.value is None else self.beyond(state.value, firing)

    def shortlist(self, subject: Subject, at: Ints, value: Floats) -> Shortlist:
        return by_itself(self.all_beyond(value))

    def figure(self, state: Last, now: Millis) -> Figure:
        return Figure(self.select.quantity[0], state.value or 0.0, state.unit)

    def calm(self) -> tuple[float, float]:
        return (-inf, self.above) if self.above is not None else (self.below or 0.0, inf)
