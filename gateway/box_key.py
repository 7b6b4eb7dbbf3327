"""The key of this box: it signs links to evidence, and the manifest of the evidence."""

import secrets
from pathlib import Path

from gateway import durable

FILE = Path("data") / "box.key"
"""Below the site's folder."""


def box_key(root: Path) -> bytes:
    """The key of the site at *root*, made at its first start. Raises OSError."""
    path = root / FILE
    if not path.exists():
        durable.write(path, secrets.token_bytes(32), 0o600)
    return path.read_bytes()
