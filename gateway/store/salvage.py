"""Saves what is good of a damaged database file, without hands.

The good rows are copied into a new file, which then takes the old one's place; the old one stays
beside it as `linli.db.corrupt-<time>` for whoever wants to look. Every step may be interrupted:
the new file gets its final name only when it is complete, and the moves are finished by the next
start.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from gateway.failpoints import hit
from gateway.store import connection, schema
from gateway.store.schema import seal
from gateway.store.writer import transaction

Row = tuple[Any, ...]

SOUND: dict[str, Callable[[Row], bool]] = {
    "series": lambda r: seal(*r[:4]) == r[4],
    "journal": lambda r: seal(*r[:5], r[6]) == r[5],
    "chunk": lambda r: (
        seal(*r[1:7], r[11]) == r[7] if r[11] is not None else seal(*r[1:7], r[8], r[10]) == r[9]
    ),
    "events": lambda r: seal(*r[:4], r[5]) == r[4],
    "snapshot": lambda r: seal(*r[:2], r[3]) == r[2],
    "incident": lambda r: seal(*r[:4], r[5]) == r[4],
    "incident_version": lambda r: seal(*r[:2], r[3]) == r[2],
    "outbox": lambda r: seal(*r[1:3], r[7]) == r[6],
    "cursor": lambda r: seal(*r[:2]) == r[2],
    "meta": lambda r: seal("meta", *r[:2]) == r[2],
    "quarantine": lambda r: True,
}
"""Table -> whether a row of it is what was written."""
BATCH = 256
END = 2**63 - 1


def salvage(path: Path) -> dict[str, int]:
    """Replace the database at *path* by a new one with its good rows.

    Returns by table how many rows were saved. Blocks, about a second per 100 MB.
    """
    fresh = path.with_name(path.name + ".salvage")
    for leftover in _files(fresh):
        leftover.unlink(missing_ok=True)
    new = connection.writer(fresh)
    try:
        schema.migrate(new)
        with _old(path) as old:
            saved = {table: _save(old, new, table) for table in SOUND}
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        new.execute("PRAGMA journal_mode = DELETE")
    finally:
        new.close()
    fresh.rename(_done(path))
    connection.sync_folder(path.parent)
    hit("salvage.copied")
    finish(path)
    return saved


def finish(path: Path) -> bool:
    """Put a completed salvage into place. False: there is none."""
    done = _done(path)
    if not done.exists():
        return False
    stamp = datetime.fromtimestamp(done.stat().st_mtime, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    for old, new in zip(_files(path), _files(aside), strict=True):
        with suppress(FileNotFoundError):
            old.rename(new)
        hit("salvage.moved")
    connection.sync_folder(path.parent)
    done.rename(path)
    connection.sync_folder(path.parent)
    return True


def _done(path: Path) -> Path:
    return path.with_name(path.name + ".salvaged")


def _files(path: Path) -> list[Path]:
    """The database last: as long as it is there, the next start sees what there is to do."""
    return [path.with_name(path.name + end) for end in ("-shm", "-wal", "")]


def _save(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> int:
    """Copy the good rows of *table*; returns how many."""
    sound, saved = SOUND[table], 0
    rows = (row for row in rescued(old, table) if sound(row))
    while batch := list(islice(rows, BATCH)):
        marks = ", ".join("?" * len(batch[0]))
        insert = f"INSERT OR IGNORE INTO {table} VALUES ({marks})"  # noqa: S608 - names of SOUND
        with transaction(new):
            new.executemany(insert, batch)
        saved += len(batch)
    return saved


def rescued(db: sqlite3.Connection, table: str) -> Iterator[Row]:
    """Every row of *table* that SQLite can still read, in order, leaping over torn pages."""
    last, size = -(2**63), BATCH
    select = f"SELECT rowid, * FROM {table} NOT INDEXED "  # noqa: S608 - names of SOUND
    while True:
        try:
            rows = db.execute(f"{select} WHERE rowid > ? ORDER BY rowid LIMIT ?", (last, size))
            found = rows.fetchall()
        except sqlite3.DatabaseError:
            if size == 1:
                last = _leap(db, table, last)
            size = 1
            continue
        if not found:
            return
        for rowid, *row in found:
            last = rowid
            yield tuple(row)
        size = min(BATCH, 2 * size)


def _leap(db: sqlite3.Connection, table: str, last: int) -> int:
    """The position just before the next rowid that can be reached; the end if there is none."""
    probe = f"SELECT rowid FROM {table} NOT INDEXED "  # noqa: S608 - names of SOUND

    def reach(gap: int) -> int | None:
        try:
            row = db.execute(
                f"{probe} WHERE rowid > ? ORDER BY rowid LIMIT 1", (min(last + gap, END),)
            ).fetchone()
        except sqlite3.DatabaseError:
            return None
        return END if row is None else row[0] - 1

    low, high = 0, 1
    while reach(high) is None and last + high < END:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if reach(middle) is None else (low, middle)
    found = reach(high)
    return END if found is None else max(found, last + high)


@contextmanager
def _old(path: Path) -> Iterator[sqlite3.Connection]:
    db = connection.reader(path)
    try:
        yield db
    finally:
        db.close()
