"""Copies of a store: made while it runs, looked through, put into place."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from gateway.store import connection, outbox, schema
from gateway.store.balance import Balance, balance
from gateway.store.failures import StoreTooNew, failed
from gateway.store.salvage import SOUND


def copy(database: Path, target: Path) -> None:
    """Write one consistent state of *database* to *target*, which must not exist. A gateway may
    be writing meanwhile: nothing of it waits. Raises StoreFailed."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        source, copied = connection.reader(database), sqlite3.connect(target)
        try:
            source.backup(copied)  # in one step: what is committed meanwhile does not restart it
            copied.execute("PRAGMA journal_mode = DELETE")
        finally:
            source.close()
            copied.close()
        sync(target)
    except sqlite3.Error as error:
        target.unlink()
        raise failed(error, f"copy {database}") from error


def put(copied: Path, database: Path) -> Path | None:
    """Make *copied*, which lies on the same disk, the database. Returns where the one before
    is kept; None if there was none. Raises StoreLocked while a gateway has it open."""
    with connection.lock(database):
        kept = None
        if database.exists():
            kept = database.with_name(f"{database.name}.before-restore")
            for end in ("-shm", "-wal", ""):  # the database last: until then it is the old one
                old, new = (p.with_name(p.name + end) for p in (database, kept))
                new.unlink(missing_ok=True)
                if old.exists():
                    old.rename(new)
        sync(copied)
        copied.rename(database)
        connection.sync_folder(database.parent)
        return kept


def faults(database: Path) -> Iterator[str]:
    """Everything that is wrong inside *database*, in words. Reads all of it, and writes nothing.

    Raises StoreTooNew, and StoreFailed if it cannot be read at all.
    """
    try:
        db = connection.reader(database)
        try:
            if schema.version(db) > len(schema.MIGRATIONS):
                raise StoreTooNew("it was written by a later version of Linli")
            yield from _structure(db)
            yield from _rows(db)
        finally:
            db.close()
    except sqlite3.Error as error:
        raise failed(error, str(database)) from error


def _structure(db: sqlite3.Connection) -> Iterator[str]:
    for (told,) in db.execute("PRAGMA quick_check(20)"):
        if told != "ok":
            yield told


def _rows(db: sqlite3.Connection) -> Iterator[str]:
    """SQLite itself does not notice a changed value; the checksums do."""
    for table, sound in SOUND.items():
        bad = sum(not sound(row) for row in db.execute(f"SELECT * FROM {table} NOT INDEXED"))  # noqa: S608 - names of SOUND
        if bad:
            yield f"{bad} rows of {table} have a wrong checksum"


def sync(path: Path) -> None:
    """Make a finished file durable, and its name."""
    connection.sync_file(path)
    connection.sync_folder(path.parent)


def balanced(database: Path) -> Balance:
    """What became of every reading of *database*. Raises StoreFailed."""
    try:
        db = connection.reader(database)
        try:
            return balance(db)
        finally:
            db.close()
    except sqlite3.Error as error:
        raise failed(error, str(database)) from error


def backlogs(database: Path) -> dict[str, tuple[int, int]]:
    """By sink: how many envelopes wait, and how many are dead. Raises StoreFailed."""
    try:
        db = connection.reader(database)
        try:
            return {sink: (b.waiting, b.dead) for sink, b in outbox.backlog(db).items()}
        finally:
            db.close()
    except sqlite3.Error as error:
        raise failed(error, str(database)) from error
