"""Values of objects whose keys name what they hold: the common part of many dialects.

{"temperature": 21.5, "batt": 90, "ts": 1648731311, "name": "x"}
  -> temperature 21.5, batt 90; both measured 2022-03-31T12:55:11Z; words that name
     nothing measured are left out
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from devices.codec import Message, Value
from devices.leaves import Leaf, describes, leaves
from devices.quantity import find
from devices.timestamps import NONE, Stamp

TIMES = (
    "timestamp", "time", "ts", "datetime", "date_time", "last_seen", "origin", "measured_at",
    "event_time", "eventtime", "recorded_at", "sampled_at", "time_stamp", "dt", "tst", "epoch",
    "unixtime", "utc", "localtime", "received_at", "date",
)  # fmt: skip
"""Keys, in lower case, under which devices write when they measured; the first that fits."""
_TIMES = frozenset(TIMES)
_DATUMS = ("coordtype", "coord_type", "datum", "crs", "coordinate_system")
_WGS84 = ("wgs84", "wgs-84", "epsg:4326", "cgcs2000", "gps")
_POSITION = {"lat": "lat", "latitude": "lat", "lon": "lon", "lng": "lon", "longitude": "lon"}
_LONGEST = 64
"""Characters of a key; a longer one is no name."""


class Field(NamedTuple):
    """What a key of a dialect means."""

    quantity: str
    unit: str = ""


def time_key(document: Mapping[str, Any]) -> str:
    """The key under which *document* says when it was measured; '' for none."""
    lower = {key.lower(): key for key in document}
    if _TIMES.isdisjoint(lower):
        return ""
    for name in TIMES:
        if name in lower:
            raw = document[lower[name]]
            if isinstance(raw, str | int | float) and not isinstance(raw, bool):
                return lower[name]
    return ""


def stamp(message: Message, document: Mapping[str, Any]) -> Stamp:
    """When *document* says that it was measured."""
    key = time_key(document)
    return message.stamp(document[key]) if key else NONE


def values(
    message: Message,
    device: str,
    document: Mapping[str, Any],
    fields: Mapping[str, Field],
    skip: Callable[[str], bool] = lambda path: False,
    words: Collection[str] = (),
) -> list[Value]:
    """Every number and known word of *document*; a key in *fields* by what is said there, any
    other under its own name, unless *skip* says so. *words* are keys whose words are measured,
    beside those that the table of quantities knows."""
    measured_at, quality = stamp(message, document)
    datum = _datum(document) if _POSITION.keys() & document.keys() else ""
    found = []
    for leaf in leaves(document):
        name = leaf.name
        if name.lower() in _TIMES or len(name) > _LONGEST:
            continue
        field = fields.get(name) or fields.get(name.lower())
        if field is None:
            if about(leaf.path) or skip(leaf.path) or not (name in words or _said(message, leaf)):
                continue
            known = _POSITION[name] + datum if datum and name in _POSITION else name
            field = Field(known, leaf.unit)
        found.append(
            Value(device, field.quantity, leaf.value, field.unit, measured_at, quality, leaf.path)
        )
    return found


@lru_cache(maxsize=4096)
def about(path: str) -> bool:
    """Is it about the device, or inert?"""
    return describes(path) or path.startswith("__") or path.lower() == "id"


def _said(message: Message, leaf: Leaf) -> bool:
    """Numbers are readings. Words are where their name is one of words, or the site asks."""
    if not isinstance(leaf.value, str):
        return True
    if leaf.path in message.wanted:
        return True
    quantity = find(leaf.name)
    return quantity is not None or _numeric(leaf.value)


def _numeric(text: str) -> bool:
    text = text.strip()
    return text[:1] in "+-.0123456789" and text.lstrip("+-").replace(".", "", 1).isdecimal()


def _datum(document: Mapping[str, Any]) -> str:
    """`_gcj02` where positions are in another datum than WGS 84: kept apart, under its name."""
    for key in _DATUMS:
        for spelt in (key, "coordType", "coordinateSystem"):
            datum = document.get(spelt)
            if isinstance(datum, str) and datum.lower() not in _WGS84:
                return f"_{datum.lower()[:16]}"
    return ""


def scalar(message: Message) -> float | str | bool | None:
    """A payload that is one bare value; None for `null`. Raises `Malformed` for bytes that are no
    text."""
    text = message.text()
    words: dict[str, bool | None] = {"true": True, "false": False, "null": None, "none": None}
    return words.get(text.lower(), text)


def of_pairs(pairs: Iterable[tuple[str, str, str]]) -> dict[str, Field]:
    """(key, quantity, unit) -> a table of fields."""
    return {key: Field(quantity, unit) for key, quantity, unit in pairs}
