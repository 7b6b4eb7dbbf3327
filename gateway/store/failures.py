"""What can go wrong with the store, by what is to be done about it."""

import sqlite3

CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
FULL = frozenset({sqlite3.SQLITE_FULL})


class StoreFailed(Exception):
    """The disk did not do as told. Nothing of the batch may be acknowledged.

    Wait, `await store.reopen()`, then commit the same batch again. `corrupt`: the file itself is
    damaged, and `reopen` will set it aside and save what can be saved; `full`: there is no room.
    """

    def __init__(self, why: str, code: int = 0) -> None:
        super().__init__(why)
        self.code = code
        self.corrupt = code & 0xFF in CORRUPT
        self.full = code & 0xFF in FULL


class StoreLocked(Exception):
    """Another process has this store open for writing."""


class StoreTooNew(Exception):
    """The file was written by a later version of Linli; it was left as it is."""


class Damaged(ValueError):
    """Bytes on disk are not what was written: their checksum differs."""


def corrupt(why: str) -> sqlite3.DatabaseError:
    """As SQLite itself would say it."""
    error = sqlite3.DatabaseError(why)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def failed(error: sqlite3.Error, doing: str) -> StoreFailed:
    """*error* as a failure of the disk. A mistake of ours (wrong SQL, a broken constraint) is
    raised as it is: no waiting will mend it."""
    if not isinstance(error, sqlite3.DatabaseError) or isinstance(
        error, sqlite3.ProgrammingError | sqlite3.IntegrityError | sqlite3.NotSupportedError
    ):
        raise error
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_ERROR:
        raise error
    return StoreFailed(f"{doing}: {error}", code)
