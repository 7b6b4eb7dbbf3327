"""The table of what is to be moved because the clock was wrong: see `restamp`."""

import sqlite3
from typing import NamedTuple

from gateway.model import Shift
from gateway.store.position import read_meta, write_meta
from gateway.store.schema import seal


class Due(NamedTuple):
    """`done`: the last key put right of the journal, the events and the chunks."""

    shift: Shift
    done: list[int]


def note(db: sqlite3.Connection, shift: Shift) -> None:
    """Within the transaction of the batch that tells of it."""
    save(db, Due(shift, [0, 0, 0]))


def first(db: sqlite3.Connection) -> Due | None:
    """A damaged row is passed over: what it would have moved stays marked as unsynced."""
    for *row, crc in db.execute("SELECT * FROM shift ORDER BY start"):
        if seal(*row) == crc:
            return Due(Shift(*row[:3]), row[3:])
    return None


def save(db: sqlite3.Connection, due: Due) -> None:
    row = due.shift.start, due.shift.end, due.shift.by, *due.done
    db.execute("INSERT OR REPLACE INTO shift VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, seal(*row)))


def forget(db: sqlite3.Connection, shift: Shift) -> None:
    """All is moved; what anybody has read of the past before is not so now."""
    db.execute("DELETE FROM shift WHERE start = ?", (shift.start,))
    write_meta(db, "moved", read_meta(db, "moved") + 1)
