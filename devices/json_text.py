"""Reads JSON as devices write it: strictly where it is JSON, forgiving where one value is not.

{"temperature":NaN,"humidity":40}      -> temperature is nan, which no reading may be
{"temperature":20,"temperature":99}    -> 99 (the last wins), and a note that it came twice
EF BB BF {...}   and   {...} 00 00     -> a mark of the encoding and C's trailing zeros go
two objects, a trailing comma, ' for " -> Malformed
"""

import json
import math
import re
from typing import Any, NamedTuple

import msgspec

MAX_BYTES = 4 << 20
"""Larger texts are refused unread; a camera's event with its picture stays well below."""

_LONGEST_INTEGER = 400
"""Digits. Python refuses to turn 4,300 into a number; a float ends at 309 anyway."""

_BARE = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![\w.])[+-]?(?:nan|inf(?:inity)?)(?![\w.])', re.I)
_SURROGATE = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
_HOLDING = (str, dict, list)
_LONE = len(r"\ud800")


class Malformed(ValueError):
    """The message is broken; its text says how. Counted and quarantined, and the next is read."""


class Document(NamedTuple):
    """What was read. *notes*: what is suspicious about it, in words."""

    value: Any
    notes: tuple[str, ...] = ()


def read(payload: bytes) -> Document:
    """Parse JSON; numbers that are none become nan, lone surrogates U+FFFD.

    Raises `Malformed` for anything else that is not one JSON value in UTF-8.
    """
    if len(payload) > MAX_BYTES:
        raise Malformed(f"{len(payload)} bytes of text; more than {MAX_BYTES} are not read")
    clean = payload.removeprefix(b"\xef\xbb\xbf").rstrip(b"\0 \t\r\n")
    try:
        value = msgspec.json.decode(clean)
        if clean.count(b'"') == 2 * _count_texts(value):
            return Document(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError:
        raise Malformed("nested too deeply") from None
    return _read_broken(clean)


def _count_texts(value: Any) -> int:
    """Keys and texts in the whole document. Where there are more pairs of quotation marks, one
    may have come twice (or a text holds some: the slow way tells)."""
    if isinstance(value, str):
        return 1
    if isinstance(value, dict):
        return len(value) + sum(_count_texts(v) for v in value.values() if isinstance(v, _HOLDING))
    if isinstance(value, list):
        return sum(_count_texts(item) for item in value if isinstance(item, _HOLDING))
    return 0


def _read_broken(clean: bytes) -> Document:
    """The slow way: repairs what one careless printf does, and counts keys that come twice."""
    twice: list[str] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice.extend(name for name in found if names.count(name) > 1)
        return found

    try:
        value = json.loads(
            _repair(clean),
            object_pairs_hook=build,
            parse_int=_integer,
            parse_constant=lambda _: math.nan,
        )
    except UnicodeDecodeError as error:
        raise Malformed(f"not UTF-8 at byte {error.start}") from None
    except ValueError as error:
        raise Malformed(f"not JSON: {error}") from None
    except RecursionError:
        raise Malformed("nested too deeply") from None
    return Document(value, tuple(f"came_twice: {name[:40]}, the last one counts" for name in twice))


def _repair(clean: bytes) -> str:
    text = _SURROGATE.sub(lambda m: r"\ufffd" if len(m[0]) == _LONE else m[0], clean.decode())
    return _BARE.sub(lambda m: m[0] if m[0][0] == '"' else "NaN", text)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else math.nan
