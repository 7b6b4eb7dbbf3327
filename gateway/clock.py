"""The one module that asks what time it is."""

import asyncio
import time

from gateway.model import Millis

EARLIEST: Millis = 1_767_225_600_000
"""2026-01-01: no box was built before; a clock that shows less has not been set yet."""


class SystemClock:
    """UTC that never goes back, whatever the time service does to the wall clock.

    While the wall clock is behind what was already told, time goes on at the pace of the
    monotonic clock, so that timers neither stand still nor run twice.
    """

    def __init__(self) -> None:
        self._told: Millis = 0
        self._ticks = time.monotonic_ns()

    def now(self) -> Millis:
        wall = time.time_ns() // 1_000_000  # noqa: TID251 - the one place
        ticks = time.monotonic_ns()
        if wall >= self._told:
            self._told, self._ticks = wall, ticks
        elif passed := (ticks - self._ticks) // 1_000_000:
            self._told += passed
            self._ticks += passed * 1_000_000
        return self._told

    def not_before(self, at: Millis) -> None:
        """Go on behind *at*, the last instant of the journal, after a restart."""
        self._told, self._ticks = max(self._told, at), time.monotonic_ns()

    @property
    def synced(self) -> bool:
        return time.time_ns() // 1_000_000 >= EARLIEST  # noqa: TID251 - the one place

    async def sleep_until(self, when: Millis) -> None:
        await asyncio.sleep(max(0, when - self.now()) / 1000)
