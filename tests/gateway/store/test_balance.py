import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.model import Batch, Duration
from gateway.store import Store, compaction, retention
from gateway.store.balance import Balance
from tests.gateway.store.facts import NOON, reading


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chores after a few commits."""
    monkeypatch.setattr("gateway.store.chores.COMMITS", 4)
    monkeypatch.setattr(compaction, "BATCHES", 4)
    monkeypatch.setattr(retention, "PERIOD", 1)


async def fill(store: Store, batches: int = 40) -> None:
    for n in range(batches):
        at = NOON + n * 60_000
        batch = tuple(reading(n * 60_000 + i, device=f"d{i % 3}") for i in range(5))
        await store.commit(Batch(at=at, readings=batch, snapshot=b"s" if n % 5 == 0 else None))
    while store._chores._round is not None:
        await store.totals()


async def test_what_was_forgotten_is_told_from_what_is_held(
    opened: Callable[..., Store],
) -> None:
    store = opened(keep=Duration.parse("10m"))
    await fill(store)
    found = await store.balance()
    assert found.committed == 200
    assert found.expired > 100
    assert (found.held, found.unexplained) == (200 - found.expired, 0)


async def test_a_damaged_row_is_accounted_for(opened: Callable[..., Store], path: Path) -> None:
    store = opened()
    await fill(store)
    store.close()
    db = sqlite3.connect(path)
    (lost,) = db.execute("SELECT n FROM chunk WHERE id = 1").fetchone()
    db.execute("UPDATE chunk SET crc = crc + 1 WHERE id = 1")
    db.commit()
    db.close()
    store = opened()
    await store.series("d0", "fill_level", NOON, NOON + 10**9)
    await fill(store)
    assert await store.balance() == Balance(400, 400 - lost, 0, lost)


async def test_what_a_salvage_cannot_save_is_accounted_for(
    opened: Callable[..., Store], path: Path
) -> None:
    store = opened()
    await fill(store)
    store.close()
    db = sqlite3.connect(path)
    (lost,) = db.execute("SELECT n FROM chunk WHERE id = 1").fetchone()
    db.execute("UPDATE chunk SET crc = crc + 1 WHERE id = 1")
    db.commit()
    db.close()
    with path.open("r+b") as file:
        file.write(b"nothing that SQLite knows")
    assert await opened().balance() == Balance(200, 200 - lost, 0, lost)


async def test_a_reading_that_vanished_without_a_word_is_noticed(
    opened: Callable[..., Store], path: Path
) -> None:
    """The control."""
    store = opened()
    await fill(store)
    store.close()
    db = sqlite3.connect(path)
    (lost,) = db.execute("SELECT n FROM chunk WHERE id = 2").fetchone()
    db.execute("DELETE FROM chunk WHERE id = 2")
    db.commit()
    db.close()
    assert (await opened().balance()).unexplained == lost
