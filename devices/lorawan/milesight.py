"""Milesight (EM, WS, AM, VS, TS, CT, GS, WT series): channel, type, value; little-endian.

    01 75 64        channel 1, battery: 100 %
    03 67 19 01     channel 3, temperature: 28.1 Cel
    05 5B 05 3F02 DA01 6A02     sound level: weighting, LAF 57.5, LAeq 47.4, LAFmax 61.8 dB
    83 67 E8 00 01  the same as 03 67, sent at once because of a threshold; one byte says which
    FF 0A 01 01     about the device: no reading
    20 CE …         what was stored while the network was away

The type says how long a value is. What a type-00 state means depends on the model: with the model
named it is `leakage_status`, `magnet_status`, …, without it `state_5` after its channel.
Source: the maker's user guides and the README of each model in its SensorDecoders.
"""

import re
import struct
from collections.abc import Iterator, Sequence

from devices.codec import Ignored, Malformed
from devices.milesight_items import BY_CHANNEL, BY_TYPE, STATES, STORED_LAYOUTS, Part, levels
from devices.uplink import Field, Maker, Uplink

_FLOAT = struct.Struct("<f")
_SOUND = 0x5B
_WATER = 0xE1
_ABOUT_DEVICE = 0xFF
_HISTORY = {0x20, 0x21}
_STORED = 0xCE
_SIZES = {
    0x01: 1, 0x08: 6, 0x09: 2, 0x0A: 2, 0x0B: 1, 0x0F: 1, 0x16: 8, 0x18: 1, 0x1F: 4, 0xFE: 1,
    0xFF: 2, 0x24: 1, 0x25: 2, 0x26: 1, 0x27: 1, 0x28: 1, 0x2F: 1, 0x3F: 1, 0x2E: 1,
}  # fmt: skip
_PRESS = {1: "short", 2: "long", 3: "double"}
_FAMILIES = ((b"\x06\xcb", "am3"), (b"\x05\x6a", "am1"), (b"\x06\x65", "am1"),
             (b"\x04\x82", "em400"))  # fmt: skip
_VOC = (0x08, 0x7D)
_CURRENT_ALARM = (0x84, 0x98)
_NO_READING = {"", "weighting", "region_mask", "threshold", "motion"}
_FAILED = {b"\xff\xff", b"\xfe\xff", b"\xfd\xff"}
"""The probe failed, is warming up, or out of range."""


class _Unknown(Exception):
    """An item whose length nobody here knows: the rest cannot be read."""


def _items(data: bytes, model: str) -> Iterator[Field]:
    """The readings, one after the other. Raises `_Unknown` or `Malformed` where it ends."""
    position = 0
    while position < len(data):
        if position + 2 > len(data):
            raise Malformed("Milesight: one byte left over")
        channel, kind = data[position], data[position + 1]
        fields, size = _item(channel, kind, data[position + 2 :], model)
        yield from fields
        position += 2 + size


def _item(channel: int, kind: int, rest: bytes, model: str) -> tuple[list[Field], int]:
    """The readings of one item and the length of its value."""
    if channel == _ABOUT_DEVICE:
        return _about_device(kind, rest)
    if kind == _STORED and channel in _HISTORY:
        return _stored(rest, model)
    if kind == _WATER:
        return _water(rest)
    parts: Sequence[Part] | None
    if kind == _SOUND:
        parts = levels(_exactly(rest, 7))
    else:
        parts = BY_CHANNEL.get((channel & 0x7F, kind)) or BY_TYPE.get(kind)
    if parts is None:
        raise _Unknown(f"channel {channel:02X}, type {kind:02X}")
    if kind == 0x00:
        parts = [_state(channel & 0x7F, model)]
    if (channel, kind) == _VOC and "am1" in model:
        parts = [Part("tvoc", unit="ppb")]
    if (channel, kind) == _CURRENT_ALARM:
        parts = [*(Part(f"current_{end}", 2, 100, unit="A") for end in ("max", "min")), *parts]
    size = sum(part.size for part in parts)
    fields = list(_read(parts, _exactly(rest, size)))
    if channel & 0x80:  # sent because of a threshold
        alarm = _exactly(rest, size + 1)[size]
        return [*fields, Field(f"{parts[-1].name}_alarm", alarm == 1, "bool")], size + 1
    return fields, size


def _exactly(rest: bytes, size: int) -> bytes:
    if len(rest) < size:
        raise Malformed(f"Milesight: cut off, {size - len(rest)} bytes are missing")
    return rest[:size]


def _read(parts: Sequence[Part], raw: bytes) -> Iterator[Field]:
    position = 0
    for part in parts:
        own = raw[position : position + part.size]
        position += part.size
        failed = own in _FAILED and not part.signed
        if not failed and part.name not in _NO_READING:
            yield part.read(own)


def _family(data: bytes) -> str:
    """The series that an item only it has gives away."""
    return next((name for item, name in _FAMILIES if item in data), "")


def _state(channel: int, model: str) -> Part:
    for pattern, states in STATES:
        if channel in states and re.search(pattern, model):
            return states[channel]
    return Part(f"state_{channel}", 1)


def _about_device(kind: int, rest: bytes) -> tuple[list[Field], int]:
    if kind not in _SIZES:
        raise _Unknown(f"about the device, type {kind:02X}")
    raw = _exactly(rest, _SIZES[kind])
    pressed = kind == 0x2E and raw[0] in _PRESS
    return ([Field("press", _PRESS[raw[0]])] if pressed else []), len(raw)


def _water(rest: bytes) -> tuple[list[Field], int]:
    """EM300-DI counts pulses and knows how much water each is (in whatever unit the site set)."""
    number = _FLOAT.unpack(_exactly(rest, 8)[4:])[0]
    return [Field("water", number)], 8


def _stored(rest: bytes, model: str) -> tuple[list[Field], int]:
    for pattern, parts in STORED_LAYOUTS:
        if re.search(pattern, model):
            size = 4 + sum(part.size for part in parts)
            raw = _exactly(rest, size)
            at = int.from_bytes(raw[:4], "little") * 1000
            return [field._replace(measured_at=at) for field in _read(parts, raw[4:])], size
    raise _Unknown("a stored record")


def decode(uplink: Uplink) -> Sequence[Field]:
    model = re.sub(r"[^a-z0-9]", "", uplink.about) + _family(uplink.data)
    fields = []
    try:
        for field in _items(uplink.data, model):
            fields.append(field)
    except _Unknown as unknown:
        if not fields:
            raise Ignored(f"Milesight: {unknown} is not known") from None
    return fields


def _surely(uplink: Uplink) -> bool:
    """Every byte has its place, in channels and ranges that the maker uses."""
    if len(uplink.data) < 3:
        return False
    try:
        fields = list(_items(uplink.data, ""))
    except (_Unknown, Malformed):
        return False
    seen = [field.name for field in fields]
    good = all(_possible(field) for field in fields)
    known = uplink.data[0] == _ABOUT_DEVICE or uplink.data[0] & 0x7F <= 0x10
    return good and known and len(set(seen)) == len(seen) and uplink.port == 85


def _possible(field: Field) -> bool:
    value = field.value
    if isinstance(value, str):
        return not value.isdigit()
    low, high = _RANGES.get(field.name, (-1e12, 1e12))
    return low <= value <= high and not (field.name.startswith("state_") and value > 1)


_RANGES = {
    "battery": (0, 100), "temperature": (-60, 100), "humidity": (0, 100),
    "pressure": (300, 1100), "remaining": (0, 100), "LAeq": (20, 140),
}  # fmt: skip

MAKER = Maker(names=("milesight", "ursalink"), euis=("24E124",), decode=decode, surely=_surely)
