from gateway.model import Batch
from gateway.store import Store
from tests.gateway.store.facts import NOON, reading


async def test_every_cursor_and_limit_gives_every_reading_once(store: Store) -> None:
    sizes = [3, 0, 1, 7, 0, 0, 2]
    everything, i = [], 0
    for size in sizes:
        batch = [reading(i + k) for k in range(size)]
        await store.commit(Batch(at=NOON, readings=tuple(batch)))
        everything += batch
        i += size
    for limit in range(1, 16):
        cursor, seen = 0, []
        while True:
            some, cursor = await store.journal.read(cursor, limit)
            assert len(some) <= limit
            seen += some
            if not some:
                break
        assert seen == everything


async def test_a_cursor_survives_a_restart_with_the_next_batch(store: Store) -> None:
    await store.commit(Batch(at=NOON, readings=(reading(), reading(1))))
    _, cursor = await store.journal.read(0, 1)
    await store.journal.advance("influx", cursor)
    assert await store.journal.cursor("influx") == cursor
    await store.commit(Batch(at=NOON))
    await store.reopen()
    assert await store.journal.cursor("influx") == cursor
    assert (await store.journal.read(cursor, 10))[0] == [reading(1)]


async def test_only_the_readers_named_are_kept(store: Store) -> None:
    await store.commit(Batch(at=NOON, readings=tuple(map(reading, range(5)))))
    await store.journal.advance("old", 3)
    await store.journal.keep(["influx", "old"])
    _, half = await store.journal.read(0, 2)
    await store.journal.advance("influx", half)
    assert await store.journal.waiting() == {"influx": 3, "old": 2}
    await store.journal.keep(["new"])
    assert await store.journal.waiting() == {"new": 5}


async def test_a_damaged_batch_is_told_and_passed_over(store: Store) -> None:
    for i in range(3):
        await store.commit(Batch(at=NOON, readings=(reading(i),)))
    store._access.writer.db.execute("UPDATE journal SET t0 = t0 + 1 WHERE upto = 4")
    assert (await store.journal.read(0, 10))[0] == [reading(0), reading(2)]
    assert [row[:2] for row in store._access.damage.take()] == [("journal", 4)]
