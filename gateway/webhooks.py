"""Standard Webhooks: who sent this, unchanged, and lately (standardwebhooks.com, symmetric).

webhook-id: <the same for every try of one event>
webhook-timestamp: <seconds>
webhook-signature: v1,<base64 HMAC-SHA256 of "id.timestamp.body">[ v1,<by another key>]
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, Self

from gateway.model import Millis

LEAST = 24
"""Bytes of a key; the standard asks for 24 to 64."""
TOLERANCE = 300
"""Seconds by which the time of a signature may differ from ours."""


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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WebhookSecret) and self._keys == other._keys

    def __hash__(self) -> int:
        return hash(self._keys)

    def __repr__(self) -> str:
        return f"WebhookSecret({len(self._keys)} keys)"

    def headers(self, id: str, at: Millis, body: bytes) -> dict[str, str]:
        """The three headers for a try at *at* to hand over *body*."""
        seconds = str(at // 1000)
        return {
            "webhook-id": id,
            "webhook-timestamp": seconds,
            "webhook-signature": " ".join(self._signatures(id, seconds, body)),
        }

    def verifies(self, headers: Mapping[str, str], body: bytes, now: Millis) -> bool:
        """Whether one who knows a key sent *body* lately. Names of *headers* in small letters."""
        id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not id or not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 16):
            return False
        if abs(int(stamp) - now / 1000) > TOLERANCE:
            return False
        given = [one.encode() for one in headers.get("webhook-signature", "").split(" ")]
        return any(
            hmac.compare_digest(wanted.encode(), one)
            for wanted in self._signatures(id, stamp, body)
            for one in given
        )

    def _signatures(self, id: str, seconds: str, body: bytes) -> list[str]:
        message = b".".join((id.encode(), seconds.encode(), body))
        digests = (hmac.digest(key, message, "sha256") for key in self._keys)
        return [f"v1,{b64encode(digest).decode()}" for digest in digests]


def _key(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        return b""
