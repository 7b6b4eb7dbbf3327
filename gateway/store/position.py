"""Where the journal ends, how far each reader came, and the counters that outlive the rows."""

import sqlite3
from typing import NamedTuple

from gateway.model import Millis
from gateway.store.schema import seal

LOOK = 100
"""Batches looked at for one that is sound."""


class Position(NamedTuple):
    """The journal's end. `upto` is never used twice, even when all batches have become chunks."""

    upto: int
    seq: int
    """Readings since ever."""
    at: Millis
    """When the last batch was committed; 0 in a new store."""


def last(db: sqlite3.Connection) -> Position:
    upto, seq, at = _batch(db) or (0, 0, 0)
    for other, when, crc, body in db.execute("SELECT upto, at, crc, body FROM snapshot"):
        if seal(other, when, body) == crc:
            upto, at = max(upto, other), max(at, when)
    known = read_meta(db, "upto"), compacted(db), *read_cursors(db).values()
    upto = max(upto, *known)
    return Position(upto, max(seq, read_meta(db, "seq")), at)


def _batch(db: sqlite3.Connection) -> Position | None:
    """By the last sound batch; damaged ones behind it are counted by their positions."""
    rows = db.execute(
        "SELECT upto, seq, n, t0, t1, crc, readings FROM journal ORDER BY upto DESC LIMIT ?",
        (LOOK,),
    )
    end = None
    for behind, (*head, crc, blob) in enumerate(rows):
        end = head[0] if end is None else end
        if seal(*head, blob) == crc:
            return Position(end, head[1] + head[2] + end - head[0] - behind, head[4])
    return None if end is None else Position(end, 0, 0)


def compacted(db: sqlite3.Connection) -> int:
    """Up to where the journal's readings are in chunks, and must not be read from it again.

    The newest chunks know it too: if only the counter were damaged, readings would turn up twice.
    """
    rows = db.execute(
        "SELECT series, upto, n, at0, at1, t0, t1, crc, body FROM chunk "
        "WHERE body IS NOT NULL ORDER BY id DESC LIMIT 3"
    )
    sound = (head[1] for *head, crc, body in rows if seal(*head, body) == crc)
    return int(max(read_meta(db, "compacted"), *sound, 0))


def save_cursor(db: sqlite3.Connection, name: str, pos: int) -> None:
    row = name, pos
    db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)", (*row, seal(*row)))


def read_cursors(db: sqlite3.Connection) -> dict[str, int]:
    """Where each reader is. A damaged one begins again at the start of the journal."""
    rows = db.execute("SELECT name, pos, crc FROM cursor")
    return {name: pos if seal(name, pos) == crc else 0 for name, pos, crc in rows}


def read_meta(db: sqlite3.Connection, name: str) -> int:
    """A counter; 0 when it was never written, or is damaged."""
    rows = db.execute("SELECT value, crc FROM meta WHERE name = ?", (name,))
    return next((value for value, crc in rows if seal("meta", name, value) == crc), 0)


def write_meta(db: sqlite3.Connection, name: str, value: int) -> None:
    row = name, value
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", (*row, seal("meta", *row)))
