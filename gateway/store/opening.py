"""Opens the database for writing, whatever state it was left in."""

import sqlite3
from pathlib import Path

from gateway.store import reserve, salvage
from gateway.store.failures import StoreFailed, failed
from gateway.store.spec import StoreSpec
from gateway.store.writer import Doubtful, Writer

VITAL = ("series", "snapshot", "incident", "outbox", "cursor", "meta", "quarantine")
"""Tables that are small and that nothing works without; read once at each start."""


def opened(path: Path, spec: StoreSpec) -> Writer:
    """A writer for *path*. A damaged file is set aside and its good rows are saved first.

    Raises StoreFailed for a disk that fails, StoreTooNew for a file of a later version.
    """
    try:
        salvage.finish(path)
        try:
            return _sound(path, spec)
        except sqlite3.Error as error:
            failure = failed(error, f"open {path}")
            if not failure.corrupt:
                raise failure from error
        salvage.salvage(path)
        return _sound(path, spec)
    except sqlite3.Error as error:
        raise failed(error, f"open {path}") from error
    except OSError as error:
        raise StoreFailed(f"open {path}: {error}") from error


def reopened(path: Path, spec: StoreSpec, doubtful: Doubtful | None, after: StoreFailed) -> Writer:
    """A writer after a failure, all that it can see made durable. Raises StoreFailed."""
    if after.full:
        reserve.release(path)
    if after.corrupt and not salvage.finish(path):
        salvage.salvage(path)
    writer = opened(path, spec)
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
        for table in VITAL:
            writer.db.execute(f"SELECT count(*) FROM {table} NOT INDEXED")  # noqa: S608 - VITAL
    except sqlite3.Error:
        writer.close()
        raise
    return writer
