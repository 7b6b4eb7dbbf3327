"""When cells and groups want to be looked at again: a heap with lazy deletion."""

from collections.abc import Mapping
from heapq import heappop, heappush

from gateway.model import Millis
from rules.cell import Group, Timed


class Timers:
    """Timers in the order of their instants; at one instant in the order of the rules, cells
    before groups, then by name: whatever was armed first, a replay fires them alike."""

    def __init__(self, order: Mapping[str, int]) -> None:
        self._order = order
        self.heap: list[tuple[Millis, int, bool, str, int, Timed]] = []
        """To be looked at only: nothing is due before its first entry."""
        self._count = 0

    def set(self, timed: Timed, now: Millis, *dues: Millis | None) -> None:
        """Fire *timed* at the first of *dues* after *now*, and not when it was set before."""
        at = None
        for due in dues:  # quicker than min() of a generator, and this is the hottest place
            if due is not None and due > now and (at is None or due < at):
                at = due
        timed.due = at
        if at is not None and (timed.queued is None or at < timed.queued):
            self._push(timed, at)

    def resume(self, timed: Timed, due: Millis | None) -> None:
        """Fire *timed* at *due*, also where that is past."""
        timed.due = due
        if due is not None:
            self._push(timed, due)

    def due(self) -> Millis | None:
        """The instant of the first timer."""
        while self.heap:
            at, *_, timed = self.heap[0]
            if at == timed.due:
                return at
            heappop(self.heap)
            if at == timed.queued:
                timed.queued = None
                if timed.due is not None:
                    self._push(timed, timed.due)
        return None

    def pop(self, now: Millis) -> tuple[Millis, Timed] | None:
        """Take the first timer that is due by *now*."""
        if not self.heap or self.heap[0][0] > now:
            return None
        at = self.due()
        if at is None or at > now:
            return None
        timed = heappop(self.heap)[-1]
        timed.due = timed.queued = None
        return at, timed

    def _push(self, timed: Timed, at: Millis) -> None:
        """An entry may stay behind when `due` moves on: it follows when it comes up, so that a
        sensor that reports each second does not fill the heap."""
        timed.queued = at
        self._count += 1
        rank = self._order[timed.rule.id], isinstance(timed, Group), timed.unit
        heappush(self.heap, (at, *rank, self._count, timed))
