"""Opens the file: one connection that writes, others that only read."""

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import IO

from gateway.store.failures import StoreLocked


def writer(path: Path) -> sqlite3.Connection:
    """The only connection that writes or checkpoints.

    SQLite 3.7.0 to 3.51.2 can corrupt a WAL that two connections write or checkpoint at once;
    Debian 12 has 3.40.1. Checkpoints are made between batches (`maintenance.py`), not in a
    commit; the automatic one is a net for the case that nobody calls for maintenance.
    """
    _create(path)
    db = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA wal_autocheckpoint = 16000")
        db.execute("PRAGMA journal_size_limit = 8388608")
        db.execute("PRAGMA mmap_size = 0")
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA cell_size_check = ON")
    except sqlite3.Error:
        db.close()
        raise
    db.text_factory = _text
    return db


def reader(path: Path) -> sqlite3.Connection:
    """A connection that can neither write nor checkpoint."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    db = sqlite3.connect(uri, uri=True, timeout=5, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA query_only = ON")
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("PRAGMA mmap_size = 0")
    db.text_factory = _text
    return db


def _text(raw: bytes) -> str:
    """Rotten text must reach its checksum instead of failing the whole query."""
    return raw.decode("utf-8", "replace")


def lock(path: Path) -> IO[bytes]:
    """Hold the store against a second writing process until the file is closed.

    The lock is on a file of its own: closing any descriptor of the database in this process
    would drop SQLite's own locks (POSIX advisory locks belong to the process).
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = path.with_suffix(".lock").open("ab")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.close()
        raise StoreLocked(f"{path} is in use by another process; stop it first") from None
    return held


def sync_file(path: Path) -> None:
    """Make a finished file durable, but not its name."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make names in *folder* durable; a synced file without its name is lost in a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _create(path: Path) -> None:
    """What people did near a camera is nobody else's business: 0600."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    sync_folder(path.parent)
