"""The others fail: a platform and an InfluxDB that are killed at any moment, and a week without
either of them. The store, the queues and the wire are the real ones."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import NamedTuple

from gateway.delivery import deliver
from gateway.model import Answer, Batch, Reading
from gateway.projection import project
from gateway.sinks.cloud_events import CloudEvents
from gateway.sinks.influx import Influx
from gateway.store import Size, Store, StoreSpec
from tests.contracts.facts import surroundings
from tests.contracts.servers import Process, free_port, influxd
from tests.contracts.test_reading_sinks import influxql
from tests.faults.oracle import ROOT, Broken
from tests.gateway.store.facts import envelope, incident

MONDAY = 1_800_000_000_000
SENSORS = 50
EVERY = 10_000
"""Millis between two readings of one sensor: five a second in all, as in a small site."""
APART = 1440
"""Readings between two incidents of a week: 300 a day."""
HASTE = 0.02
"""Of a wait after a failure; else a run of 200 kills would take a night."""


class World(NamedTuple):
    """One store, a platform, an InfluxDB, and the two tasks between them."""

    store: Store
    city: Process
    told: Path
    influx: Process
    spec: Influx
    news: asyncio.Event
    more: asyncio.Event
    """For the two tasks: something came in."""


def hasty() -> float:
    """A jitter."""
    return HASTE * random.random()


async def ignore(answer: Answer) -> None:
    """Nobody waits for what the platform says."""


@asynccontextmanager
async def world(folder: Path, *options: str, limit: str = "4GB") -> AsyncIterator[World]:
    (folder / "influx").mkdir(parents=True)
    port, told = free_port(), folder / "told"
    told.touch()
    command = [sys.executable, "-m", "tests.faults.register", str(port), str(told), *options]
    city = Process(command, f"http://127.0.0.1:{port}", "/", cwd=ROOT)
    spec = StoreSpec(limit=Size.parse(limit))
    with influxd(folder / "influx") as influx, closing(Store.open(folder / "w.db", spec)) as store:
        await store.journal.keep(["influx"])
        try:
            to = Influx(id="influx", url=influx.url)
            yield World(store, city, told, influx, to, asyncio.Event(), asyncio.Event())
        finally:
            city.kill()


@asynccontextmanager
async def sending(there: World) -> AsyncIterator[None]:
    """As the gateway does it, only more hastily."""
    store, around = there.store, surroundings(Path())
    spec = CloudEvents(id="city", url=f"{there.city.url}/events")
    tasks = [
        asyncio.create_task(deliver(spec, around, store.outbox, there.news, ignore, hasty)),
        asyncio.create_task(
            project(there.spec, around, store.journal, store.refused, there.more, hasty)
        ),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def live(there: World, first: int, until: int, step: int, apart: int) -> None:
    """The readings from number *first* to before *until*, in batches of *step*; with every
    *apart*th an incident of two versions."""
    for start in range(first, until, step):
        numbers = range(start, min(start + step, until))
        found = [
            incident(f"i-{n // apart:05}", seq) for n in numbers if n % apart == 0 for seq in (0, 1)
        ]
        batch = Batch(
            at=MONDAY + numbers[-1] * EVERY // SENSORS,
            readings=tuple(map(nth, numbers)),
            incidents=tuple(found),
            envelopes=tuple(map(envelope, found)),
            snapshot=b"s" if start // step % 50 == 0 else None,
        )
        await there.store.commit(batch)
        there.news.set()
        there.more.set()


def nth(n: int) -> Reading:
    at = MONDAY + n * EVERY // SENSORS
    return Reading(f"sensor-{n % SENSORS:02}", "temperature", n / 4, at, unit="Cel")


async def drained(store: Store, seconds: float) -> None:
    """Until nothing waits any more."""
    async with asyncio.timeout(seconds):
        while True:
            backlog = (await store.outbox.backlog()).get("city")
            if not (await store.journal.waiting())["influx"] and not (backlog and backlog.waiting):
                return
            await asyncio.sleep(0.1)


async def judge(there: World, readings: int, ids: Sequence[str], *, line: bool) -> tuple[int, int]:
    """Raises Broken unless all is where it belongs: each report once in effect, the versions of
    an incident in their order, and all in one *line* where nothing was left half-answered. Returns
    how many reports came twice, and how many readings had to go before they were fetched."""
    lines = there.told.read_text().split()
    first = list(dict.fromkeys(lines))
    if sorted(first) != ids:
        raise Broken(f"of {len(ids)} reports {len(set(ids) & set(first))} arrived")
    of_each = sorted(first, key=lambda id: id.rpartition("-")[0])
    if of_each != ids or (line and first != ids):
        raise Broken("they arrived out of their order")
    totals, balance = await there.store.totals(), await there.store.balance()
    if balance.unexplained or balance.committed != readings:
        raise Broken(f"the ledger does not balance: {balance}")
    (series,) = await influxql(there.spec, 'SELECT count(value), min(value) FROM "temperature"')
    _, count, least = series["values"][0]
    if count != readings - totals["unread"]:
        raise Broken(f"{readings} readings, {totals['unread']} unread, {count} in InfluxDB")
    if least != totals["unread"] / 4:
        raise Broken("it is not the oldest that went")
    return len(lines) - len(first), totals["unread"]


def expected(incidents: int) -> list[str]:
    return [f"i-{n:05}-{seq}" for n in range(incidents) for seq in (0, 1)]


async def kills(folder: Path, n: int, chance: random.Random, *options: str) -> dict[str, int]:
    """Kill platform and InfluxDB *n* times each while readings and incidents come in."""
    per, each = 200, 4
    async with world(folder, *options) as there:
        there.city.start()
        async with sending(there):
            for number in range(n):
                first = number * per
                await live(there, first, first + per, per // each, per // each)
                await asyncio.sleep(chance.uniform(0, 0.1))
                for victim in (there.city, there.influx):
                    victim.kill()
                    await asyncio.to_thread(victim.start)
            await drained(there.store, 120)
        if options:
            await asyncio.sleep(0.5)  # what the control writes late
        twice, _ = await judge(there, n * per, expected(n * each), line=False)
    return {"kills_each": n, "readings": n * per, "reports": 2 * n * each, "reports_again": twice}


async def week(folder: Path, readings: int, limit: str = "4GB") -> dict[str, int]:
    """Seven days without uplink, as fast as the disk takes them; then both are back."""
    reports = -(-readings // APART)
    async with world(folder, limit=limit) as there:
        there.influx.kill()
        async with sending(there):
            await live(there, 0, readings, 250, APART)
            waiting = (await there.store.outbox.backlog())["city"].waiting
            if waiting != 2 * reports:
                raise Broken(f"{waiting} of {2 * reports} reports wait")
            await asyncio.to_thread(there.influx.start)
            there.city.start()
            begin = asyncio.get_running_loop().time()
            await drained(there.store, 600)
            took = asyncio.get_running_loop().time() - begin
        twice, unread = await judge(there, readings, expected(reports), line=True)
    return {
        "readings": readings,
        "reports": 2 * reports,
        "unread": unread,
        "reports_again": twice,
        "drained_in_s": round(took),
    }
