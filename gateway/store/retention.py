"""What is forgotten, and in which order: the oldest readings first, incidents never."""

import os
import sqlite3
from collections.abc import Iterator

from gateway.failpoints import hit
from gateway.model import Millis
from gateway.store import compaction, shelf, summary
from gateway.store.damage import Damage
from gateway.store.position import compacted, read_meta, write_meta
from gateway.store.schema import seal
from gateway.store.spec import StoreSpec
from gateway.store.writer import Writer

ROWS = 16
"""Chunks or batches forgotten between two chances for a commit."""
ROOM = 0.95
"""At the cap so much of it is kept, to come back less often."""
PAGE = 4096
"""Bytes of a page: SQLite's default, which `connection.writer` leaves as it is."""
ALL: Millis = 2**62
PERIOD: Millis = 600_000
"""Age is looked at so often."""
TOMBSTONES: Millis = 30 * 86_400_000
"""So long a delivered envelope is known, so that it is not queued again."""


def forget(writer: Writer, damage: Damage) -> Iterator[None]:
    """One round of all that is to be forgotten."""
    age, spec = writer.ages.age, writer.spec
    if age - read_meta(writer.db, "age") >= PERIOD:
        yield from _forget_old(writer, age, spec, damage)
    if pressed(writer):
        cap = _cap(writer)
        while used(writer.db) > cap * ROOM and _shrink(writer, damage):
            yield


def pressed(writer: Writer) -> bool:
    """Whether the cap is reached."""
    return used(writer.db) > _cap(writer)


def _forget_old(writer: Writer, age: Millis, spec: StoreSpec, damage: Damage) -> Iterator[None]:
    while _expire(writer, age - spec.keep, damage):
        yield
    while _delete_briefs(writer, age - spec.keep_summaries):
        yield
    while _delete_events(writer, age - spec.keep):
        yield
    writer.transact("retention", lambda: _note_age(writer.db, age))


def used(db: sqlite3.Connection) -> int:
    """Bytes of the database that hold something."""
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    return int(pages * PAGE - spare(db))


def spare(db: sqlite3.Connection) -> int:
    """Bytes inside the file that can be written without growing it."""
    return int(db.execute("PRAGMA freelist_count").fetchone()[0] * PAGE)


def _cap(writer: Writer) -> int:
    """The configured one, or less where the disk itself is nearly full: some room to go on must
    be left outside the file or inside."""
    disk = os.statvfs(writer.path.parent)
    room = disk.f_bavail * disk.f_frsize + spare(writer.db)
    short = 2 * writer.spec.reserve - room
    if short <= 0:
        return writer.spec.limit
    return min(writer.spec.limit, max(0, used(writer.db) - short))


def _shrink(writer: Writer, damage: Damage) -> bool:
    """Forget a little of the oldest; False: there is nothing left that may be forgotten.

    A dead sink's batches go as soon as they are the oldest, even though chunks of them may stay.
    """
    oldest = writer.db.execute("SELECT t1 FROM journal ORDER BY upto LIMIT 1").fetchone()
    return (
        _expire(writer, oldest[0] if oldest else ALL, damage)
        or _delete_unread(writer)
        or _expire(writer, ALL, damage)
        or _delete_events(writer, ALL)
        or _delete_briefs(writer, ALL)
    )


def _expire(writer: Writer, limit: Millis, damage: Damage) -> bool:
    """Forget the readings of the oldest chunks; a summary of them stays."""
    rows = writer.db.execute(
        "SELECT id, n FROM chunk WHERE body IS NOT NULL AND at1 < ? ORDER BY at1 LIMIT ?",
        (limit, ROWS),
    ).fetchall()
    if not rows:
        return False

    def expire() -> None:
        for number, _ in rows:
            _strip(writer.db, number, damage)
        _count(writer.db, "expired", sum(n for _, n in rows))
        hit("retention.deleted")

    writer.transact("retention", expire)
    return True


def _strip(db: sqlite3.Connection, number: int, damage: Damage) -> None:
    *head, step = db.execute(
        "SELECT series, upto, n, at0, at1, t0, t1, step FROM chunk WHERE id = ?", (number,)
    ).fetchone()
    if step:
        db.execute("UPDATE chunk SET body = NULL WHERE id = ?", (number,))
        return
    part = shelf.load(db, number, damage)
    if part is None:
        db.execute("DELETE FROM chunk WHERE id = ?", (number,))
        return
    step = summary.STEPS[-1]
    brief = summary.encode(summary.spans(part, step))
    db.execute(
        "UPDATE chunk SET body = NULL, step = ?, summary_crc = ?, summary = ? WHERE id = ?",
        (step, seal(*head, step, brief), brief, number),
    )


def _delete_briefs(writer: Writer, limit: Millis) -> bool:
    ids = writer.db.execute(
        "SELECT id FROM chunk WHERE body IS NULL AND at1 < ? ORDER BY at1 LIMIT ?",
        (limit, ROWS * 16),
    ).fetchall()
    if ids:
        writer.transact(
            "retention", lambda: writer.db.executemany("DELETE FROM chunk WHERE id = ?", ids)
        )
    return bool(ids)


def _delete_events(writer: Writer, limit: Millis) -> bool:
    row = writer.db.execute("SELECT upto, at1 FROM events ORDER BY upto LIMIT 1").fetchone()
    if row is None or row[1] >= limit:
        return False
    delete = "DELETE FROM events WHERE upto = ?", row[:1]
    writer.transact("retention", lambda: writer.db.execute(*delete))
    return True


def _delete_unread(writer: Writer) -> bool:
    """At the cap even what a sink has not had yet must go; but not what a restart needs."""
    db = writer.db
    limit = min(compaction.restart_point(db), compacted(db))
    rows = db.execute(
        "SELECT upto, n FROM journal WHERE upto <= ? ORDER BY upto LIMIT ?", (limit, ROWS * 4)
    ).fetchall()
    if not rows:
        return False

    def delete() -> None:
        for upto, n in rows:
            for pos in writer.cursors.values():
                _count(db, "unread", min(n, max(0, upto - 1 - pos)))
        db.execute("DELETE FROM journal WHERE upto <= ?", (rows[-1][0],))
        write_meta(db, "upto", max(rows[-1][0], read_meta(db, "upto")))
        hit("retention.deleted")

    writer.transact("retention", delete)
    return True


def _note_age(db: sqlite3.Connection, age: Millis) -> None:
    """Forget the marks of envelopes delivered long ago, and note how old everything is."""
    db.execute(
        "DELETE FROM outbox WHERE state = 'done' AND at < ? "
        "AND pos IN (SELECT pos FROM outbox ORDER BY pos LIMIT 1000)",
        (age - TOMBSTONES,),
    )
    write_meta(db, "age", age)


def _count(db: sqlite3.Connection, name: str, n: int) -> None:
    if n:
        write_meta(db, name, read_meta(db, name) + n)
