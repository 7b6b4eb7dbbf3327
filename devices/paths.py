"""A message as path -> value, for plans: quick, and of ordinary messages only.

{"Time": "…", "AM2301": {"Temperature": 21.5}}  ->  Time, AM2301.Temperature
21.5                                            ->  the only value, under ''
"""

from typing import Any

import msgspec

MAX_BYTES = 2048
MAX_DEPTH = 4


def by_path(payload: bytes) -> dict[str, Any] | None:
    """A JSON object as path -> value, or a bare number as the only value of one, under ''."""
    if len(payload) > MAX_BYTES:
        return None
    try:
        document = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if document.__class__ is dict:
        return document if payload.count(b"{") == 1 else _flattened(document)
    if document.__class__ is float or document.__class__ is int:
        return {"": document}
    return None


def _flattened(document: dict[str, Any]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    level = [("", document)]
    for _ in range(MAX_DEPTH):
        below = []
        for prefix, inner in level:
            for key, value in inner.items():
                if value.__class__ is dict:
                    below.append((f"{prefix}{key}.", value))
                else:
                    found[prefix + key] = value
        if not below:
            return found
        level = below
    return None


def is_number(raw: Any) -> bool:
    return isinstance(raw, int | float) and not isinstance(raw, bool)
