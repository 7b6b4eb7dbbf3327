"""Inbox -> spine -> store -> acknowledgements: the one task that moves everything.

Batches make themselves: while one is being written, the next gathers in the inbox. So a quiet
box answers at once, and a busy one pays for one sync per thousands of readings.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from gateway.intake import BoundedInbox, Delivery, Feed, frames_apart
from gateway.model import Batch, Millis
from gateway.pace import Rest
from gateway.ports import Clock, Health
from gateway.spine import Spine, Turn
from gateway.store import StoreFailed

MOST = 5000
"""Items of one turn; more would hold up the loop."""
HEARTBEAT = 5.0
"""Seconds after which an idle pump shows that it lives."""
SNAPSHOT_READINGS = 100_000
SNAPSHOT_AGE: Millis = 300_000
"""A snapshot bounds what a restart replays: so many readings, or so much time."""
REOPEN = 1.0
"""Seconds between tries at a store that fails."""


class Durable(Protocol):
    """What a pump needs of a store."""

    async def commit(self, batch: Batch) -> None: ...
    async def reopen(self) -> None: ...


class Pump:
    """`after` is told of each turn once it is on disk, before it is acknowledged."""

    def __init__(  # noqa: PLR0913 - everything that it joins
        self,
        inbox: BoundedInbox,
        spine: Spine,
        store: Durable,
        clock: Clock,
        health: Health,
        *,
        feeds: Mapping[str, Feed],
        after: Callable[[Turn], None],
        beat: Callable[[], object],
        rest: Rest = lambda took: 0.0,
    ) -> None:
        self._inbox, self._spine, self._store = inbox, spine, store
        self._clock, self._health, self._feeds = clock, health, feeds
        self._after, self._beat, self._rest = after, beat, rest
        self._since_snapshot, self._snapshot_at = 0, clock.now()
        self._turning = asyncio.Lock()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        earliest = loop.time()
        while True:
            self._beat()
            await self._inbox.wait(self._patience())
            if (wait := earliest - loop.time()) > 0 and len(self._inbox) < MOST:
                await asyncio.sleep(wait)
            begin = loop.time()
            async with self._turning:
                await self.turn(self._inbox.take(MOST))
            earliest = begin + self._rest(loop.time() - begin)

    async def between(self, change: Callable[[Millis], Turn]) -> None:
        """Make a turn of one's own between two others, committed like them."""
        async with self._turning:
            await self.commit(change(self._clock.now()))

    async def drain(self) -> None:
        """The last turns before a stop; the final one leaves a snapshot behind."""
        while len(self._inbox):
            await self.turn(self._inbox.take(MOST))
        await self.commit(self._spine.take((), self._clock.now(), snapshot=True))

    async def turn(self, deliveries: list[Delivery]) -> None:
        items = [item for delivery in deliveries for item in delivery.items]
        if self._feeds:
            items = frames_apart(items, self._feeds)
        now, synced = self._clock.now(), self._clock.synced
        if shift := self._clock.corrected():
            await self.commit(self._spine.put_right(shift, now))
        turn = self._spine.take(items, now, snapshot=self._wants_snapshot(now), synced=synced)
        await self.commit(turn)
        for delivery in deliveries:
            if delivery.ack:
                delivery.ack()

    async def commit(self, turn: Turn) -> None:
        """Returns when it is on disk. While the store fails nothing is acknowledged, and the
        inbox fills: that is what holds the devices back."""
        while not turn.empty:
            try:
                await self._store.commit(turn.batch)
                self._health.report("store", "ok")
                break
            except StoreFailed as error:
                await self._mend(error)
        self._since_snapshot += len(turn.batch.readings)
        for (what, part, why), n in turn.tally.items():
            self._health.count(what, n, part=part, why=why)
            if what == "rule_failed":
                self._health.report(f"rule:{part}", "failed", f"on a reading: {why}")
        self._after(turn)

    async def _mend(self, error: StoreFailed) -> None:
        """Open the store again, however long that takes."""
        while True:
            self._health.count("store_failures")
            self._health.report("store", "failed", f"{error}; nothing is acknowledged")
            self._beat()
            await asyncio.sleep(REOPEN)
            try:
                return await self._store.reopen()
            except StoreFailed as again:
                error = again

    def _patience(self) -> float:
        due = self._spine.due()
        if due is None:
            return HEARTBEAT
        return min(HEARTBEAT, max(0, due - self._clock.now()) / 1000)

    def _wants_snapshot(self, now: Millis) -> bool:
        old = self._since_snapshot and now - self._snapshot_at >= SNAPSHOT_AGE
        if not old and self._since_snapshot < SNAPSHOT_READINGS:
            return False
        self._since_snapshot, self._snapshot_at = 0, now
        return True
