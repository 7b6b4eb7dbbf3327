"""Standard Webhooks: who sent this, unchanged, and lately (standardwebhooks.com, symmetric).

webhook-id: <the same for every try of one event>
webhook-timestamp: <seconds>
webhook-signature: v1,<base64 HMAC-SHA256 of "id.timestamp.body">[ v1,<by another key>]
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from typing import Any, Self

from gateway.model import Millis

LEAST = 24
"""Bytes of a key; the standard asks for 24 to 64."""


class WebhookSecret:
    """One or several `whsec_<base64>` separated by blanks. While keys are changed, each event is
    signed by all of them and the receiver may know either."""

    def __init__(self, *keys: bytes) -> None:
        self._keys = keys

    @classmethod
    def parse(cls, raw: Any) -> Self:
        """
        >>> WebhookSecret.parse("hunter2")
        Traceback (most recent call last):
        ValueError: a webhook secret is whsec_ and base64 of 24 to 64 random bytes
        """
        words = raw.split() if isinstance(raw, str) else []
        keys = [_key(word.removeprefix("whsec_")) for word in words]
        if not keys or not all(LEAST <= len(key) <= 64 for key in keys):
            raise ValueError("a webhook secret is whsec_ and base64 of 24 to 64 random bytes")
        return cls(*keys)

    def __repr__(self) -> str:
        return f"WebhookSecret({len(self._keys)} keys)"

    def headers(self, id: str, at: Millis, body: bytes) -> dict[str, str]:
        """The three headers for a try at *at* to hand over *body*."""
        seconds = str(at // 1000)
        message = b".".join((id.encode(), seconds.encode(), body))
        signatures = (b64encode(hmac.digest(key, message, "sha256")) for key in self._keys)
        return {
            "webhook-id": id,
            "webhook-timestamp": seconds,
            "webhook-signature": " ".join(f"v1,{signature.decode()}" for signature in signatures),
        }


def _key(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        return b""
