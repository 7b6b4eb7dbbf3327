"""Opens the database for writing, whatever state it was left in."""

import sqlite3
from pathlib import Path

from gateway.store import carve, position, reserve, salvage
from gateway.store.balance import settle
from gateway.store.failures import StoreFailed, corrupt, failed
from gateway.store.spec import StoreSpec
from gateway.store.writer import Doubtful, Writer

VITAL = (
    "SELECT * FROM series NOT INDEXED",
    "SELECT * FROM snapshot",
    "SELECT * FROM cursor NOT INDEXED",
    "SELECT * FROM meta NOT INDEXED",
    "SELECT * FROM incident WHERE status NOT IN ('resolved', 'void') ORDER BY opened_at",
    "SELECT * FROM outbox WHERE state <> 'done' ORDER BY sink, state, pos",
    "SELECT * FROM outbox NOT INDEXED WHERE state <> 'done'",
    "SELECT * FROM journal WHERE upto > (SELECT coalesce(min(upto), 0) FROM snapshot)",
    "SELECT * FROM journal ORDER BY upto LIMIT 1",
    "SELECT max(id) FROM quarantine",
)
"""What a start and the first minutes read. Torn pages among this are found before anything is
promised; others when they are read."""


def started(path: Path, spec: StoreSpec) -> Writer:
    """A writer for *path*, at the start of the process. A damaged file is set aside, and its good
    rows are saved, first.

    Raises StoreFailed for a disk that fails, StoreTooNew for a file of a later version.
    """
    had_log = path.with_name(path.name + "-wal").exists()
    writer = _opened(path, spec)
    if position.read_meta(writer.db, "running") and not had_log:
        writer.note("log", "the write-ahead log is gone; the last readings went with it")
    writer.transact("start", lambda: position.write_meta(writer.db, "running", 1))
    return writer


def _opened(path: Path, spec: StoreSpec, damaged: str = "") -> Writer:
    """If the file is *damaged* (why, in words), or found to be, its good rows are saved first."""
    try:
        salvage.finish(path)
        return _sound_or_salvaged(path, spec, damaged)
    except sqlite3.Error as error:
        raise failed(error, f"open {path}") from error
    except OSError as error:
        raise StoreFailed(f"open {path}: {error}") from error


def _sound_or_salvaged(path: Path, spec: StoreSpec, damaged: str) -> Writer:
    if salvage.emptied(path):
        damaged = "empty"
    if not damaged:
        try:
            return _sound(path, spec)
        except sqlite3.Error as error:
            failure = failed(error, f"open {path}")
            if not failure.corrupt:
                raise failure from error
            damaged = str(error)
    saved = ", ".join(f"{n} {table}" for table, n in salvage.salvage(path).items())
    writer = _sound(path, spec)
    writer.transact("salvage", lambda: settle(writer.db))
    writer.seq = position.last(writer.db).seq
    writer.note(path.name, f"{damaged}; set aside, rows saved: {saved}")
    return writer


def reopened(path: Path, spec: StoreSpec, doubtful: Doubtful | None, after: StoreFailed) -> Writer:
    """A writer after a failure, all that it can see made durable. Raises StoreFailed."""
    try:
        if after.full:
            reserve.release(path)
    except OSError as error:
        raise StoreFailed(f"reopen: {error}") from error
    writer = _opened(path, spec, damaged=str(after) if after.corrupt else "")
    writer.doubtful = doubtful
    try:
        writer.settle()
    except sqlite3.Error as error:
        writer.close()
        raise failed(error, "reopen") from error
    except StoreFailed:
        writer.close()
        raise
    return writer


def _sound(path: Path, spec: StoreSpec) -> Writer:
    writer = Writer(path, spec)
    try:
        frames = writer.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
        if carve.lost_commits(path, frames) > 1:
            raise corrupt("the write-ahead log is damaged")
        for query in VITAL:
            for _ in writer.db.execute(query):
                pass
    except sqlite3.Error:
        writer.close()
        raise
    return writer
