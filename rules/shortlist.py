"""Which readings of a long past can matter to a rule: found in columns, not one by one."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Shortlist(NamedTuple):
    """Readings at which, or after which until the next one, a condition may begin to hold that
    did not hold before; and all that it depends on. The others can be passed over while all is
    quiet. To name too many is slow; to name too few is wrong."""

    mask: Bools
    since: Callable[[int], int]
    """Index -> the earlier index from which on readings make up the state of the kind."""
    known: bool = False
    """True: at a reading that is not named the condition is known not to hold, so that waiting
    begins anew. Then a stretch of named readings that is shorter than `for` cannot matter."""

    def worth(self, at: Ints, wait: int) -> Ints:
        """Indexes of the readings from which on to judge, in order."""
        named = np.flatnonzero(self.mask)
        if not self.known or not len(named):
            return named
        breaks = np.flatnonzero(np.diff(named) != 1)
        start, last = named[np.r_[0, breaks + 1]], named[np.r_[breaks, len(named) - 1]]
        follows = np.minimum(last + 1, len(at) - 1)
        long = (at[follows] - at[start] >= wait) | (last + 1 == len(at))
        kept: Ints = named[np.repeat(long, last - start + 1)]
        return kept


def by_itself(mask: Bools) -> Shortlist:
    """For kinds whose state is the last reading."""
    return Shortlist(mask, lambda index: index, known=True)


def by_time(mask: Bools, at: Ints, span: int, *, known: bool) -> Shortlist:
    """For kinds whose state is the readings of the last *span* milliseconds."""
    return Shortlist(mask, lambda index: int(np.searchsorted(at, at[index] - span)), known)


def recently(mask: Bools, at: Ints, span: int) -> Bools:
    """Where *mask* was true less than *span* milliseconds ago, or is."""
    never = at[0] - span - 1 if len(at) else 0
    last = np.maximum.accumulate(np.where(mask, at, never))
    return at - last < span


def lowest_nearby(value: Floats, at: Ints, span: int) -> Floats:
    """A lower bound of the lowest value of the last *span* milliseconds: the lowest of the
    present and the previous block of that length (van Herk's blocks)."""
    if not len(at):
        return value
    block = at // span
    first = np.flatnonzero(np.r_[True, block[1:] != block[:-1]])
    low = np.minimum.reduceat(value, first)
    adjacent = np.r_[False, np.diff(block[first]) == 1]
    low = np.where(adjacent, np.minimum(low, np.r_[np.inf, low[:-1]]), low)
    return np.repeat(low, np.diff(np.r_[first, len(at)]))
