"""What a restart reads: the last good snapshot, open incidents, the journal behind it."""

import sqlite3
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

from gateway.model import Incident, Millis, Reading, Scene
from gateway.store import catalogue, columns, connection, position
from gateway.store.damage import Damage
from gateway.store.failures import Damaged
from gateway.store.journal import open_row
from gateway.store.reads import open_incidents
from gateway.store.schema import seal

Observed = tuple[Reading | Scene, ...]


def read(
    path: Path, damage: Damage
) -> tuple[bytes | None, tuple[Incident, ...], Iterator[Observed], Millis]:
    """Snapshot, open incidents, tail, time of the last batch."""
    db = connection.reader(path)
    try:
        upto, snapshot = _snapshot(db, damage)
        incidents = tuple(open_incidents(db, damage))
        at = position.last(db).at
    finally:
        db.close()
    return snapshot, incidents, _tail(path, upto, damage), at


def _snapshot(db: sqlite3.Connection, damage: Damage) -> tuple[int, bytes | None]:
    for upto, at, crc, body in db.execute("SELECT * FROM snapshot ORDER BY upto DESC"):
        if seal(upto, at, body) == crc:
            return upto, body
        damage.found("snapshot", upto, f"snapshot {upto}: wrong checksum")
    return 0, None


def _tail(path: Path, upto: int, damage: Damage) -> Iterator[Observed]:
    """At equal times readings come before scenes, as the spine had them."""
    db = connection.reader(path)
    try:
        keys = catalogue.keys(db)
        rows = db.execute(
            "SELECT upto, seq, n, t0, t1, crc, readings, events FROM journal "
            "WHERE upto > ? ORDER BY upto",
            (upto,),
        )
        for *row, events in rows:
            readings: list[Reading | Scene] = []
            scenes: tuple[Scene, ...] = ()
            try:
                readings += columns.readings(*open_row(row), keys)
                scenes = columns.unpack_events(events).scenes
            except Damaged as error:
                damage.found("journal", row[0], str(error))
            yield tuple(sorted([*readings, *scenes], key=attrgetter("at")))
    finally:
        db.close()
