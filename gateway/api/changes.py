"""What changed, told once to all open pages.

    event: devices
    data: {"all": false, "set": [{"id": "bin-03", ...}], "gone": []}

However many pages are open, the desk is looked at once a second, and what is sent is the same
bytes for all. A page that has just come, or was away too long, gets everything. The event `now`
ends each round and says what time it is here.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Any

import msgspec

from gateway.api import facts
from gateway.api.desk import Desk

EVERY = 1.0
"""Seconds between two looks."""
HISTORY = 30
"""Looks that a slow page may miss before it gets everything again."""
TOPICS = ("incidents", "cameras", "devices", "sinks", "parts")

State = dict[str, bytes]
"""The things of one topic by id, encoded."""


class Changes:
    """Looks while somebody watches, and not otherwise."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._now: dict[str, State] = {topic: {} for topic in TOPICS}
        self._news: deque[tuple[int, bytes]] = deque(maxlen=HISTORY)
        self._version, self._looked = 0, float("-inf")
        self._looking = asyncio.Lock()
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End all streams: the gateway stops."""
        self._closing.set()

    async def watch(self) -> AsyncIterator[bytes]:
        """Server-sent events: first everything, then, each second, what changed."""
        version = -1
        while not self._closing.is_set():
            await self._look()
            news, version = self._since(version), self._version
            yield news
            try:
                async with asyncio.timeout(EVERY):
                    await self._closing.wait()
            except TimeoutError:
                continue

    def _since(self, version: int) -> bytes:
        """What a page that knows *version* lacks."""
        missed = [news for at, news in self._news if at > version]
        if version < 0 or len(missed) < self._version - version:
            missed = [_event(t, {}, state, everything=True) for t, state in self._now.items()]
        return b"".join(missed) + b'event: now\ndata: {"now":%d}\n\n' % self._desk.clock.now()

    async def _look(self) -> None:
        clock = asyncio.get_running_loop().time
        async with self._looking:
            if clock() - self._looked < EVERY * 0.9:
                return
            news = bytearray()
            for topic, found in await self._facts():
                state = {thing.id: msgspec.json.encode(thing) for thing in found}
                if state != self._now[topic]:
                    news += _event(topic, self._now[topic], state)
                    self._now[topic] = state
            if news:
                self._version += 1
                self._news.append((self._version, bytes(news)))
            self._looked = clock()

    async def _facts(self) -> list[tuple[str, Iterable[Any]]]:
        desk = self._desk
        return [
            ("incidents", await facts.incidents(desk)),
            ("cameras", facts.cameras(desk)),
            ("devices", facts.devices(desk)),
            ("sinks", await facts.sinks(desk)),
            ("parts", facts.parts(desk)),
        ]


def _event(topic: str, before: State, now: State, *, everything: bool = False) -> bytes:
    changed = [thing for id, thing in now.items() if before.get(id) != thing]
    gone = [id for id in before if id not in now]
    return b'event: %b\ndata: {"all":%b,"set":[%b],"gone":%b}\n\n' % (
        topic.encode(),
        b"true" if everything else b"false",
        b",".join(changed),
        msgspec.json.encode(gone),
    )
