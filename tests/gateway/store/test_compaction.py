"""Whatever is moved and joined behind the scenes, every reading is there once."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from gateway.model import Batch, Quality, Reading
from gateway.store import Store, chores, compaction
from gateway.store.history import History
from tests.gateway.store.facts import NOON, reading, scene

Open = Callable[..., Store]


async def do_chores(store: Store) -> None:
    """All that is due, at once."""

    def work() -> None:
        store._chores._round = store._chores._chores()
        while store._chores.step():
            pass

    await store._access.writing.run(work)


def past(path: Path) -> list[tuple[str, int, float | str, int]]:
    return sorted(
        (c.device, int(at), c.texts.get(i, float(value)), int(quality))
        for c in History(path).scan(0, 2**60)
        for i, (at, value, quality) in enumerate(zip(c.at, c.value, c.quality, strict=True))
    )


def plain(readings: Sequence[Reading]) -> list[tuple[str, int, float | str, int]]:
    return sorted((r.device, r.at, r.value, r.quality) for r in readings)


def when(seen: Reading) -> int:
    return seen.at if seen.measured_at is None else seen.measured_at


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs, chunks and rounds so small that every path is walked in a few hundred readings."""
    monkeypatch.setattr(compaction, "BATCHES", 4)
    monkeypatch.setattr(compaction, "ROWS", 2)
    monkeypatch.setattr(compaction.shelf, "FULL", 40)
    monkeypatch.setattr(compaction, "PARTIAL", 4)


@pytest.mark.usefixtures("small")
async def test_every_reading_is_found_once_at_every_moment(store: Store, path: Path) -> None:
    everything: list[Reading] = []
    for i in range(0, 300, 3):
        batch = (
            reading(i, i / 10, "a"),
            reading(i + 1, f"text {i}" if i % 7 else 1.5, "b", quality=Quality.LATE),
            reading(i + 2, float(i), "c", measured_at=NOON - i if i % 2 else None),
        )
        await store.commit(Batch(at=NOON + i, readings=batch, snapshot=b"s", scenes=(scene(i),)))
        everything += batch
        await do_chores(store)
        assert past(path) == plain(everything)
        chart = await store.series("c", "fill_level", NOON - 500, NOON + 500)
        assert chart.mean.tolist() == [r.value for r in sorted(everything[2::3], key=when)]
    db = store._access.writer.db
    assert db.execute("SELECT count(*) FROM journal").fetchone()[0] < 8
    sizes = [
        n
        for (n,) in db.execute(
            "SELECT n FROM chunk WHERE series = (SELECT min(series) FROM chunk) ORDER BY at0"
        )
    ]
    assert sizes[:2] == [40, 40]
    assert len(sizes) < 7
    assert (await store.totals()) == {
        "committed": 300,
        "expired": 0,
        "unread": 0,
        "damaged": 0,
        "forgotten": 0,
    }


@pytest.mark.usefixtures("small")
async def test_a_slow_reader_and_the_older_snapshot_hold_the_journal(
    store: Store, path: Path
) -> None:
    await store.journal.keep(["influx"])
    for i in range(20):
        await store.commit(Batch(at=NOON, readings=(reading(i),), snapshot=b"%d" % i))
    await do_chores(store)
    assert (await store.journal.read(0, 100))[0] == [reading(i) for i in range(20)]
    _, cursor = await store.journal.read(0, 10)
    await store.journal.advance("influx", cursor)
    await do_chores(store)
    assert (await store.journal.read(cursor, 100))[0] == [reading(i) for i in range(10, 20)]
    assert past(path) == plain([reading(i) for i in range(20)])
    _, end = await store.journal.read(cursor, 100)
    await store.journal.advance("influx", end)
    await do_chores(store)
    recall = store.recall()
    assert recall.snapshot == b"19"
    store._access.writer.db.execute("UPDATE snapshot SET crc = 0 WHERE body = ?", (b"19",))
    recall = store.recall()
    assert recall.snapshot == b"18"
    assert list(recall.tail) == [(reading(19),)]


@pytest.mark.usefixtures("small")
async def test_positions_are_never_used_twice(path: Path, opened: Open) -> None:
    """Even when the whole journal has become chunks before a restart."""
    store = opened()
    for i in range(9):
        await store.commit(Batch(at=NOON, readings=(reading(i),), snapshot=b""))
    await do_chores(store)
    store._access.writer.db.execute("DELETE FROM journal")
    store._access.writer.db.execute("DELETE FROM snapshot")
    store.close()
    store = opened()
    assert store._access.writer.upto >= 16
    await store.commit(Batch(at=NOON, readings=(reading(99),)))
    assert (await store.journal.read(16, 9))[0] == [reading(99)]
    store.close()


async def test_chores_are_done_after_commits_without_being_asked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "COMMITS", 2)
    monkeypatch.setattr(compaction, "BATCHES", 4)
    for i in range(40):
        await store.commit(Batch(at=NOON, readings=(reading(i),), snapshot=b""))
    await store.totals()  # behind all that is queued
    db = store._access.writer.db
    assert db.execute("SELECT count(*) FROM chunk").fetchone()[0] > 0


async def test_a_bug_in_the_chores_is_not_swallowed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "COMMITS", 1)
    monkeypatch.setattr(chores.patrol, "repair", lambda writer, damage: 1 / 0)
    await store.commit(Batch(at=NOON))
    with suppress(ZeroDivisionError):
        await store.totals()  # waits behind the chore that fails
    with pytest.raises(ZeroDivisionError):
        await store.commit(Batch(at=NOON))


@pytest.mark.usefixtures("small")
async def test_a_rotten_batch_costs_that_batch(store: Store, path: Path) -> None:
    for i in range(12):
        await store.commit(Batch(at=NOON, readings=(reading(i),), snapshot=b""))
    db = store._access.writer.db
    db.execute("UPDATE journal SET readings = zeroblob(29) WHERE upto = 8")
    await do_chores(store)
    good = [reading(i) for i in range(12) if i != 3]
    assert past(path) == plain(good)
    assert (await store.totals())["damaged"] == 1
    (kept,) = await store.quarantined()
    assert (kept.source, kept.topic) == ("store", "journal/8")


@pytest.mark.usefixtures("small")
async def test_nothing_but_rotten_batches_does_not_stop_the_chores(store: Store) -> None:
    for i in range(12):
        await store.commit(Batch(at=NOON, readings=(reading(i),), snapshot=b""))
    store._access.writer.db.execute("UPDATE journal SET crc = 0")
    await do_chores(store)
    assert not compaction.due(store._access.writer)
    assert (await store.totals())["damaged"] == 12


@pytest.mark.usefixtures("small")
async def test_the_patrol_finds_a_rotten_chunk_before_anybody_reads_it(store: Store) -> None:
    for i in range(12):
        await store.commit(Batch(at=NOON, readings=(reading(i),), snapshot=b""))
    await do_chores(store)
    db = store._access.writer.db
    number, n = db.execute("SELECT id, n FROM chunk LIMIT 1").fetchone()
    db.execute("UPDATE chunk SET body = zeroblob(length(body)) WHERE id = ?", (number,))
    for _ in range(6):
        await do_chores(store)
    assert (await store.totals())["damaged"] == n
    assert [q.topic for q in await store.quarantined()] == [f"chunk/{number}"]


@pytest.mark.usefixtures("small")
async def test_a_clock_set_back_over_a_restart_keeps_chunks_in_order(
    store: Store, path: Path
) -> None:
    times = [*range(50), *range(20, 40)]
    for at in times:
        await store.commit(Batch(at=NOON, readings=(reading(at),), snapshot=b""))
        await do_chores(store)
    for piece in History(path).scan(0, 2**60):
        assert (np.diff(piece.at) >= 0).all()
    assert past(path) == plain([reading(at) for at in times])


@pytest.mark.usefixtures("small")
async def test_a_damaged_counter_does_not_show_readings_twice(store: Store, path: Path) -> None:
    """The batches are kept for a reader, and are in chunks already."""
    await store.journal.keep(["slow"])
    for i in range(12):
        await store.commit(Batch(at=NOON, readings=(reading(i),), snapshot=b""))
    await do_chores(store)
    store._access.writer.db.execute("UPDATE meta SET value = 1 WHERE name = 'compacted'")
    assert past(path) == plain([reading(i) for i in range(12)])
    await store.reopen()
    await do_chores(store)
    assert past(path) == plain([reading(i) for i in range(12)])
