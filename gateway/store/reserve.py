"""A file that only takes room: given up when the disk is full, so that the store can go on."""

import os
from pathlib import Path

from gateway.store.connection import sync_folder

AMPLE = 8
"""The reserve is laid up again when the disk has room for so many of it."""


def keep(database: Path, size: int) -> None:
    """Lay up *size* bytes beside *database*, unless that is done or there is little room."""
    path = _path(database)
    if not size or path.exists():
        return
    disk = os.statvfs(path.parent)
    if disk.f_bavail * disk.f_frsize < AMPLE * size:
        return
    handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError:
        path.unlink()  # a piece of it would pass for all of it
        raise
    finally:
        os.close(handle)


def release(database: Path) -> bool:
    """Give the reserve up. False: there was none left."""
    path = _path(database)
    if not path.exists():
        return False
    path.unlink()
    sync_folder(path.parent)
    return True


def _path(database: Path) -> Path:
    return database.with_suffix(".reserve")
