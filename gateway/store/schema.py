"""The tables, and the way from each older version of them to the present one."""

import sqlite3
from collections.abc import Sequence
from zlib import crc32

from gateway.failpoints import hit
from gateway.store.failures import StoreTooNew

APPLICATION_ID = 0x4C_69_6E_4C
"""`LinL`: tells our file from any other SQLite file."""

V1 = (
    # What a series is called. The unique index is a second copy of it.
    """CREATE TABLE series (
        id INTEGER PRIMARY KEY, device TEXT NOT NULL, quantity TEXT NOT NULL, unit TEXT NOT NULL,
        crc INTEGER NOT NULL, UNIQUE (device, quantity, unit)) STRICT""",
    # One row per batch. A batch of n readings covers the positions [upto - n - 1, upto): one
    # for each reading and one for itself. `seq` counts the readings before it, since ever.
    # `crc` seals all but `events`, which begin with a checksum of their own.
    """CREATE TABLE journal (
        upto INTEGER PRIMARY KEY, seq INTEGER NOT NULL, n INTEGER NOT NULL, t0 INTEGER NOT NULL,
        t1 INTEGER NOT NULL, crc INTEGER NOT NULL, readings BLOB NOT NULL, events BLOB) STRICT""",
    # Compacted readings of one series; `upto` is how far in the journal the run came that wrote
    # it. at0..at1 is the spine's time, t0..t1 the charts' time.
    # `summary` stays when `body` has been deleted by age, and stands before it in the row, so
    # that a long chart does not touch the pages of the body.
    """CREATE TABLE chunk (
        id INTEGER PRIMARY KEY, series INTEGER NOT NULL, upto INTEGER NOT NULL,
        n INTEGER NOT NULL,
        at0 INTEGER NOT NULL, at1 INTEGER NOT NULL, t0 INTEGER NOT NULL, t1 INTEGER NOT NULL,
        crc INTEGER NOT NULL, step INTEGER NOT NULL, summary_crc INTEGER NOT NULL,
        summary BLOB, body BLOB) STRICT""",
    "CREATE INDEX chunk_series ON chunk (series, at0, at1, t0, t1, n)",
    "CREATE INDEX chunk_whole ON chunk (at1) WHERE body IS NOT NULL",
    "CREATE INDEX chunk_brief ON chunk (at1) WHERE body IS NULL",
    # Compacted scenes and actions of a stretch of batches.
    """CREATE TABLE events (
        upto INTEGER PRIMARY KEY, at0 INTEGER NOT NULL, at1 INTEGER NOT NULL,
        n INTEGER NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL) STRICT""",
    """CREATE TABLE snapshot (
        upto INTEGER PRIMARY KEY, at INTEGER NOT NULL, crc INTEGER NOT NULL,
        body BLOB NOT NULL) STRICT""",
    """CREATE TABLE incident (
        id TEXT PRIMARY KEY, seq INTEGER NOT NULL, status TEXT NOT NULL,
        opened_at INTEGER NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL) STRICT""",
    "CREATE INDEX incident_opened ON incident (opened_at)",
    """CREATE INDEX incident_open ON incident (opened_at)
        WHERE status NOT IN ('resolved', 'void')""",
    """CREATE TABLE incident_version (
        id TEXT NOT NULL, seq INTEGER NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (id, seq)) STRICT""",
    # A delivered envelope leaves a row without body, so that it is never queued again.
    """CREATE TABLE outbox (
        pos INTEGER PRIMARY KEY, sink TEXT NOT NULL, id TEXT NOT NULL, state TEXT NOT NULL,
        at INTEGER NOT NULL, reason TEXT NOT NULL DEFAULT '', crc INTEGER NOT NULL, body BLOB,
        UNIQUE (sink, id)) STRICT""",
    "CREATE INDEX outbox_todo ON outbox (sink, state, pos) WHERE state <> 'done'",
    """CREATE TABLE cursor (
        name TEXT PRIMARY KEY, pos INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT""",
    """CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, source TEXT NOT NULL, topic TEXT NOT NULL,
        reason TEXT NOT NULL, payload BLOB NOT NULL) STRICT""",
    # Counters and positions that outlive the rows they speak of.
    """CREATE TABLE meta (
        name TEXT PRIMARY KEY, value INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT""",
)

V2 = (
    # Readings that a time-series sink refused for good, as messages; `crc` seals sink and body.
    """CREATE TABLE refused (
        id INTEGER PRIMARY KEY, sink TEXT NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL,
        reason TEXT NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL) STRICT""",
    "CREATE INDEX refused_sink ON refused (sink, state, id)",
    # What the clock told wrongly, and how far journal, events and chunks are put right.
    """CREATE TABLE shift (
        start INTEGER PRIMARY KEY, stop INTEGER NOT NULL, by INTEGER NOT NULL,
        journal INTEGER NOT NULL, events INTEGER NOT NULL, chunks INTEGER NOT NULL,
        crc INTEGER NOT NULL) STRICT""",
    # Who changed what. Rows are only added, and the oldest ones deleted.
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
        target TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
        crc INTEGER NOT NULL) STRICT""",
    # Each change of the site's files, with their texts before and after, packed.
    """CREATE TABLE revision (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
        crc INTEGER NOT NULL, body BLOB NOT NULL) STRICT""",
    # What rules on trial would have told.
    """CREATE TABLE shadow (
        id INTEGER PRIMARY KEY, rule TEXT NOT NULL, at INTEGER NOT NULL, crc INTEGER NOT NULL,
        body BLOB NOT NULL) STRICT""",
    "CREATE INDEX shadow_rule ON shadow (rule, id)",
    # Counts what is held without reading it.
    "CREATE INDEX chunk_held ON chunk (n) WHERE body IS NOT NULL",
)
"""A table whose rows shall survive a damaged file has a seal, and stands in `salvage.SOUND`."""

MIGRATIONS: Sequence[Sequence[str]] = (V1, V2)
"""MIGRATIONS[v] leads from version v to v + 1. A released one is never changed."""


def version(db: sqlite3.Connection) -> int:
    """The version of the tables in the file; 0 in an empty one."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: sqlite3.Connection, steps: Sequence[Sequence[str]] = MIGRATIONS) -> int:
    """Bring the tables up to date in one transaction: a kill leaves the old or the new version.

    Returns the version found. Raises StoreTooNew, having written nothing, for a later one.
    """
    found = version(db)
    if found > len(steps):
        raise StoreTooNew(
            f"the database has version {found}, this Linli knows up to {len(steps)}; "
            "install the version that wrote it, or restore a backup"
        )
    if found == len(steps):
        return found
    db.execute("BEGIN IMMEDIATE")
    for statement in (s for step in steps[found:] for s in step):
        db.execute(statement)
        hit("migrate.statement")
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {len(steps)}")
    db.execute("COMMIT")
    return found


def seal(*parts: str | int | bytes | None) -> int:
    """CRC-32 over a row's values, in order: SQLite itself finds one bit flip in twenty."""
    crc = 0
    for part in parts:
        raw = part if isinstance(part, bytes) else repr(part).encode("utf-8", "backslashreplace")
        crc = crc32(raw, crc32(b"\x1f", crc))
    return crc
