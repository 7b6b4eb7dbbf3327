"""Files that are whole after a power cut: the new one, or the one before."""

import os
import secrets
from pathlib import Path


def write(path: Path, body: bytes, mode: int = 0o666) -> None:
    """Put *body* at *path* in one step; on disk when this returns. Who writes at the same time is
    not in the way: one of them comes last. *mode* as for open(2). Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        with open(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
