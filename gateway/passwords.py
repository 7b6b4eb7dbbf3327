"""Passwords as they are kept: a salted scrypt hash (RFC 7914), never the word itself."""

import base64
import hashlib
import hmac
import secrets

LONGEST = 1024
"""Bytes of a password; a longer one is refused before any work is done."""

_COST = 14, 8, 5
"""N = 2^14, r = 8, p = 5: OWASP Password Storage Cheat Sheet's choice for 16 MiB."""


def hash_password(password: str | bytes, salt: bytes | None = None) -> str:
    """`scrypt$14$8$5$<salt>$<hash>`, base64."""
    salt = secrets.token_bytes(16) if salt is None else salt
    return _encode(_COST, salt, _scrypt(_raw(password), salt, *_COST))


def verify_password(password: str | bytes, stored: str) -> bool:
    """Takes about 0.1 s and 16 MiB: call it in a thread. False also for what is no hash at all:
    a broken line lets nobody in."""
    raw = _raw(password)
    if b"\0" in raw or len(raw) > LONGEST:
        return False  # HMAC pads a short key with zeros: `x` and `x\0` would be the same
    try:
        scheme, n, r, p, text, _ = stored.split("$")
        cost, salt = (int(n), int(r), int(p)), base64.b64decode(text)
        again = _encode(cost, salt, _scrypt(raw, salt, *cost))
    except (ValueError, OverflowError):
        return False
    return scheme == "scrypt" and hmac.compare_digest(again.encode(), stored.encode())


def is_hash(text: str) -> bool:
    """Whether *text* looks like what `hash_password` returns, and not like a password."""
    return text.startswith("scrypt$") and text.count("$") == 5


def _raw(password: str | bytes) -> bytes:
    return password.encode("utf-8", "surrogatepass") if isinstance(password, str) else password


def _scrypt(password: bytes, salt: bytes, n: int, r: int, p: int) -> bytes:
    if not (10 <= n <= 17 and 1 <= r <= 16 and 1 <= p <= 16):
        raise ValueError("scrypt parameters out of range")
    memory = 128 * 2**n * r + 2**20
    return hashlib.scrypt(password, salt=salt, n=2**n, r=r, p=p, maxmem=memory, dklen=32)


def _encode(cost: tuple[int, int, int], salt: bytes, digest: bytes) -> str:
    parts = (base64.b64encode(part).decode() for part in (salt, digest))
    return "$".join(("scrypt", *map(str, cost), *parts))
