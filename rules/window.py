"""Samples of the last while, in order of time, bounded."""

from bisect import bisect_left, bisect_right, insort

import msgspec

from gateway.model import Millis

MOST = 8192
"""Samples of one window. More would be one each 0.1 s for 15 minutes; then the oldest go."""


class Extremes(msgspec.Struct, array_like=True):
    """The lowest values still to come up as the minimum of a sliding window (Lemire 2006, the
    monotonic wedge): amortised constant time. For a maximum, put in negated values."""

    at: list[Millis] = []
    value: list[float] = []

    def add(self, at: Millis, value: float, until: Millis) -> None:
        """Put in a sample; forget those up to *until*."""
        while self.value and self.value[-1] >= value:
            self.value.pop()
            self.at.pop()
        self.at.append(at)
        self.value.append(value)
        gone = max(bisect_right(self.at, until), len(self.at) - MOST)
        if gone > 0:
            del self.at[:gone], self.value[:gone]

    def lowest(self, until: Millis) -> tuple[Millis, float] | None:
        """The lowest sample after *until*, and its time."""
        n = bisect_right(self.at, until)
        return (self.at[n], self.value[n]) if n < len(self.at) else None


class Samples(msgspec.Struct, array_like=True):
    """The samples after a moving instant, their sum, and, if wanted, their order by size."""

    at: list[Millis] = []
    value: list[float] = []
    ranked: list[float] | None = None
    total: float = 0.0
    gone: int = 0
    """Samples subtracted from the sum since it was last computed anew: rounding stays bounded."""

    def add(self, at: Millis, value: float) -> None:
        self.at.append(at)
        self.value.append(value)
        self.total += value
        if self.ranked is not None:
            insort(self.ranked, value)
        if len(self.at) > MOST:
            self._drop(1)

    def forget(self, until: Millis) -> None:
        """Drop the samples at and before *until*."""
        if self.at and self.at[0] <= until:
            self._drop(bisect_right(self.at, until))

    def _drop(self, count: int) -> None:
        for value in self.value[:count]:
            self.total -= value
            if self.ranked is not None:
                del self.ranked[bisect_left(self.ranked, value)]
        del self.at[:count], self.value[:count]
        self.gone += count
        if self.gone > len(self.value):
            self.total, self.gone = sum(self.value), 0  # fsum() raises where this is inf
