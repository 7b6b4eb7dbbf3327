"""The table of chunks: a row holds up to `FULL` readings of one series, and a summary of them."""

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from gateway.store import chunk, summary
from gateway.store.columns import Columns, Key
from gateway.store.damage import Damage
from gateway.store.failures import Damaged
from gateway.store.schema import seal
from gateway.store.summary import Spans

FULL = 4096
"""Readings of a chunk that is not touched again."""


class Row(NamedTuple):
    """A row of the table `chunk`, but for its id."""

    series: int
    upto: int
    n: int
    at0: int
    at1: int
    t0: int
    t1: int
    crc: int
    step: int
    summary_crc: int
    summary: bytes | None
    body: bytes | None


def row(series: int, upto: int, key: Key, part: Columns) -> Row:
    """*part* as it is stored, with a summary where that is much smaller."""
    body, when = chunk.encode(key, part), part.when
    n = len(part.at)
    step = summary.best_step(part) if n >= FULL else 0
    brief = summary.encode(summary.spans(part, step)) if step else None
    head = series, upto, n, int(part.at[0]), int(part.at[-1]), int(when.min()), int(when.max())
    return Row(*head, seal(*head, body), step, seal(*head, step, brief), brief, body)


def load(db: sqlite3.Connection, number: int, damage: Damage) -> Columns | None:
    """The readings of chunk *number*; None if they are damaged (told) or expired."""
    *head, crc, body = db.execute(
        "SELECT series, upto, n, at0, at1, t0, t1, crc, body FROM chunk WHERE id = ?", (number,)
    ).fetchone()
    if body is None:
        return None
    try:
        return open_body(head, crc, body)
    except Damaged as error:
        damage.found("chunk", number, str(error))
        return None


def open_body(head: Sequence[Any], crc: int, body: bytes) -> Columns:
    """Raises Damaged."""
    if seal(*head, body) != crc:
        raise Damaged("a chunk: wrong checksum")
    return chunk.decode(body)


def brief(db: sqlite3.Connection, number: int) -> Spans:
    """The summary of chunk *number*, which has one. Raises Damaged."""
    *head, crc, body = db.execute(
        "SELECT series, upto, n, at0, at1, t0, t1, step, summary_crc, summary "
        "FROM chunk WHERE id = ?",
        (number,),
    ).fetchone()
    if seal(*head, body) != crc:
        raise Damaged("a summary: wrong checksum")
    return summary.decode(body)


def put(db: sqlite3.Connection, rows: Sequence[Row]) -> None:
    db.executemany(
        "INSERT INTO chunk "
        "(series, upto, n, at0, at1, t0, t1, crc, step, summary_crc, summary, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
