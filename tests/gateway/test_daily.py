"""What stays on the box is counted upward once a day, whatever happens to the box."""

import asyncio
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from devices.decoder import Decoder
from gateway.daily import count_days
from gateway.incidents import Account, Ledger
from gateway.model import Batch, Incident, Item, Place
from gateway.spine import Spine
from gateway.store import Store, StoreSpec
from rules.engine import Engine
from tests.contracts.facts import incident

ZONE = ZoneInfo("Asia/Shanghai")
DAY = 86_400_000


class Site(NamedTuple):
    id: str = "east"
    zone: ZoneInfo = ZONE
    place: Place = Place("east")


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


class Days:
    """A clock that jumps to where it shall wake, and stops after some days."""

    synced = True

    def __init__(self, now: int, days: int) -> None:
        self._now, self._end = now, now + days * DAY

    def now(self) -> int:
        return self._now

    async def sleep_until(self, when: int) -> None:
        if when > self._end:
            raise asyncio.CancelledError
        self._now = max(self._now, when)


class Committed:
    """An inbox whose items go through a spine into a store at once."""

    def __init__(self, store: Store, clock: Days) -> None:
        decoder = Decoder([])
        engine = Engine([], {})
        ledger = Ledger(lambda signal: Account("x", "x", "info", Place()))
        self._spine = Spine(decoder, engine, ledger, ["city", "street"])
        self._store, self._clock = store, clock

    async def put(self, items: list[Item], ack: object = None) -> None:
        turn = self._spine.take(items, self._clock.now())
        assert not turn.empty
        await self._store.commit(turn.batch)


def stayed(id: str, opened: str, kind: str = "noise", **more: object) -> Incident:
    told = {"kind": kind, "opened_at": at(opened), "sinks": (), **more}
    return replace(incident(id), **told)


async def run(store: Store, start: str, days: int, sinks: tuple[str, ...] = ("city",)) -> None:
    clock = Days(at(start), days)
    with suppress(asyncio.CancelledError):
        await count_days(Site(), sinks, store.cases, Committed(store, clock), clock)


async def told(store: Store, sink: str = "city") -> list[tuple[str, list[str]]]:
    found = await store.outbox.next(sink, 100)
    return [(e.id, [reason.text for reason in e.incident.reasons]) for e in found]


def opened(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "linli.db", StoreSpec())


async def test_a_day_is_told_once_when_it_is_over(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        closed = {"status": "resolved", "closed_at": at("2026-11-20 23:50")}
        await store.commit(
            Batch(
                at=at("2026-11-20 23:55"),
                incidents=(
                    stayed("a", "2026-11-20 08:00", **closed),
                    stayed("b", "2026-11-20 09:00"),
                    stayed("c", "2026-11-20 23:59", kind="exposed_waste"),
                    stayed("d", "2026-11-20 10:00", sinks=("city",)),
                    stayed("e", "2026-11-21 00:01"),
                ),
            )
        )
        await run(store, "2026-11-20 12:00", days=1)
        assert await told(store) == [
            ("daily-east-2026-11-20-0", ["noise: 2, closed 1", "exposed_waste: 1, closed 0"])
        ]
        (envelope,) = await store.outbox.next("city")
        assert (envelope.phase, envelope.incident.status) == ("opened", "resolved")
        assert envelope.incident.title == "2026-11-20: 本地处理 3 件 3 handled here"
        assert await told(store, "street") == []


async def test_a_box_that_starts_again_and_again_tells_it_once(tmp_path: Path) -> None:
    for _ in range(3):
        with closing(opened(tmp_path)) as store:
            batch = Batch(at=at("2026-11-20 12:00"), incidents=(stayed("a", "2026-11-20 08:00"),))
            await store.commit(batch)
            await run(store, "2026-11-21 06:00", days=0)
            for envelope in await store.outbox.next("city", 9):
                await store.outbox.done("city", [envelope.id])
    with closing(opened(tmp_path)) as store:
        await run(store, "2026-11-23 06:00", days=2)
        assert await told(store) == []


async def test_days_that_ended_while_the_box_was_off_are_told_later(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        days = ("2026-11-10", "2026-11-18", "2026-11-19")
        local = tuple(stayed(day, f"{day} 10:00") for day in days)
        await store.commit(Batch(at=at("2026-11-19 11:00"), incidents=local))
        await run(store, "2026-11-22 09:00", days=0)
        ids = [id for id, _ in await told(store)]
    assert ids == ["daily-east-2026-11-18-0", "daily-east-2026-11-19-0"], "a week, not for ever"


async def test_a_quiet_day_is_not_told(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        await run(store, "2026-11-20 12:00", days=3)
        assert await told(store) == []
