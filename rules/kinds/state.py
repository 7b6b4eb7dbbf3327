"""A quantity has a value, a number or a word, that means something."""

from typing import Any, ClassVar

import msgspec
import numpy as np

from gateway.model import Millis, Reading, Reason, Subject
from rules.rule import Report, Rule
from rules.shortlist import Floats, Ints, Shortlist, by_itself
from rules.values import Values


class Last(msgspec.Struct, array_like=True):
    """The last value; None before the first one."""

    value: float | str | None = None


class State(Rule, frozen=True, kw_only=True):
    """A flag is set (they are 1 or 0), or a device says a certain word.

    ```yaml
    - id: leak
      kind: state
      incident: water_leak
      select: {quantity: water_leak}
      equals: 1
    ```
    """

    Memory: ClassVar[Any] = Last
    numeric: ClassVar[bool] = False

    equals: Values
    """Holds while the value is this, or one of these."""

    def check(self) -> None:
        self.select.single()

    def start(self, subject: Subject, now: Millis) -> Last:
        return Last()

    def take(self, state: Last, seen: Reading, part: int) -> bool:
        state.value = seen.value
        return False

    def verdict(self, state: Last, now: Millis, firing: bool) -> bool | None:
        return None if state.value is None else state.value in self.equals

    def shortlist(self, subject: Subject, at: Ints, value: Floats) -> Shortlist | None:
        if any(isinstance(one, str) for one in self.equals):
            return None  # words are not in the columns
        return by_itself(np.isin(value, self.equals))

    def report(self, state: Last, now: Millis, firing: bool) -> Report:
        value = f"{state.value:g}" if isinstance(state.value, float | int) else state.value
        what = self.select.quantity[0]
        return Report((Reason(f"{what} is {value}", what, state.value, self.equals[0]),))
