"""Finds the values in an object whose keys are the source's own.

{"sensore_1": {"Temperature": 23.1}, "alarm": {"value": true}, "sn": "6600b09"}
  -> sensore_1.Temperature  "Temperature"  23.1
     alarm.value            "alarm"        true
     (the serial number describes the device and is no reading)
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from devices.codec import Value
from devices.timestamps import NONE, Stamp

MAX_LEAVES = 256
"""Of one message. What floods a store with keys is no sensor."""

MAX_DEPTH = 8

MAX_UNIT = 16

MAX_TEXT = 64
"""A longer text is prose, not a state."""

_CARRIERS = {"value", "val", "v", "values", "current_value"}
"""Keys that only hold the value of the key above them."""

_UNITS = ("unit", "units", "uom")
"""Keys beside a carrier that state its unit; what is to be shown beside it is no reading."""
_SHOWN = frozenset({*_UNITS, "displayname", "display_name", "label"})
_TYPED = "measurementValue"
"""SenseCAP: `{"type": "Air Temperature", "measurementId": "4097", "measurementValue": 21.3}`."""

_ABOUT = re.compile(
    # what the device is
    r"(?:\w+_)?(?:version|firmware|serial|serial_?n(?:o|umber|r)|manufacturer|imei|imsi|iccid|mac"
    r"|uuid|guid|model_?id|build_?id|node_?type|device_?type|product_?id)"
    r"|ver|hardware|software|fw|hw|sn|protocol|model|product|vendor|brand|ip|lorawan_class"
    # the message, and when it was made
    r"|(?:\w+_)?(?:seq|seq_?n(?:o|r|umber)|sequence(?:_number)?|f_?cnt|frame_?count(?:er)?|f_?port"
    r"|timestamp|crc|checksum|(?:msg|message|packet|report|payload|frame)_?type)"
    r"|(?:(?:report|sample|sys|system|device|msg|message|event|server|local|utc|measure|record"
    r"|update|create|unix|epoch)_?)?(?:time|date|datetime)|time_instant|systimestamp|coordinate_system|ts|epoch|clock|uptime"
    r"|bytes|raw|hex|payload_length"
    # what it was told, and that it started
    r"|\w+_(?:enable|enabled|config|settings)|clear_history|confirm_mode|time_?zone"
    r"|(?:report(?:ing)?|collection|heartbeat|upload|sampling|transmit|send|resend|retransmit"
    r"|acquisition)_interval|(?:freq|sub)_band|join_type|reboot|power_on|device_status"
    r"|reset_?(?:event|reason|cause)|(?:error|status)_code"
)
_PARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\s./-]+")


_CACHED = 200
"""Characters; somebody who invents longer paths fills no cache."""


class Leaf(NamedTuple):
    """One value: where it stands, what it is called, what it is (never None), and the unit that
    is stated beside it."""

    path: str
    name: str
    value: Any
    unit: str = ""


def snake(name: str) -> str:
    """`historySeqNr` -> `history_seq_nr`, `BatV` -> `bat_v`."""
    return _PARTS.sub("_", name).lower()


def describes(path: str) -> bool:
    """Is this about the device or the message (serial number, version, time), not a reading?

    A part of the path may say so as well: everything in `buildId` is about the build.
    """
    if len(path) > _CACHED:
        return _describes.__wrapped__(path)
    return _describes(path)


@lru_cache(maxsize=4096)
def _describes(path: str) -> bool:
    return any(_ABOUT.fullmatch(snake(part)) for part in path.split(".") if not part.isdigit())


TRUTH = {"TRUE": True, "FALSE": False, "true": True, "false": False, "True": True, "False": False}
"""A bool that a formatter turned into text."""

_SHORT = {"t": "temperature", "h": "humidity"}
"""The one-letter keys of examples and thrifty devices that mean the same everywhere."""


def values(
    device: str,
    found: Any,
    path: str = "",
    stamp: Stamp = NONE,
    names: Mapping[str, str] = MappingProxyType({}),
) -> list[Value]:
    """The readings in *found*; *names* translates what the dialect calls a quantity."""
    prefix = f"{path}." if path else ""
    return [
        Value(
            device=device,
            quantity=names.get(leaf.name) or _meant(leaf),
            value=TRUTH.get(leaf.value, leaf.value) if isinstance(leaf.value, str) else leaf.value,
            unit=leaf.unit,
            measured_at=stamp.at,
            quality=stamp.quality,
            path=leaf.path,
        )
        for leaf in leaves(found, path)
        if not describes(leaf.path.removeprefix(prefix))
    ]


def _meant(leaf: Leaf) -> str:
    """A name that its value makes clear: `Power: "on"` is a switch, not watts."""
    switch = isinstance(leaf.value, bool) or str(leaf.value).lower() in ("on", "off")
    if switch and leaf.name.lower() == "power":
        return "switch"
    return _SHORT.get(leaf.name, leaf.name)


def leaves(value: Any, path: str = "") -> Iterator[Leaf]:
    """Numbers, bools and short texts of *value*, in order; a list's index is a part of the path."""
    return _limited(_walk(value, path, path.rpartition(".")[2], 0))


def _limited(found: Iterator[Leaf]) -> Iterator[Leaf]:
    for count, leaf in enumerate(found):
        if count == MAX_LEAVES:
            return
        yield leaf


def _walk(value: Any, path: str, name: str, depth: int, unit: str = "") -> Iterator[Leaf]:
    if isinstance(value, dict) and depth < MAX_DEPTH:
        yield from _inside(value, path, name, depth)
    elif isinstance(value, list) and depth < MAX_DEPTH:
        for index, inner in enumerate(value[:MAX_LEAVES]):
            yield from _walk(inner, f"{path}.{index}" if path else str(index), name, depth + 1)
    elif isinstance(value, bool | int | float) or (
        isinstance(value, str) and 0 < len(value) <= MAX_TEXT
    ):
        yield Leaf(path, name, value, unit)


def _inside(value: dict[str, Any], path: str, name: str, depth: int) -> Iterator[Leaf]:
    typed = value.get("type")
    if _TYPED in value and isinstance(typed, str):
        yield from _walk(value[_TYPED], f"{path}.{_TYPED}", typed, depth + 1)
        return
    carried = name and not _CARRIERS.isdisjoint(value)
    stated = next((value[key] for key in _UNITS if key in value), "") if carried else ""
    unit = stated if isinstance(stated, str) and len(stated) <= MAX_UNIT else ""
    for key, inner in value.items():
        below = f"{path}.{key}" if path else key
        lower = key.lower()
        if name and lower in _CARRIERS:
            yield from _walk(inner, below, name, depth + 1, unit)
        elif name and key.isdecimal():
            yield from _walk(inner, below, f"{name}_{key}", depth + 1)
        elif not (unit and lower in _SHOWN):
            yield from _walk(inner, below, key, depth + 1)
