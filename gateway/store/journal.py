"""The journal as its readers see it: every reading in order, each at a position of its own."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from gateway.model import Reading
from gateway.store import catalogue, columns
from gateway.store.access import Access
from gateway.store.columns import Columns
from gateway.store.failures import Damaged
from gateway.store.schema import seal

BEHIND = "SELECT upto, seq, n, t0, t1, crc, readings FROM journal WHERE upto > ? ORDER BY upto"


class Journal:
    """Feeds the sinks of readings. A cursor is a position in the journal, opaque but ordered."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._keys: dict[int, columns.Key] = {}

    async def read(self, cursor: int, limit: int) -> tuple[list[Reading], int]:
        """Up to *limit* readings behind *cursor*, and the cursor behind them. Nothing new: an
        empty list. What retention deleted before it was read is passed over (and counted)."""
        return await self._access.read(lambda db: self._read(db, cursor, limit))

    async def cursor(self, name: str) -> int:
        """How far *name* came; the start of the journal for a new one."""
        return await self._access.cursor(name)

    async def advance(self, name: str, cursor: int) -> None:
        """*name* has done all before *cursor*. Durable with the next batch: after a crash a few
        readings are handed out again."""
        await self._access.advance(name, cursor)

    async def keep(self, names: Sequence[str]) -> None:
        """Say once, at the start, who reads: the journal is held back for these, and the cursors
        of all others are forgotten."""
        await self._access.keep(names)

    async def waiting(self) -> dict[str, int]:
        """By reader: how many readings it has not done yet."""
        return await self._access.waiting()

    def _read(self, db: sqlite3.Connection, cursor: int, limit: int) -> tuple[list[Reading], int]:
        found: list[Reading] = []
        rows = db.execute(BEHIND, (cursor,))
        for row in rows:
            upto = row[0]
            try:
                series, batch = open_row(row)
            except Damaged as error:
                self._access.damage.found("journal", upto, str(error))
                cursor = upto
                continue
            start = max(0, cursor - (upto - len(series) - 1))
            end = min(len(series), start + limit - len(found))
            found += columns.readings(series[:end], batch, self._names(db, series), start)
            cursor = upto if end == len(series) else upto - len(series) - 1 + end
            if len(found) >= limit:
                break
        return found, cursor

    def _names(self, db: sqlite3.Connection, series: columns.Numbers) -> dict[int, columns.Key]:
        if len(series) and int(series.max()) not in self._keys:
            self._keys = catalogue.keys(db)
        return self._keys


def open_row(row: Sequence[Any]) -> tuple[columns.Numbers, Columns]:
    """A batch (upto, seq, n, t0, t1, crc, readings) as columns. Raises Damaged."""
    *head, crc, blob = row
    if seal(*head, blob) != crc:
        raise Damaged(f"batch {row[0]} of the journal: wrong checksum")
    return columns.unpack(blob)
