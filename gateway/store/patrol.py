"""Looks for damaged rows, and takes them out: quarantined, counted, never served."""

from collections.abc import Iterator
from functools import partial

from gateway.store import shelf
from gateway.store.damage import Damage
from gateway.store.position import read_meta, write_meta
from gateway.store.writer import PAYLOAD, Writer

BODY = {
    "journal": ("upto", "readings", "n"),
    "chunk": ("id", "body", "n"),
    "events": ("upto", "body", "0"),
    "snapshot": ("upto", "body", "0"),
    "incident": ("rowid", "body", "0"),
    "incident_version": ("rowid", "body", "0"),
    "outbox": ("pos", "body", "0"),
}
"""Table -> its key, what of a damaged row is kept for inspection, how many readings it held."""


class Patrol:
    """Goes round all chunks, one per round of chores, so that rot is found while a backup still
    has the good bytes, and not years later by a reader."""

    def __init__(self) -> None:
        self._last = 0

    def look(self, writer: Writer, damage: Damage) -> None:
        found = writer.db.execute(
            "SELECT min(id) FROM chunk WHERE id > ? AND body IS NOT NULL", (self._last,)
        ).fetchone()[0]
        self._last = found or 0
        if found is not None:
            shelf.load(writer.db, found, damage)


def repair(writer: Writer, damage: Damage) -> Iterator[None]:
    """Move every damaged row that somebody met into quarantine."""
    for table, key, why in damage.take():
        writer.transact("repair", partial(_take_out, writer, table, key, why))
        yield


def _take_out(writer: Writer, table: str, key: int, why: str) -> None:
    db = writer.db
    name, body, n = BODY[table]
    row = db.execute(
        f"SELECT {n}, {body} FROM {table} WHERE {name} = ?",  # noqa: S608 - names of BODY
        (key,),
    ).fetchone()
    if row is None:
        return
    at = writer.ages.age
    db.execute(
        "INSERT INTO quarantine (at, source, topic, reason, payload) VALUES (?, ?, ?, ?, ?)",
        (at, "store", f"{table}/{key}", why, (row[1] or b"")[:PAYLOAD]),
    )
    db.execute(f"DELETE FROM {table} WHERE {name} = ?", (key,))  # noqa: S608 - names of BODY
    write_meta(db, "damaged", read_meta(db, "damaged") + max(0, row[0]))
