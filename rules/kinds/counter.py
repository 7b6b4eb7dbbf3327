"""How far a counter goes on within a time: a meter that never stops, or one that stands still."""

from bisect import bisect_right
from typing import Any, ClassVar

import msgspec
import numpy as np

from gateway.model import Millis, Reading, Subject
from rules.limit import Figure, Limited
from rules.shortlist import Floats, Ints, Shortlist
from rules.values import Span
from rules.window import MOST


class Meter(msgspec.Struct, array_like=True):
    """What was counted, free of resets, at each time of the window and once before it."""

    at: list[Millis] = []
    counted: list[float] = []
    raw: float = 0.0
    unit: str = ""


class Counter(Limited, frozen=True, kw_only=True):
    """The increase of a counter within a time is above or below a limit. Where the counter jumps
    back (a restart, a new meter), counting goes on from there; the jump itself counts nothing.

    ```yaml
    - id: night-flow
      kind: counter
      incident: water_leak
      select: {quantity: water_volume}
      above: 0
      within: 30m
      for: 2h
      schedule: "01:00-05:00"
    ```
    """

    Memory: ClassVar[Any] = Meter

    within: Span

    def start(self, subject: Subject, now: Millis) -> Meter:
        return Meter()

    def take(self, state: Meter, seen: Reading, part: int) -> bool:
        raw = float(seen.value)
        step = max(0.0, raw - state.raw) if state.at else 0.0
        state.raw, state.unit = raw, seen.unit
        state.at.append(seen.at)
        state.counted.append((state.counted[-1] if state.counted else 0.0) + step)
        gone = max(self._base(state, seen.at), len(state.at) - MOST)
        del state.at[:gone], state.counted[:gone]
        return False

    def skip(self, state: Meter, gap: int) -> bool:
        if self.below is None:
            return False
        state.at = [at + gap for at in state.at]
        return True

    def verdict(self, state: Meter, now: Millis, firing: bool) -> bool | None:
        if not state.at:
            return None
        if self.below is not None and state.at[0] > now - self.within:
            return None  # not watched for long enough to say that so little went through
        return self.beyond(self._increase(state, now), firing)

    def due(self, state: Meter, now: Millis) -> Millis | None:
        """When the window's beginning passes the next change; with that an increase falls."""
        if not state.at:
            return None
        if self.above is not None and not self.beyond(self._increase(state, now), True):
            return None
        after = self._base(state, now) + 1
        start = state.at[after] if after < len(state.at) else None
        if self.below is not None and state.at[0] > now - self.within:
            start = state.at[0]
        return None if start is None else start + self.within

    def shortlist(self, subject: Subject, at: Ints, value: Floats) -> Shortlist | None:
        if self.above is None:
            return None
        steps = np.maximum(np.diff(value, prepend=value[:1]), 0.0)
        counted = np.cumsum(steps)
        base = np.searchsorted(at, at - self.within, side="right") - 1
        increase = counted - counted[np.maximum(base, 0)]
        slack = 1e-9 * (1.0 + counted)
        mask = increase > self.above - slack
        return Shortlist(mask, lambda index: int(max(base[index], 0)), known=True)

    def figure(self, state: Meter, now: Millis) -> Figure:
        what = f"{self.select.quantity[0]} within {self.within}: increase"
        seconds = self.within.seconds
        return Figure(what, self._increase(state, now), state.unit, "increase", seconds)

    def _base(self, state: Meter, now: Millis) -> int:
        """The last sample at or before the beginning of the window, or the first one."""
        return max(0, bisect_right(state.at, now - self.within) - 1)

    def _increase(self, state: Meter, now: Millis) -> float:
        return state.counted[-1] - state.counted[self._base(state, now)] if state.at else 0.0
