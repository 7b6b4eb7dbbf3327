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
from gateway.store import carve, catalogue, chunk, connection, schema
from gateway.store.position import compacted, read_cursors, write_meta
from gateway.store.schema import seal
from gateway.store.writer import transaction

Row = tuple[Any, ...]

SOUND: dict[str, Callable[[Row], bool]] = {
    "series": lambda r: seal(*r[:4]) == r[4],
    "journal": lambda r: seal(*r[:5], r[6]) == r[5],
    "chunk": lambda r: (
        seal(*r[1:8], r[12]) == r[8] if r[12] is not None else seal(*r[1:8], r[9], r[11]) == r[10]
    ),
    "events": lambda r: seal(*r[:4], r[5]) == r[4],
    "snapshot": lambda r: seal(*r[:2], r[3]) == r[2],
    "incident": lambda r: seal(*r[:4], r[5]) == r[4],
    "incident_version": lambda r: seal(*r[:2], r[3]) == r[2],
    "outbox": lambda r: seal(*r[1:3], r[7]) == r[6] and r[3] in ("waiting", "dead", "done"),
    "cursor": lambda r: seal(*r[:2]) == r[2],
    "meta": lambda r: seal("meta", *r[:2]) == r[2],
    "refused": lambda r: seal(r[1], r[6]) == r[5] and r[2] in ("waiting", "dead"),
    "shift": lambda r: seal(*r[:6]) == r[6],
    "audit": lambda r: seal(*r[1:7]) == r[7],
    "revision": lambda r: seal(*r[1:4], r[5]) == r[4],
    "shadow": lambda r: seal(*r[1:3], r[4]) == r[3],
    "quarantine": lambda r: True,
}
"""Table -> whether a row of it is what was written."""
WIDTH = {
    "series": 5, "journal": 8, "chunk": 13, "events": 6, "snapshot": 4, "incident": 6,
    "incident_version": 4, "outbox": 8, "cursor": 3, "meta": 3, "refused": 7,
}  # fmt: skip
"""Columns of each table whose rows have a checksum."""
NAMED = frozenset({"incident", "incident_version", "cursor", "meta"})
"""Tables without an integer key; the key of the others is the rowid."""
RANK: dict[str, Callable[[Row], Any]] = {
    "incident": lambda r: r[1],
    "outbox": lambda r: r[3] == "done",
    "cursor": lambda r: r[1],
    "meta": lambda r: r[1],
}
"""Of several versions of a row, the one with the highest rank is the last."""
BATCH = 256
END = 2**63 - 1


def salvage(path: Path) -> dict[str, int]:
    """Replace the database at *path* by a new one with its good rows.

    Returns by table how many rows were saved. Blocks, a second or two per 100 MB.
    """
    fresh = path.with_name(path.name + ".salvage")
    for leftover in _files(fresh):
        leftover.unlink(missing_ok=True)
    new = connection.writer(fresh)
    try:
        new.execute("PRAGMA journal_mode = OFF")  # a half-made one is thrown away
        new.execute("PRAGMA synchronous = OFF")
        schema.migrate(new)
        saved = dict.fromkeys(SOUND, 0)
        with suppress(sqlite3.Error), _old(path) as old:
            for table in SOUND:
                saved[table] = _save(old, new, table)
        saved["carved"] = _carve(path, new)
    finally:
        new.close()
    connection.sync_file(fresh)
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
    for older in path.parent.glob(f"{path.name}.corrupt-*"):
        if not older.name.startswith(aside.name):
            older.unlink()  # the disk is not there for ruins
    connection.sync_folder(path.parent)
    done.rename(path)
    connection.sync_folder(path.parent)
    return True


def emptied(path: Path) -> bool:
    """The database has no bytes but a log has: SQLite would throw the log away."""
    log = path.with_name(path.name + "-wal")
    return path.exists() and not path.stat().st_size and log.exists() and log.stat().st_size > 0


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
        with transaction(new):
            saved += sum(_insert(new, table, row) for row in batch)
    return saved


def _insert(new: sqlite3.Connection, table: str, row: Row) -> int:
    marks = ", ".join("?" * len(row))
    insert = f"INSERT OR IGNORE INTO {table} VALUES ({marks})"  # noqa: S608 - names of SOUND
    with suppress(sqlite3.IntegrityError):  # a column without checksum is of a wrong type
        return new.execute(insert, row).rowcount
    return 0


def _carve(path: Path, new: sqlite3.Connection) -> int:
    """Add what only its checksum still vouches for, unless something newer took its place."""
    best: dict[tuple[str, Any], Row] = {}
    chunks: list[tuple[int]] = []
    saved = 0
    with transaction(new):
        for rowid, values in carve.rows(path, _large(new)):
            for table, row in _meanings(rowid, values):
                if table in RANK:
                    key = table, row[0]
                    best[key] = max(best.get(key, row), row, key=RANK[table])
                elif _insert(new, table, row):
                    saved += 1
                    chunks += [(rowid,)] if table == "chunk" else []
        saved += sum(_insert(new, table, row) for (table, _), row in best.items())
        _drop_stale(new, chunks)
        _name_series(new)
    return saved


def _large(new: sqlite3.Connection) -> set[tuple[int, int]]:
    """(number of columns, rowid) of what was saved and takes more than a page: not to be read
    again. What a freed page holds under the same number is older."""
    tables = {"journal": "length(readings)", "chunk": "length(body)"}
    return {
        (WIDTH[table], rowid)
        for table, size in tables.items()
        for (rowid,) in new.execute(
            f"SELECT rowid FROM {table} WHERE {size} > ?",  # noqa: S608 - names of ours
            (carve.PAGE,),
        )
    }


def _meanings(rowid: int, values: list[Any]) -> Iterator[tuple[str, Row]]:
    """The tables that the row can be of; its checksum leaves one, or none."""
    for table, width in WIDTH.items():
        if len(values) == width:
            row = tuple(values) if table in NAMED else (rowid, *values[1:])
            if SOUND[table](row):
                yield table, row


def _drop_stale(new: sqlite3.Connection, chunks: list[tuple[int]]) -> None:
    """A freed page still holds batches that became chunks, and chunks that were joined."""
    done = new.execute("SELECT coalesce(max(upto), 0) FROM chunk").fetchone()[0]
    done = max(done, compacted(new))
    readers = read_cursors(new).values()
    new.execute("DELETE FROM journal WHERE upto <= ?", (min([done, *readers]),))
    write_meta(new, "compacted", done)
    new.executemany(
        "DELETE FROM chunk AS old WHERE id = ? AND EXISTS (SELECT 1 FROM chunk AS new "
        "WHERE new.series = old.series AND new.upto > old.upto AND "
        "(new.at0 < old.at1 AND new.at1 > old.at0 OR new.at0 <= old.at0 AND new.at1 >= old.at1))",
        chunks,
    )


def _name_series(new: sqlite3.Connection) -> None:
    """Take the names that are lost from the chunks."""
    for number, body in new.execute(
        "SELECT series, max(body) FROM chunk WHERE body IS NOT NULL "
        "AND series NOT IN (SELECT id FROM series) GROUP BY series"
    ).fetchall():
        key = chunk.key_of(body)
        if any(key):
            catalogue.write(new, number, key)


def rescued(db: sqlite3.Connection, table: str) -> Iterator[Row]:
    """Every row of *table* that SQLite can still read, in order, leaping over torn pages."""
    last, size = -(2**63), BATCH
    select = f"SELECT rowid, * FROM {table} NOT INDEXED "  # noqa: S608 - names of SOUND
    while last < END:
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
        before = last
        for rowid, *row in found:
            last = max(last, rowid)
            yield tuple(row)
        if last == before:  # a torn tree that leads round in a circle
            last = _leap(db, table, last)
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
