"""From the sources to the spine: one bounded inbox, and a supervisor for each source."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

from gateway.model import Item, Packet
from gateway.ports import Ack, Health, Inbox, Retry, Source

log = logging.getLogger(__name__)

CALM = 60.0
"""Seconds after which a source that ran counts as healthy again."""


class Delivery(NamedTuple):
    """What one call handed over, with its acknowledgement."""

    items: Sequence[Item]
    ack: Ack | None


class BoundedInbox:
    """Holds at most *items* items and *size* bytes; whoever brings more waits.

    One hand-over may be larger than what is left: it is then the last one taken.
    """

    def __init__(self, items: int = 20_000, size: int = 32_000_000) -> None:
        self._most_items, self._most_bytes = items, size
        self._waiting: deque[Delivery] = deque()
        self._items = self._bytes = 0
        self._arrived, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return self._items

    def offer(self, items: Sequence[Item], ack: Ack | None = None) -> bool:
        if not self._room.is_set():
            return False
        self._waiting.append(Delivery(items, ack))
        self._items += len(items)
        self._bytes += _size(items)
        self._arrived.set()
        if self._items >= self._most_items or self._bytes >= self._most_bytes:
            self._room.clear()
        return True

    async def put(self, items: Sequence[Item], ack: Ack | None = None) -> None:
        while not self.offer(items, ack):
            await self._room.wait()

    async def wait(self, seconds: float | None) -> None:
        """Return when something is there, or after *seconds*."""
        try:
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        except TimeoutError:
            pass

    def take(self, most: int) -> list[Delivery]:
        """What is there, up to about *most* items, in the order in which it came."""
        taken: list[Delivery] = []
        count = 0
        while self._waiting and count < most:
            delivery = self._waiting.popleft()
            taken.append(delivery)
            count += len(delivery.items)
            self._bytes -= _size(delivery.items)
        self._items -= count
        if not self._waiting:
            self._arrived.clear()
        self._room.set()
        return taken


def _size(items: Sequence[Item]) -> int:
    return sum(len(item.payload) for item in items if isinstance(item, Packet))


def backoff(rng: Random, base: float = 0.5, top: float = 60.0) -> Iterator[float]:
    """Seconds to wait before each next try: doubling, capped, with full jitter, so that two
    hundred boxes do not knock at the same instant when the power returns."""
    limit = base
    while True:
        yield rng.uniform(0, limit)
        limit = min(top, limit * 2)


async def supervise(name: str, source: Source, inbox: Inbox, health: Health, rng: Random) -> None:
    """Keep one source running: whatever ends it, it is started again after a while."""
    loop = asyncio.get_running_loop()
    waits = backoff(rng)
    while True:
        started = loop.time()
        health.report(name, "starting")
        try:
            await source.run(inbox)
            why = "it ended"
        except Exception as error:  # one broken way in must not stop the others
            why = _world(error) or f"broke: {type(error).__name__}: {error}"
            if _world(error) is None:
                log.exception("source %s broke", name)
        if loop.time() - started > CALM:
            waits = backoff(rng)
        wait = next(waits)
        health.count("source_restarts", part=name)
        health.report(name, "retrying", f"{why}; next try in {wait:.0f} s")
        await asyncio.sleep(wait)


def _world(error: Exception) -> str | None:
    """What of the world failed, in words; None when the mistake is our own."""
    if isinstance(error, ExceptionGroup):
        reasons = [_world(part) for part in error.exceptions]
        return "; ".join(dict.fromkeys(r for r in reasons if r)) if all(reasons) else None
    if isinstance(error, Retry | OSError):
        return str(error) or type(error).__name__
    return None


Feed = Callable[[bytes], object]


def frames_apart(items: Sequence[Item], feeds: Mapping[str, Feed]) -> list[Item]:
    """Give pictures that came over MQTT to their cameras; what is left is for the spine."""
    rest: list[Item] = []
    for item in items:
        if isinstance(item, Packet) and (feed := feeds.get(item.topic)):
            feed(item.payload)
        else:
            rest.append(item)
    return rest
