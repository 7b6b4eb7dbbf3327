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
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from devices.codec import Ignored, Malformed
from devices.uplink import Field, Maker, Uplink


class Part(NamedTuple):
    """One number of an item: *size* bytes over *step*, or one of *states*."""

    name: str
    size: int = 2
    step: float = 1
    signed: bool = False
    unit: str = ""
    states: tuple[str, ...] = ()

    def read(self, raw: bytes) -> Field:
        number = int.from_bytes(raw, "little", signed=self.signed)
        if self.states:
            known = number < len(self.states)
            return Field(self.name, self.states[number] if known else str(number))
        return Field(self.name, number / self.step, self.unit)


_TEMPERATURE = Part("temperature", 2, 10, True, "Cel")
_HUMIDITY, _DISTANCE = Part("humidity", 1, 2, unit="%RH"), Part("distance", 2, unit="mm")
_ANGLES = tuple(Part(f"angle_{axis}", 2, 100, True, "deg") for axis in "xyz")
_PASSING = (0x03, 0x06, 0x09, 0x0C)


def _levels(data: bytes) -> list[Part]:
    """A sound level names its weighting in the first byte: A to D, and slow, fast or impulse."""
    time, letter = "IFS"[min(data[0] & 0x03, 2)], "ZACD"[min(data[0] >> 2 & 0x03, 3)]
    names = (f"L{letter}{time}", f"L{letter}eq", f"L{letter}{time}max")
    return [Part("weighting", 1), *(Part(name, 2, 10, unit="dB") for name in names)]


_BY_CHANNEL: dict[tuple[int, int], tuple[Part, ...]] = {
    (0x04, 0x67): (Part("temperature_2", 2, 10, True, "Cel"),),
    (0x03, 0x7B): (Part("water_pressure", 2, unit="kPa"),),
    (0x05, 0x7D): (Part("co2", unit="ppm"),),
    (0x07, 0x7D): (Part("co2", unit="ppm"),),
    (0x08, 0x7D): (Part("tvoc", 2, 100, unit="1"),),
    (0x0A, 0x7D): (Part("hcho", 2, 100, unit="mg/m3"),),
    (0x0B, 0x7D): (Part("pm2_5", unit="ug/m3"),),
    (0x0C, 0x7D): (Part("pm10", unit="ug/m3"),),
    (0x0D, 0x7D): (Part("o3", 2, 100, unit="ppm"),),
    (0x08, 0xE6): (Part("tvoc", unit="ug/m3"),),
    (0x07, 0xC9): (Part("current", unit="mA"),),
    (0x04, 0xC9): (Part("people_count", 1), Part("region_count", 1), Part("region_mask")),
    (0x02, 0xA5): tuple(Part(f"distance_{n}", 2, unit="mm") for n in range(1, 5)),
    (0x06, 0xA6): (Part("ambient_counts", 4),),
    (0x07, 0xA7): (Part("similarity", 1),),
    (0x10, 0xE4): (Part("region_mask", 1), Part("avg_dwell"), Part("max_dwell")),
    (0x04, 0xCC): (Part("total_in"), Part("total_out")),
    (0x05, 0xCC): (Part("people_in"), Part("people_out")),
    (0x0D, 0xCC): (Part("people_total_in"), Part("people_total_out")),
    (0x0F, 0xE3): tuple(Part(f"region_{n}_count", 1) for n in range(1, 5)),
    (0x07, 0xD5): tuple(Part(f"region_{n}_count", 1) for n in range(1, 9)),
    (0x08, 0xD5): tuple(Part(f"region_{n}_count", 1) for n in range(9, 17)),
    (0x05, 0x8E): (Part("gas", 1, states=("normal", "alarm")),),
    (0x03, 0x8E): (Part("occupancy", 1, states=("vacant", "occupied")),),
    (0x04, 0x8E): (Part("calibration_status", 1, states=("failed", "success")),),
    (0x08, 0x90): (Part("life_remain", 4, unit="s"),),
    **{(ch, 0xD2): (Part(f"line_{n}_total_in", 4),) for n, ch in enumerate(_PASSING, 1)},
    **{(ch + 1, 0xD2): (Part(f"line_{n}_total_out", 4),) for n, ch in enumerate(_PASSING, 1)},
    **{(ch + 2, 0xCC): (Part(f"line_{n}_period_in"), Part(f"line_{n}_period_out"))
       for n, ch in enumerate(_PASSING[1:], 2)},
}  # fmt: skip

_BY_TYPE: dict[int, tuple[Part, ...]] = {
    0x00: (Part("", 1),),
    0x01: (Part("output", 1, states=("off", "on")),),
    0x65: (
        Part("illumination", unit="lx"), Part("infrared_and_visible"), Part("infrared"),
    ),
    0x67: (_TEMPERATURE,),
    0x68: (_HUMIDITY,),
    0x6A: (Part("activity"),),
    0x70: (Part("socket_status", 1, states=("off", "on")),),
    0x73: (Part("pressure", 2, 10, unit="hPa"),),
    0x74: (Part("voltage", 2, 10, unit="V"),),
    0x75: (Part("battery", 1, unit="%"),),
    0x77: (Part("water_level", 2, unit="cm"),),
    0x7F: (Part("conductivity", unit="uS/cm"),),
    0x80: (Part("active_power", 4, unit="W"),),
    0x81: (Part("power_factor", 1, unit="%"),),
    0x82: (_DISTANCE,),
    0x83: (Part("energy", 4, unit="Wh"),),
    0x88: (
        Part("lat", 4, 1e6, True, "lat"), Part("lon", 4, 1e6, True, "lon"), Part("motion", 1),
    ),
    0x92: (Part("valve_opening", 1, unit="%"),),
    0x94: (Part("illumination", 4, unit="lx"),),
    0xA8: (Part("", 1),),
    0x97: (Part("total_current", 4, 100, unit="Ah"),),
    0x98: (Part("current", 2, 100, unit="A"),),
    0xC8: (Part("pulse", 4),),
    0xCA: (Part("soil_moisture", 2, 100, unit="%"),),
    0xCB: (Part("light_level", 1, unit="1"),),
    0xCD: (Part("people_count_max", 1),),
    0xCF: (*_ANGLES, Part("threshold", 1)),
    0xD6: (Part("remaining", 1, unit="%"),),
}  # fmt: skip

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

_LEAK, _MAGNET = ("normal", "leak"), ("closed", "opened")
_STATES: tuple[tuple[str, Mapping[int, Part]], ...] = (
    ("em300[msz]ld", {5: Part("leakage_status", 1, states=_LEAK)}),
    ("em300mcs", {6: Part("magnet_status", 1, states=_MAGNET)}),
    ("em300di", {5: Part("gpio", 1, states=("low", "high"))}),
    ("em310udl", {4: Part("position", 1, states=("normal", "tilt"))}),
    ("em400", {5: Part("position", 1, states=("normal", "tilt"))}),
    ("am3", {5: Part("pir", 1, states=("idle", "trigger"))}),
    ("ws202", {3: Part("pir", 1, states=("normal", "trigger")),
               4: Part("daylight", 1, states=("dark", "light"))}),
    ("ws301", {3: Part("magnet_status", 1, states=_MAGNET),
               4: Part("tamper_status", 1, states=("installed", "uninstalled"))}),
    ("ws303", {3: Part("leakage_status", 1, states=_LEAK)}),
    ("ts30", {3: Part("magnet_chn1", 1, states=_MAGNET),
              4: Part("magnet_chn2", 1, states=_MAGNET)}),
)  # fmt: skip
"""Model -> channel -> what a state of one byte means."""

_FAMILIES = ((b"\x06\xcb", "am3"), (b"\x05\x6a", "am1"), (b"\x06\x65", "am1"),
             (b"\x04\x82", "em400"))  # fmt: skip
_VOC = (0x08, 0x7D)
_CURRENT_ALARM = (0x84, 0x98)

_STORED_LAYOUTS: tuple[tuple[str, tuple[Part, ...]], ...] = (
    ("em300(?!di)", (_TEMPERATURE, _HUMIDITY, Part("", 1))),
    ("em500swl", (Part("water_level", 2, unit="cm"),)),
    ("em500lgt", (Part("illumination", 4, unit="lx"),)),
    ("em500udl", (_DISTANCE,)),
)
"""Model -> what stands behind the time in a stored record."""


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
        parts = _levels(_exactly(rest, 7))
    else:
        parts = _BY_CHANNEL.get((channel & 0x7F, kind)) or _BY_TYPE.get(kind)
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
    for pattern, states in _STATES:
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
    for pattern, parts in _STORED_LAYOUTS:
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
