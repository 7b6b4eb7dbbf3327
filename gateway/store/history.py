"""The past: one series for a chart, or all of them for a backtest."""

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from gateway.model import Millis
from gateway.store import columns, connection, shelf, summary
from gateway.store.columns import Floats, Ints
from gateway.store.damage import Damage
from gateway.store.failures import Damaged, failed
from gateway.store.recent import Recent
from gateway.store.summary import Spans

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
    when: Ints
    """The time that charts and InfluxDB show: the device's own where there is one, else `at`."""


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
        `at`, in pieces. A consistent view: what is committed during the scan is not in it.
        Damaged rows are left out. Raises StoreFailed when the disk fails."""
        try:
            yield from self._scan((start, end), device, quantity)
        except sqlite3.Error as error:
            raise failed(error, "scan") from error

    def _scan(self, span: Span, device: str | None, quantity: str | None) -> Iterator[Columns]:
        start, end = span
        db = connection.reader(self._path)
        try:
            db.execute("BEGIN")
            recent = Recent()
            recent.refresh(db, Damage())
            for key, number in _wanted(db, device, quantity):
                for piece in _pieces(db, number, start, end, recent):
                    yield _named(key, piece)
        finally:
            db.close()


def _named(key: columns.Key, piece: columns.Columns) -> Columns:
    quality = piece.quality
    if quality is None:
        quality = np.zeros(len(piece.at), np.uint16)
    return Columns(key[0], key[1], piece.at, piece.value, quality, piece.texts, key[2], piece.when)


def _wanted(
    db: sqlite3.Connection, device: str | None, quantity: str | None
) -> list[tuple[columns.Key, int]]:
    rows = db.execute(
        "SELECT device, quantity, unit, id FROM series WHERE (?1 IS NULL OR device = ?1) "
        "AND (?2 IS NULL OR quantity = ?2) ORDER BY device, quantity, unit",
        (device, quantity),
    )
    return [((d, q, u), number) for d, q, u, number in rows]


def _pieces(
    db: sqlite3.Connection, number: int, start: Millis, end: Millis, recent: Recent
) -> Iterator[columns.Columns]:
    rows = db.execute(
        "SELECT series, upto, n, at0, at1, t0, t1, crc, body FROM chunk "
        "WHERE series = ? AND at0 < ? AND at1 >= ? AND body IS NOT NULL ORDER BY at0",
        (number, end, start),
    )
    for *head, crc, body in rows:
        try:
            piece = shelf.open_body(head, crc, body)
        except Damaged:
            continue
        if not (start <= head[3] and head[4] < end):
            piece = _within(piece, start, end)
        if len(piece.at):
            yield piece
    last = _within(recent.of([number]), start, end)
    if len(last.at):
        yield last


def _within(piece: columns.Columns, start: Millis, end: Millis) -> columns.Columns:
    return columns.select(piece, np.flatnonzero((piece.at >= start) & (piece.at < end)))


def series(
    db: sqlite3.Connection,
    name: tuple[str, str],
    span: Span,
    points: int,
    recent: Recent,
    damage: Damage,
) -> Series:
    """See `Reads.series`. *name* is device and quantity."""
    start, end = span
    width = max(1, -(-(end - start) // points))
    numbers = [number for _, number in _wanted(db, *name)]
    parts = [part for n in numbers for part in _chunks(db, n, span, width, damage)]
    recent.refresh(db, damage)
    parts.append(_clip(summary.of_readings(recent.of(numbers)), span, 0))
    return _thin(summary.join(parts), width, start, points)


def _chunks(
    db: sqlite3.Connection, number: int, span: Span, width: Millis, damage: Damage
) -> Iterator[Spans]:
    """Each chunk that reaches into *span*: its summary where that is fine enough, or all that
    is left; else its readings."""
    start, end = span
    rows = db.execute(
        "SELECT id, step, step > 0 AND (step <= ? OR body IS NULL) FROM chunk "
        "WHERE series = ? AND t0 < ? AND t1 >= ? ORDER BY at0",
        (width, number, end, start),
    ).fetchall()
    for row, step, brief in rows:
        try:
            found = shelf.brief(db, row) if brief else None
        except Damaged as error:
            damage.found("chunk", row, str(error))
            continue
        if found is None:
            part = shelf.load(db, row, damage)
            found = summary.of_readings(part) if part else summary.NONE
        yield _clip(found, span, step if brief else 0)


def _clip(found: Spans, span: Span, step: Millis) -> Spans:
    """What lies in *span*. The first span of a summary may have begun before it."""
    kept = np.flatnonzero((found.at + step > span[0] - (step == 0)) & (found.at < span[1]))
    found = summary.select(found, kept)
    return found._replace(at=np.maximum(found.at, span[0]))


def _thin(found: Spans, width: Millis, start: Millis, points: int) -> Series:
    """At most about *points* spans; every reading for itself if there are no more."""
    at, low, high, total, count = (
        summary.order(found) if len(found.at) <= points else summary.fold(found, width, start)
    )
    return Series(at, low, total / count, high, count)
