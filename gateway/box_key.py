"""The key of this box: it signs links to evidence, and the manifest of the evidence."""

import os
import secrets
from pathlib import Path

FILE = Path("data") / "box.key"
"""Below the site's folder."""


def box_key(root: Path) -> bytes:
    """The key of the site at *root*, made at its first start. Raises OSError."""
    path = root / FILE
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    return path.read_bytes()
