"""Looks for damaged rows, and takes them out: quarantined, counted, never served."""

import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from itertools import zip_longest

import msgspec

from gateway.model import Envelope, Incident, Phase
from gateway.store import shelf
from gateway.store.balance import book
from gateway.store.damage import Damage
from gateway.store.position import read_meta, write_meta
from gateway.store.schema import seal
from gateway.store.writer import PAYLOAD, Writer, write_envelopes, write_incidents

BODY = {
    "journal": ("upto", "readings", "n"),
    "chunk": ("id", "body", "n"),
    "events": ("upto", "body", "0"),
    "snapshot": ("upto", "body", "0"),
    "incident": ("rowid", "body", "0"),
    "incident_version": ("rowid", "body", "0"),
    "outbox": ("pos", "body", "0"),
    "refused": ("id", "body", "0"),
}
"""Table -> its key, what of a damaged row is kept for inspection, how many readings it held."""


Mended = Callable[[], None] | None
"""Writes the row again; None where that cannot be done."""


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
    """Move every damaged row that somebody met into quarantine. How many readings it held may be
    what was damaged: so the ledger is balanced in the end."""
    taken = damage.take()
    for table, key, why in taken:
        writer.transact("repair", partial(_take_out, writer, table, key, why))
        yield
    if taken:
        writer.transact("repair", partial(book, writer.db))


def _take_out(writer: Writer, table: str, key: int, why: str) -> None:
    db = writer.db
    name, body, n = BODY[table]
    row = db.execute(
        f"SELECT {n}, {body} FROM {table} WHERE {name} = ?",  # noqa: S608 - names of BODY
        (key,),
    ).fetchone()
    if row is None:
        return
    payload = row[1] or b""
    db.execute(
        "INSERT INTO quarantine (at, source, topic, reason, payload) VALUES (?, ?, ?, ?, ?)",
        (writer.ages.age, "store", f"{table}/{key}", why, payload[:PAYLOAD]),
    )
    again = MENDED[table](db, key) if table in MENDED else None
    db.execute(f"DELETE FROM {table} WHERE {name} = ?", (key,))  # noqa: S608 - names of BODY
    if again:
        again()
    lost = min(max(0, row[0]), len(payload))  # the number itself may be what is damaged
    write_meta(db, "damaged", read_meta(db, "damaged") + lost)


def _incident(db: sqlite3.Connection, key: int) -> Mended:
    """The present state again, from the last of its versions."""
    (id,) = db.execute("SELECT id FROM incident WHERE rowid = ?", (key,)).fetchone()
    versions = _versions(db, id)
    return partial(write_incidents, db, versions[:1]) if versions else None


def _envelope(db: sqlite3.Connection, key: int) -> Mended:
    """What was on its way again, from the version of the incident that it told of."""
    sink, id, state, at = db.execute(
        "SELECT sink, id, state, at FROM outbox WHERE pos = ?", (key,)
    ).fetchone()
    versions = _versions(db, id.rpartition("-")[0])
    for told, before in zip_longest(versions, versions[1:]):
        if f"{told.id}-{told.seq}" == id and state != "done":
            letter = Envelope(id, sink, _phase(before, told), told)
            return partial(write_envelopes, db, [letter], at)
    return None


def _phase(before: Incident | None, told: Incident) -> Phase:
    if before is None or told.status == "open":
        return "updated" if before else "opened"
    return told.status if before.status != told.status else "updated"


def _versions(db: sqlite3.Connection, id: str) -> list[Incident]:
    """The undamaged versions, the last one first."""
    rows = db.execute(
        "SELECT id, seq, crc, body FROM incident_version WHERE id = ? ORDER BY seq DESC", (id,)
    )
    return [
        msgspec.msgpack.decode(body, type=Incident)
        for same, seq, crc, body in rows
        if seal(same, seq, body) == crc
    ]


MENDED: dict[str, Callable[[sqlite3.Connection, int], Mended]] = {
    "incident": _incident,
    "outbox": _envelope,
}
"""Tables whose rows can be made again from others."""
