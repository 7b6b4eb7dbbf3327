"""The readings that are in no chunk yet, decoded once and kept for the next chart."""

import sqlite3

import numpy as np

from gateway.store import columns
from gateway.store.columns import Columns, Ints, Numbers
from gateway.store.damage import Damage
from gateway.store.failures import Damaged
from gateway.store.journal import open_row
from gateway.store.position import compacted, read_meta

EMPTY = Columns(np.empty(0, np.int64), np.empty(0))
NUMBERS: Numbers = np.empty(0, np.uint32)


class Recent:
    """Some ten thousand readings at most: what lies behind the last compaction."""

    def __init__(self) -> None:
        self._upto = 0
        self._batch: Ints = np.empty(0, np.int64)
        """The batch of each reading."""
        self._series: Numbers = NUMBERS
        self._columns = EMPTY
        self._moved = 0
        """How often the past was moved, the last time we looked."""

    def refresh(self, db: sqlite3.Connection, damage: Damage) -> None:
        """Take in what was committed, and let go what became chunks, since the last time."""
        done, moved = compacted(db), read_meta(db, "moved")
        if moved != self._moved:
            self._upto, self._batch, self._series, self._columns = 0, EMPTY.at, NUMBERS, EMPTY
            self._moved = moved
        if len(self._batch) and self._batch[0] <= done:
            kept = np.flatnonzero(self._batch > done)
            self._batch, self._series = self._batch[kept], self._series[kept]
            self._columns = columns.select(self._columns, kept)
        upto = self._upto = max(self._upto, done)
        rows = db.execute(
            "SELECT upto, seq, n, t0, t1, crc, readings FROM journal WHERE upto > ? ORDER BY upto",
            (upto,),
        )
        batches, series, parts = [self._batch], [self._series], [self._columns]
        for row in rows:
            upto = row[0]
            try:
                numbers, part = open_row(row)
            except Damaged as error:
                damage.found("journal", row[0], str(error))
                continue
            batches.append(np.full(len(numbers), row[0]))
            series.append(numbers)
            parts.append(part)
        if len(parts) > 1:
            self._batch, self._series = np.concatenate(batches), np.concatenate(series)
            self._columns = columns.join(parts)
        self._upto = upto

    def of(self, numbers: list[int]) -> Columns:
        """The readings of these series, in the order in which they came."""
        return columns.select(self._columns, np.flatnonzero(np.isin(self._series, numbers)))
