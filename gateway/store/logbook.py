"""The past besides readings: what cameras saw, what became of incidents, how far it reaches."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from gateway.model import Incident, Millis, Scene
from gateway.store import columns, connection
from gateway.store.columns import Events
from gateway.store.failures import Damaged
from gateway.store.position import compacted
from gateway.store.schema import seal


class Logbook:
    """Reads a store's past, also while a gateway writes to it. Damaged rows are left out."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def extent(self) -> tuple[Millis, Millis] | None:
        """The instants of the first and the last thing that is kept; None when nothing is."""
        with closing(connection.reader(self._path)) as db:
            first, last = db.execute(
                "SELECT min(a), max(z) FROM ("
                "SELECT min(at0) a, max(at1) z FROM chunk WHERE body IS NOT NULL UNION ALL "
                "SELECT min(at0), max(at1) FROM events UNION ALL "
                "SELECT min(t0), max(t1) FROM journal)"
            ).fetchone()
        return None if first is None else (first, last)

    def scenes(self, start: Millis, end: Millis) -> Iterator[Scene]:
        """Every scene with start <= at < end, in the order in which they were taken."""
        with closing(connection.reader(self._path)) as db:
            db.execute("BEGIN")
            for events in _compacted(db, start, end):
                yield from (scene for scene in events.scenes if start <= scene.at < end)
            for events in _fresh(db, start):
                yield from (scene for scene in events.scenes if start <= scene.at < end)

    def incidents(self, rule: str) -> list[Incident]:
        """What became of the incidents of *rule*, the first opened first."""
        with closing(connection.reader(self._path)) as db:
            rows = db.execute(
                "SELECT id, seq, status, opened_at, crc, body FROM incident ORDER BY opened_at"
            )
            found = [
                msgspec.msgpack.decode(body, type=Incident)
                for *head, crc, body in rows
                if seal(*head, body) == crc
            ]
        return [incident for incident in found if incident.rule == rule]


def _compacted(db: sqlite3.Connection, start: Millis, end: Millis) -> Iterator[Events]:
    rows = db.execute(
        "SELECT upto, at0, at1, n, crc, body FROM events WHERE at0 < ? AND at1 >= ? ORDER BY upto",
        (end, start),
    )
    for *head, crc, body in rows:
        if seal(*head, body) == crc:
            yield msgspec.msgpack.decode(zlib.decompress(body), type=Events)


def _fresh(db: sqlite3.Connection, start: Millis) -> Iterator[Events]:
    rows = db.execute(
        "SELECT events FROM journal WHERE upto > ? AND t1 >= ? AND events IS NOT NULL "
        "ORDER BY upto",
        (compacted(db), start),
    )
    for (body,) in rows:
        try:
            yield columns.unpack_events(body)
        except Damaged:
            continue
