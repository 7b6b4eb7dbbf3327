"""What became of every reading that was ever acknowledged: it is held, or the reason is known."""

import sqlite3
from typing import NamedTuple

from gateway.store import position


class Balance(NamedTuple):
    """Readings since ever. `committed` is what all others together must come to."""

    committed: int
    held: int
    """In the journal or in chunks."""
    expired: int
    """Deleted by age or at the cap; where that is worth it a summary is left."""
    damaged: int
    """Their checksum was wrong, or they were on pages that could not be read any more."""

    @property
    def unexplained(self) -> int:
        """Anything but 0 is a mistake in this program."""
        return self.committed - self.held - self.expired - self.damaged


def balance(db: sqlite3.Connection) -> Balance:
    """Of one view of the file. Reads two indices and the head of each batch not yet in chunks."""
    chunks = db.execute("SELECT coalesce(sum(n), 0) FROM chunk WHERE body IS NOT NULL").fetchone()
    loose = db.execute(
        "SELECT coalesce(sum(n), 0) FROM journal WHERE upto > ?", (position.compacted(db),)
    ).fetchone()
    return Balance(
        committed=position.last(db).seq,
        held=chunks[0] + loose[0],
        expired=position.read_meta(db, "expired"),
        damaged=position.read_meta(db, "damaged"),
    )


def settle(db: sqlite3.Connection) -> None:
    """After a salvage: what is gone was damaged. Should the count itself be what was lost, it
    goes on from what is there. Within an open transaction."""
    if (over := -balance(db).unexplained) > 0:
        position.write_meta(db, "seq", position.last(db).seq + over)
    book(db)


def book(db: sqlite3.Connection) -> None:
    """What is gone, after damaged rows were taken out, was damaged. Within an open transaction."""
    found = balance(db)
    if found.unexplained > 0:
        position.write_meta(db, "damaged", found.damaged + found.unexplained)
