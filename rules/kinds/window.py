"""A figure over the last while: mean, greatest, smallest, sum, count, percentile, Leq."""

from math import ceil, log10
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import numpy as np
from msgspec import Meta

from gateway.model import Millis, Reading, Subject
from rules.limit import Figure, Limited
from rules.shortlist import Floats, Ints, Shortlist, by_time, recently
from rules.values import Span
from rules.window import Samples

RANKED = ("max", "min", "percentile")


class Recent(msgspec.Struct, array_like=True):
    """The samples of the window."""

    samples: Samples
    unit: str = ""
    ever: bool = False


class Window(Limited, frozen=True, kw_only=True):
    """A figure over a sliding window is above or below a limit. It is computed anew with each
    reading, and whenever a reading leaves the window.

    `leq` is the energy mean of sound levels, 10 log10(mean(10^(L/10))), as in ISO 1996-1;
    `percentile` is the nearest rank.

    ```yaml
    - id: night-noise
      kind: window
      incident: noise
      select: {quantity: noise}
      of: leq
      over: 15m
      above: 50
      clear_below: 47
      schedule: "22:00-06:00"
    ```
    """

    Memory: ClassVar[Any] = Recent

    of: Literal["mean", "max", "min", "sum", "count", "percentile", "leq"]
    over: Span
    percent: Annotated[float, Meta(ge=0, le=100)] = 95.0
    """Of the percentile."""
    samples: Annotated[int, Meta(ge=1)] = 2
    """With fewer readings in the window its figure is unknown (not for sum and count)."""

    def patience(self, subject: Subject) -> int | None:
        counts = self.of in ("sum", "count")  # few are what they know about
        return self.stale if counts else Limited.patience(self, subject)

    def start(self, subject: Subject, now: Millis) -> Recent:
        return Recent(Samples(ranked=[] if self.of in RANKED else None))

    def take(self, state: Recent, seen: Reading, part: int) -> bool:
        value = float(seen.value)
        state.samples.forget(seen.at - self.over)
        state.samples.add(seen.at, 10.0 ** min(value / 10, 30.0) if self.of == "leq" else value)
        state.unit, state.ever = seen.unit, True
        return False

    def skip(self, state: Recent, gap: int) -> bool:
        if self.of not in ("sum", "count"):
            return False
        state.samples.at = [at + gap for at in state.samples.at]
        return True

    def verdict(self, state: Recent, now: Millis, firing: bool) -> bool | None:
        state.samples.forget(now - self.over)
        few = len(state.samples.at) < self.samples and self.of not in ("sum", "count")
        if few or not state.ever:
            return None
        return self.beyond(self._figure(state.samples), firing)

    def due(self, state: Recent, now: Millis) -> Millis | None:
        return state.samples.at[0] + self.over if state.samples.at else None

    def shortlist(self, subject: Subject, at: Ints, value: Floats) -> Shortlist | None:
        """A mean, a percentile … is beyond a limit only where some reading of the window is; a
        sum of what is never negative only falls until the next reading."""
        if self.of not in ("sum", "count"):
            near = recently(self.all_beyond(value), at, self.over)
            return by_time(near, at, self.over, known=False)
        if self.above is None or (self.of == "sum" and (value < 0).any()):
            return None
        total = np.cumsum(value if self.of == "sum" else np.ones(len(at)))
        before = np.searchsorted(at, at - self.over, side="right") - 1
        figure = total - np.where(before >= 0, total[before], 0.0)
        return by_time(figure > self.above - 1e-9 * (1 + total), at, self.over, known=True)

    def figure(self, state: Recent, now: Millis) -> Figure:
        name = f"{self.percent:g}th percentile" if self.of == "percentile" else self.of
        what = f"{self.select.quantity[0]}, {name} of {self.over}:"
        unit = "" if self.of == "count" else state.unit
        figure = self._figure(state.samples) if state.samples.at or self.of == "count" else 0.0
        return Figure(what, round(figure, 9), unit, f"window_{self.of}", self.over.seconds)

    def _figure(self, samples: Samples) -> float:
        count = len(samples.at)
        match self.of, samples.ranked:
            case "count", _:
                return count
            case "sum", _:
                return samples.total
            case "mean", _:
                return samples.total / count
            case "leq", _:
                return 10 * log10(max(samples.total, 1e-30) / count)
            case "max", ranked if ranked:
                return ranked[-1]
            case "min", ranked if ranked:
                return ranked[0]
            case _, ranked if ranked:
                return ranked[max(0, ceil(self.percent / 100 * count) - 1)]
        return 0.0
