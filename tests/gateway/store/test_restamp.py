from pathlib import Path

import pytest

from gateway.model import Action, Batch, Quality, Shift
from gateway.store import Store, compaction
from gateway.store.history import History
from gateway.store.logbook import Logbook
from tests.gateway.store.facts import NOON, reading, scene

YEAR = 365 * 86_400_000
UNSET = 1_000_000
"""The box believes that it is 1970."""
SHIFT = Shift(UNSET, UNSET + 100 * 1000, NOON)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chores after each commit, chunks of a few batches."""
    monkeypatch.setattr("gateway.store.chores.COMMITS", 1)
    monkeypatch.setattr(compaction, "BATCHES", 10)
    monkeypatch.setattr("gateway.store.restamp.ROWS", 3)


async def unset(store: Store, n: int) -> None:
    """*n* batches of one reading and one scene, a second apart, before the time is known."""
    for i in range(n):
        at = UNSET + i * 1000
        wrong = reading(i, float(i), at=at, quality=int(Quality.UNSYNCED))
        action = Action("i-1", "acknowledged", "vera", at=at)
        batch = Batch(at=at, readings=(wrong,), scenes=(scene(at - NOON),), actions=(action,))
        await store.commit(batch)


async def settled(store: Store) -> None:
    """The chores under way have ended, and a round after them."""
    for _ in range(2):
        while store._chores._round is not None:
            await store.totals()
        await store.commit(Batch(at=2 * NOON))


def past(path: Path) -> list[tuple[int, float, int]]:
    return [
        (int(at), float(value), int(quality))
        for c in History(path).scan(0, 2**60)
        for at, value, quality in zip(c.at, c.value, c.quality, strict=True)
    ]


async def chart(store: Store, start: int, end: int) -> list[int]:
    return list((await store.series("bin-04", "fill_level", start, end)).at)


@pytest.mark.parametrize("n", [3, 47])
async def test_what_came_before_the_time_was_known_moves_to_where_it_belongs(
    store: Store, path: Path, n: int
) -> None:
    await unset(store, n)
    assert len(await chart(store, 0, YEAR)) == n
    now = NOON + UNSET + n * 1000
    await store.commit(Batch(at=now, readings=(reading(0, 99.0, at=now),), shift=SHIFT))
    await settled(store)
    moved = [(NOON + UNSET + i * 1000, float(i), int(Quality.RESTAMPED)) for i in range(n)]
    assert past(path) == [*moved, (now, 99.0, 0)]
    assert await chart(store, 0, YEAR) == []
    assert len(await chart(store, NOON, NOON + YEAR)) == n + 1
    assert [s.at for s in Logbook(path).scenes(0, 2**60)] == [at for at, _, _ in moved]
    readings, _ = await store.journal.read(0, 100)
    assert [r.at for r in readings] == sorted(r.at for r in readings)
    assert (await store.balance()).unexplained == 0


async def test_only_what_is_marked_and_of_this_start_is_moved(store: Store, path: Path) -> None:
    sure = reading(0, 1.0, at=UNSET + 5)
    before = reading(0, 2.0, at=UNSET - 5, quality=int(Quality.UNSYNCED))
    await store.commit(Batch(at=UNSET - 5, readings=(before,)))
    await store.commit(Batch(at=UNSET + 5, readings=(sure,)))
    await store.commit(Batch(at=NOON, shift=SHIFT, readings=(reading(0, 3.0),)))
    await settled(store)
    found = [(at, value) for at, value, _ in past(path)]
    assert found == [(UNSET - 5, 2.0), (UNSET + 5, 1.0), (NOON, 3.0)]


async def test_a_doubt_that_was_wrong_moves_nothing(store: Store, path: Path) -> None:
    await unset(store, 2)
    await store.commit(Batch(at=UNSET + 5000, shift=Shift(UNSET, UNSET + 5000, 0)))
    await settled(store)
    assert past(path) == [
        (UNSET, 0.0, int(Quality.RESTAMPED)),
        (UNSET + 1000, 1.0, int(Quality.RESTAMPED)),
    ]
