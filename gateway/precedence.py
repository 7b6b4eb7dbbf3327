"""Who goes first on a thin uplink: incidents, then pictures, then telemetry.

What is less important waits with its next piece while something more important is being sent, but
not for ever: a platform that hangs must not hold up the rest.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Rank = Literal[0, 1, 2]
INCIDENTS: Rank = 0
PICTURES: Rank = 1
TELEMETRY: Rank = 2
PATIENCE = 30.0
"""Seconds that a piece waits at most."""


class Precedence:
    """One for all that goes out."""

    def __init__(self) -> None:
        self._sending: Counter[Rank] = Counter()
        self._waiting: set[asyncio.Event] = set()

    @contextmanager
    def sending(self, rank: Rank) -> Iterator[None]:
        """From the first piece of a backlog to the last one, or to a failure: who waits after a
        failure sends nothing, and is nobody's reason to wait."""
        self._sending[rank] += 1
        try:
            yield
        finally:
            self._sending[rank] -= 1
            for event in self._waiting:
                event.set()

    async def clear(self, rank: Rank) -> None:
        """Returns when nothing of a better rank is being sent; call it before each piece."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while any(self._sending[better] for better in (INCIDENTS, PICTURES)[:rank]):
                    await self._change()

    async def _change(self) -> None:
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            await event.wait()
        finally:
            self._waiting.discard(event)
