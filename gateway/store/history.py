"""The past: one series for a chart, or all of them for a backtest."""

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from gateway.model import Millis
from gateway.store import columns, connection
from gateway.store.columns import Floats, Ints
from gateway.store.damage import Damage
from gateway.store.failures import Damaged
from gateway.store.journal import open_row

Span = tuple[Millis, Millis]
"""From the first to before the second."""


class Columns(NamedTuple):
    """Consecutive readings of one series, ordered by `at`, all arrays of one length."""

    device: str
    quantity: str
    at: Ints
    """The spine's time, milliseconds: the time rules see."""
    value: Floats
    """NaN where the reading is a text."""
    quality: NDArray[np.uint16]
    """`gateway.model.Quality` bits."""
    texts: Mapping[int, str]
    """Index -> text."""
    unit: str


class Series(msgspec.Struct, frozen=True):
    """Arrays of one length: a span of time each, in order, those without readings left out."""

    at: Ints
    """Where the span begins, milliseconds."""
    min: Floats
    mean: Floats
    max: Floats
    count: Ints


class History:
    """Reads a store's past, also while a gateway writes to it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def scan(
        self, start: Millis, end: Millis, device: str | None = None, quantity: str | None = None
    ) -> Iterator[Columns]:
        """Every reading with start <= at < end: one series after the other, each in order of
        `at`, in pieces. A consistent view: what is committed during the scan is not in it."""
        db = connection.reader(self._path)
        try:
            db.execute("BEGIN")
            for key, number in _wanted(db, device, quantity):
                for piece in pieces(db, number, (start, end), Damage()):
                    yield _columns(key, piece)
        finally:
            db.close()


def _columns(key: columns.Key, piece: columns.Columns) -> Columns:
    quality = piece.quality
    if quality is None:
        quality = np.zeros(len(piece.at), np.uint16)
    return Columns(key[0], key[1], piece.at, piece.value, quality, piece.texts, key[2])


def _wanted(
    db: sqlite3.Connection, device: str | None, quantity: str | None
) -> list[tuple[columns.Key, int]]:
    rows = db.execute(
        "SELECT device, quantity, unit, id FROM series WHERE (?1 IS NULL OR device = ?1) "
        "AND (?2 IS NULL OR quantity = ?2) ORDER BY device, quantity, unit",
        (device, quantity),
    )
    return [((d, q, u), number) for d, q, u, number in rows]


def pieces(
    db: sqlite3.Connection, number: int, span: Span, damage: Damage
) -> Iterator[columns.Columns]:
    """The readings of one series in *span*, from the journal."""
    start, end = span
    rows = db.execute(
        "SELECT upto, seq, n, t0, t1, crc, readings FROM journal "
        "WHERE t1 >= ? AND t0 < ? ORDER BY upto",
        (start, end),
    )
    for row in rows:
        try:
            series, batch = open_row(row)
        except Damaged as error:
            damage.found("journal", row[0], str(error))
            continue
        mask = (series == number) & (batch.at >= start) & (batch.at < end)
        if mask.any():
            yield columns.select(batch, np.flatnonzero(mask))


def series(
    db: sqlite3.Connection,
    device: str,
    quantity: str,
    span: Span,
    points: int,
    damage: Damage,
) -> Series:
    """See `Reads.series`."""
    found = [
        piece
        for _, number in _wanted(db, device, quantity)
        for piece in pieces(db, number, span, damage)
    ]
    if not found:
        return empty()
    when = np.concatenate([piece.when for piece in found])
    value = np.concatenate([piece.value for piece in found])
    good = ~np.isnan(value)
    return thin(when[good], value[good], span, points)


def empty() -> Series:
    none = np.empty(0)
    whole = np.empty(0, np.int64)
    return Series(whole, none, none, none, whole)


def thin(when: Ints, value: Floats, span: Span, points: int) -> Series:
    """At most *points* spans of equal length; every reading for itself if there are no more."""
    order = np.argsort(when, kind="stable")
    when, value = when[order], value[order]
    if len(when) <= points:
        return Series(when, value, value, value, np.ones(len(when), np.int64))
    start, end = span
    width = max(1, -(-(end - start) // points))
    bucket = (when - start) // width
    first = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
    count = np.diff(first, append=len(bucket))
    return Series(
        start + bucket[first] * width,
        np.minimum.reduceat(value, first),
        np.add.reduceat(value, first) / count,
        np.maximum.reduceat(value, first),
        count,
    )
