"""The numbers of the series: a reading on disk says 17 instead of (bin-04, fill_level, %)."""

import sqlite3

from gateway.store.columns import Key


class Catalogue(dict[Key, int]):
    """(device, quantity, unit) -> number. A new series is written when it is first asked for,
    within the open transaction; `forget` undoes that after a rollback."""

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__(((d, q, u), n) for n, d, q, u in db.execute(ALL))
        self._db = db
        self._new: list[Key] = []

    def __missing__(self, key: Key) -> int:
        added = self._db.execute(
            "INSERT INTO series (device, quantity, unit) VALUES (?, ?, ?)", key
        )
        number = added.lastrowid or 0
        self[key] = number
        self._new.append(key)
        return number

    def settle(self) -> None:
        """The transaction has been committed."""
        self._new.clear()

    def forget(self) -> None:
        """The transaction has been rolled back."""
        for key in self._new:
            self.pop(key, None)
        self._new.clear()


ALL = "SELECT id, device, quantity, unit FROM series"


def keys(db: sqlite3.Connection) -> dict[int, Key]:
    """number -> (device, quantity, unit), as it is on disk now."""
    return {n: (d, q, u) for n, d, q, u in db.execute(ALL)}
