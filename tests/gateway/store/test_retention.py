from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.model import Batch, Duration, Reading
from gateway.store import Size, Store, compaction, retention
from gateway.store.history import History
from tests.gateway.store.facts import NOON, envelope, incident, reading, scene
from tests.gateway.store.test_compaction import do_chores

Open = Callable[..., Store]

HOUR = 3_600_000


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "READINGS", 100)
    monkeypatch.setattr(compaction.shelf, "FULL", 100)


def rough(hour: int, i: int) -> float:
    """A value that does not compress."""
    return float((hour * 7919 + i * 104_729) % 100_003) / 7


async def live(store: Store, hours: range, per_hour: int = 100) -> list[Reading]:
    """A batch per hour."""
    everything: list[Reading] = []
    for hour in hours:
        step = HOUR // per_hour
        batch = tuple(reading(hour * HOUR + i * step, rough(hour, i)) for i in range(per_hour))
        at = NOON + (hour + 1) * HOUR - 1
        await store.commit(Batch(at=at, readings=batch, snapshot=b"", scenes=(scene(hour),)))
        await do_chores(store)
        everything += batch
    return everything


def times(path: Path) -> list[int]:
    return [int(at) for c in History(path).scan(0, 2**60) for at in c.at]


async def test_old_readings_go_and_a_summary_of_them_stays(path: Path, opened: Open) -> None:
    store = opened(keep=Duration.parse("10h"))
    await store.commit(Batch(at=NOON, incidents=(incident(),), envelopes=(envelope(incident()),)))
    readings = await live(store, range(30))
    left = times(path)
    assert left[-1] == readings[-1].at
    assert 9.9 < (readings[-1].at - left[0]) / HOUR < 13
    assert (await store.totals())["expired"] == len(readings) - len(left)
    chart = await store.series("bin-04", "fill_level", NOON, NOON + 31 * HOUR, 30)
    assert chart.count.sum() == len(readings)
    assert chart.max.max() == max(float(r.value) for r in readings)
    assert await store.incidents() == [incident()]
    assert await store.outbox.next("city") == [envelope(incident())]


async def test_summaries_go_in_their_turn(path: Path, opened: Open) -> None:
    day = Duration.parse("10h")
    store = opened(keep=day, keep_summaries=day)
    await live(store, range(30))
    chart = await store.series("bin-04", "fill_level", NOON, NOON + 31 * HOUR, 30)
    assert 1000 <= chart.count.sum() < 1500
    assert store._access.writer.db.execute("SELECT count(*) FROM events").fetchone()[0] < 14


async def test_a_clock_ten_years_ahead_deletes_nothing(path: Path, opened: Open) -> None:
    store = opened(keep=Duration.parse("20h"))
    readings = await live(store, range(5))
    await live(store, range(90_000, 90_005))
    assert set(times(path)) >= {r.at for r in readings}


async def test_at_the_cap_the_oldest_readings_go_first(path: Path, opened: Open) -> None:
    limit = Size(300_000)
    store = opened(limit=limit, reserve=Size(0))
    await store.commit(Batch(at=NOON, incidents=(incident(),), envelopes=(envelope(incident()),)))
    readings = await live(store, range(300))
    left = times(path)
    assert 0 < len(left) < len(readings)
    assert left == [r.at for r in readings][-len(left) :]
    assert (await store.totals())["expired"] == len(readings) - len(left)
    assert retention.used(store._access.writer.db) < limit
    assert path.stat().st_size < 2 * limit  # noqa: ASYNC240 - a test may block
    assert await store.outbox.next("city") == [envelope(incident())]


async def test_at_the_cap_a_dead_sink_loses_the_oldest_and_they_are_counted(
    path: Path, opened: Open
) -> None:
    """The history, which is denser, reaches further back than what a sink can still fetch."""
    store = opened(limit=Size(400_000), reserve=Size(0))
    await store.journal.keep(["dead", "alive"])
    readings = await live(store, range(150))
    found, cursor = [], 0
    while True:
        some, cursor = await store.journal.read(cursor, 1000)
        if not some:
            break
        found += some
    totals = await store.totals()
    assert found == readings[-len(found) :]
    assert totals["unread"] == 2 * (len(readings) - len(found)) > 0
    assert len(readings) - totals["expired"] == len(times(path)) > len(found)


async def test_without_a_snapshot_the_journal_stays(path: Path, opened: Open) -> None:
    """A restart needs all of it, whatever the cap says."""
    store = opened(limit=Size(100_000))
    for i in range(100):
        await store.commit(Batch(at=NOON, readings=tuple(reading(i) for _ in range(100))))
    await do_chores(store)
    assert sum(len(batch) for batch in store.recall().tail) == 10_000
