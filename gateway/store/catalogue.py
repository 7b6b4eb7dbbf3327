"""The numbers of the series: a reading on disk says 4127 instead of (bin-04, fill_level, %).

A number is made from the name. So should the names be lost to a damaged disk, each series is
found again with its past as soon as it reports again, and never with the past of another.
"""

import sqlite3
from zlib import crc32

from gateway.store.columns import Key
from gateway.store.schema import seal


class Catalogue(dict[Key, int]):
    """(device, quantity, unit) -> number. A new series is written when it is first asked for,
    within the open transaction; `forget` undoes that after a rollback."""

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__((key, number) for number, key in keys(db).items())
        self._db = db
        self._taken = set(self.values())
        self._new: list[Key] = []

    def __missing__(self, key: Key) -> int:
        number = crc32("\0".join(key).encode("utf-8", "replace"))
        while number in self._taken:  # once in a million boxes with a hundred series
            number = (number + 1) % 2**32
        write(self._db, number, key)
        self._taken.add(number)
        self[key] = number
        self._new.append(key)
        return number

    def settle(self) -> None:
        """The transaction has been committed."""
        self._new.clear()

    def forget(self) -> None:
        """The transaction has been rolled back."""
        for key in self._new:
            self._taken.discard(self.pop(key))
        self._new.clear()


def write(db: sqlite3.Connection, number: int, key: Key) -> None:
    db.execute(
        "INSERT OR REPLACE INTO series VALUES (?, ?, ?, ?, ?)", (number, *key, seal(number, *key))
    )


def keys(db: sqlite3.Connection) -> dict[int, Key]:
    """number -> (device, quantity, unit). A damaged name is read from its copy in the index; it
    is left out if that is damaged too."""
    seals, found = {}, {}
    for number, device, quantity, unit, crc in db.execute("SELECT * FROM series"):
        seals[number] = crc
        if seal(number, device, quantity, unit) == crc:
            found[number] = device, quantity, unit
    if len(found) < len(seals):
        for number, *key in db.execute(
            "SELECT id, device, quantity, unit FROM series "
            "INDEXED BY sqlite_autoindex_series_1 ORDER BY device, quantity, unit"
        ):
            if seal(number, *key) == seals.get(number):
                found[number] = key[0], key[1], key[2]
    return found
