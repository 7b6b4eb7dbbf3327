"""Copies the journal into time-series stores: a projection, which can be made again.

One task per sink, behind a cursor of its own. What a sink refuses for good is kept with the
reason and in one transaction with the cursor; a person has it tried again, or gives it up.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Protocol

from gateway.delivery import Jitter, Pace, look_for, wait_after
from gateway.model import Millis, Reading
from gateway.ports import ReadingSink, ReadingSinkSpec, Retry, Surroundings
from gateway.precedence import TELEMETRY
from gateway.store.failures import StoreFailed

BATCH = 5000
"""Readings per write: larger gains nothing measurable with InfluxDB (benchmarks/influx.py)."""
LINGER = 2.0
"""Seconds to gather after a batch that was not full: fewer requests, fewer bytes of flash."""


class Journal(Protocol):
    async def read(self, cursor: int, limit: int) -> tuple[Sequence[Reading], int]:
        """Readings behind *cursor*, and the cursor behind them."""
        ...

    async def cursor(self, name: str) -> int: ...
    async def advance(self, name: str, cursor: int) -> None: ...


class Refusal(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def reading(self) -> Reading: ...


class Refused(Protocol):
    """Durable when the call returns."""

    async def bury(
        self, sink: str, refused: Sequence[tuple[Reading, str]], cursor: int, at: Millis
    ) -> None:
        """Keep *refused*, and move the cursor of *sink*, in one transaction."""
        ...

    async def again(self, sink: str, limit: int) -> Sequence[Refusal]:
        """What a person wants to be tried once more."""
        ...

    async def settle(self, asked: Sequence[int], refused: Mapping[int, str]) -> None:
        """Of the ids *asked* for, the sink took all but *refused* (id -> reason)."""
        ...


async def project(
    spec: ReadingSinkSpec,
    around: Surroundings,
    journal: Journal,
    refused: Refused,
    news: asyncio.Event,
    jitter: Jitter = random.random,
) -> None:
    """Copy the readings of *journal* into the sink of *spec*, for ever. The cursor moves only
    behind what has arrived, so after a crash some are written twice, and none is missing."""
    pace = Pace(jitter)
    while True:
        try:
            async with spec.open(around) as sink:
                copy = _Copy(spec.id, sink, around, journal, refused)
                while True:
                    news.clear()
                    found = await copy.step()
                    pace.reset()
                    if found >= BATCH:
                        continue
                    await copy.once_more()
                    if found:
                        await asyncio.sleep(LINGER)
                    else:
                        around.health.report(spec.id, "ok", "nothing waits")
                        await look_for(news)
        except (Retry, OSError, StoreFailed) as failure:
            await wait_after(spec.id, failure, pace, around.health)


class _Copy:
    """From one journal to one open sink."""

    def __init__(
        self, name: str, sink: ReadingSink, around: Surroundings, journal: Journal, refused: Refused
    ) -> None:
        self._name, self._sink, self._around = name, sink, around
        self._journal, self._refused = journal, refused

    async def step(self) -> int:
        """The next batch. Returns for how many positions of the journal that was."""
        name, journal = self._name, self._journal
        cursor = await journal.cursor(name)
        readings, behind = await journal.read(cursor, BATCH)
        problems = await self._write(readings) if readings else ()
        if problems:
            await self._refused.bury(name, problems, behind, self._around.clock.now())
        elif behind != cursor:
            await journal.advance(name, behind)
        return behind - cursor

    async def once_more(self) -> None:
        """What a person wants to be tried again; what is refused again says why it now is."""
        asked = await self._refused.again(self._name, BATCH)
        if asked:
            problems = await self._write([one.reading for one in asked])
            why = {id(reading): reason for reading, reason in problems}
            still = {one.id: why[id(one.reading)] for one in asked if id(one.reading) in why}
            await self._refused.settle([one.id for one in asked], still)

    async def _write(self, readings: Sequence[Reading]) -> Sequence[tuple[Reading, str]]:
        health = self._around.health
        await self._around.precedence.clear(TELEMETRY)
        refused = await self._sink.write(readings)
        for _, reason in refused:
            health.count("refused", part=self._name, why=reason)
        health.count("written", len(readings) - len(refused), part=self._name)
        told = (
            [f"refused {len(refused)}, the last one because: {refused[-1][1]}"] if refused else []
        )
        health.report(self._name, "ok", "; ".join(["writing", *told]))
        return refused
