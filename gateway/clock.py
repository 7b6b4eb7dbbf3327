"""The one module that asks what time it is."""

import asyncio
import time

from gateway.model import Millis

EARLIEST: Millis = 1_767_225_600_000
"""2026-01-01: no box was built before; a clock that shows less has not been set yet."""


class SystemClock:
    """UTC that never goes back, whatever the time service does to the wall clock."""

    def __init__(self) -> None:
        self._last: Millis = 0

    def now(self) -> Millis:
        self._last = max(self._last, time.time_ns() // 1_000_000)  # noqa: TID251 - the one place
        return self._last

    @property
    def synced(self) -> bool:
        return self.now() >= EARLIEST

    async def sleep_until(self, when: Millis) -> None:
        await asyncio.sleep(max(0, when - self.now()) / 1000)
