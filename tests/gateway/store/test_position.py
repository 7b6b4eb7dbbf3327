import sqlite3
from pathlib import Path

from gateway.model import Batch
from gateway.store import Store, position
from tests.gateway.store.facts import NOON, reading


async def test_the_end_is_known_though_the_last_batches_are_damaged(
    store: Store, path: Path
) -> None:
    for i in range(5):
        await store.commit(Batch(at=NOON + i, readings=(reading(i), reading(i))))
    db: sqlite3.Connection = store._access.writer.db
    db.execute("UPDATE journal SET seq = 10000, t1 = 99999999999999 WHERE upto > 9")
    assert position.last(db) == position.Position(upto=15, seq=10, at=NOON + 2)


async def test_no_position_is_used_twice_whatever_is_left(store: Store) -> None:
    await store.commit(Batch(at=NOON, readings=(reading(),), snapshot=b""))
    await store.journal.advance("influx", 2)
    await store.commit(Batch(at=NOON))
    db = store._access.writer.db
    db.execute("DELETE FROM journal")
    assert position.last(db).upto == 2
    db.execute("DELETE FROM snapshot")
    assert position.last(db).upto == 2
