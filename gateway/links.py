"""Links to evidence that anybody who holds one may follow, until it expires.

    /evidence/<sha256>.jpg?expires=<ms since the epoch>&signature=<HMAC-SHA256, base64url>

The signature covers picture and time, so a holder can change neither. Whoever has the key of
the site can make links; a new key makes all old ones void.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from urllib.parse import urlencode

from gateway.model import Millis

_SHA256 = re.compile(r"[0-9a-f]{64}")


def sign(key: bytes, sha256: str, expires: Millis) -> str:
    """The signature (43 characters, safe in a URL) over a picture's hash and its last moment."""
    if not key:
        raise ValueError("an empty key signs nothing")
    # The first line keeps this signature from ever being good for another purpose of the key.
    message = f"linli evidence link 1\n{sha256}\n{expires}".encode()
    return urlsafe_b64encode(hmac.digest(key, message, "sha256")).rstrip(b"=").decode()


def verify(key: bytes, sha256: str, expires: Millis, signature: str, now: Millis) -> bool:
    """Whether the link is one of ours and still good at *now*."""
    if now >= expires or not _SHA256.fullmatch(sha256):
        return False
    return hmac.compare_digest(sign(key, sha256, expires).encode(), signature.encode())


def link(base: str, key: bytes, sha256: str, expires: Millis) -> str:
    """The whole address of a picture.

    >>> link("https://gate.example", b"k" * 32, "0" * 64, 1)[:60]
    'https://gate.example/evidence/000000000000000000000000000000'
    """
    query = urlencode({"expires": expires, "signature": sign(key, sha256, expires)})
    return f"{base.rstrip('/')}/evidence/{sha256}.jpg?{query}"
