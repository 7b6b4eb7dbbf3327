"""Netvox R311, R711, R718, RA07 …: 11 bytes on port 6, big-endian.

    01 12 01 24 01 00 00 00 00 00 00
    |  |  |  |  water leak
    |  |  |  battery 3.6 V (bit 7: low)
    |  |  report: 1 reading, 0 version
    |  device type: R718WB
    version of the protocol

Port 7 answers configuration. Source: "Netvox LoRaWAN Application Command", v. 1.9 and later.
"""

from collections.abc import Sequence
from typing import NamedTuple

from devices.codec import Ignored, Malformed
from devices.uplink import Field, Maker, Uplink

_SIZE = 11
_VERSION, _READING = 0, 1
_R718N1 = b"\x49\x01"
_ABSENT = {1: 0xFF, 2: 0xFFFF}


class Part(NamedTuple):
    """One number after the battery: *size* bytes over *step*, or one of *states*."""

    name: str
    size: int = 1
    step: float = 1
    signed: bool = False
    unit: str = ""
    states: tuple[str, ...] = ()
    may_be_absent: bool = False


_LEAK = Part("water_leak", states=("no leak", "leak"))
_CLIMATE = (Part("temperature", 2, 100, True, "Cel"), Part("humidity", 2, 100, unit="%RH"))


def _gases(*names: str, step: float = 10, unit: str = "ppm") -> tuple[Part, ...]:
    return tuple(Part(name, 2, step, unit=unit, may_be_absent=True) for name in names)


_AIR_AND_WATER: dict[int, tuple[Part, ...]] = {
    0x01: _gases("pm1_0_cf1", "pm2_5_cf1", "pm10_cf1", step=1, unit="ug/m3"),
    0x02: _gases("pm1_0", "pm2_5", "pm10", step=1, unit="ug/m3"),
    0x05: _gases("o3", "co", "no"),
    0x06: _gases("no2", "so2", "h2s"),
    0x07: _gases("co2", "nh3") + _gases("noise", unit="dB"),
    0x08: (
        *_gases("ph", step=100, unit="pH"),
        Part("temperature", 2, 100, True, "Cel", may_be_absent=True),
        *_gases("orp", step=1, unit="mV"),
    ),
    0x0A: (
        *_gases("soil_moisture", step=100, unit="%"),
        Part("soil_temperature", 2, 100, True, "Cel", may_be_absent=True),
        *_gases("water_level", step=1, unit="cm"),
        Part("conductivity", 1, 10, unit="dS/m", may_be_absent=True),
    ),
    0x0C: (
        Part("temperature", 2, 100, True, "Cel", may_be_absent=True),
        Part("humidity", 2, 100, unit="%RH", may_be_absent=True),
        Part("wind_speed", 2, 100, unit="m/s", may_be_absent=True),
    ),
}
"""The series R718PA, R726, RA07: one device type each, the report says which probe."""

_SWITCH = ("off", "on")
_ALARM = ("normal", "alarm")
_LEAKS = tuple(Part(f"water_leak_{n}", states=("no leak", "leak")) for n in (1, 2))
_OCCUPANCY = (
    Part("temperature", 2, 100, True, "Cel"),
    Part("illuminance", 2, unit="lx"),
    Part("occupied", states=("free", "occupied")),
    Part("tamper", states=("normal", "tampered")),
)
_TWO_PROBES = tuple(Part(f"temperature{n}", 2, 10, True, "Cel") for n in (1, 2))
_DUST = (*_CLIMATE, Part("pm2_5", 2, unit="ug/m3"))
_BY_TYPE: tuple[tuple[tuple[int, ...], tuple[Part, ...]], ...] = (
    ((0x01, 0x0B, 0x13, 0x6E), _CLIMATE),  # R711, R718A, R718AB, R720A
    ((0x02, 0x1D), (Part("contact_status", states=_SWITCH),)),  # R311A, R718F
    ((0x03, 0x07), _OCCUPANCY),  # RB11E, RB11E1
    ((0x04, 0x4B), (Part("illuminance", 2, unit="lx"),)),  # R311G, R311B
    ((0x06, 0x46, 0x47), _LEAKS),  # R311W, R718WA2, R718WB2
    ((0x0A,), (Part("fire_alarm", states=_ALARM), Part("high_temperature_alarm", states=_ALARM))),
    ((0x10, 0x31, 0x4D, 0x55), (Part("alarm", states=_ALARM),)),  # RB02I, R718T, R312A, R312
    ((0x11,), (Part("co_alarm", states=_ALARM), Part("high_temperature_alarm", states=_ALARM))),
    ((0x12, 0x32), (_LEAK,)),  # R718WB, R718WA
    ((0x16, 0x17), _TWO_PROBES),  # R718CK2, R718CT2
    ((0x1A,), (Part("ball_status", states=_SWITCH),)),  # R718DA
    ((0x1B, 0x4F), (Part("vibration", states=_SWITCH),)),  # R718DB, R311FA
    ((0x20, 0x2A), (Part("analog_voltage", 2, unit="mV"),)),  # R718IA, R718IB
    ((0x21, 0x25, 0x27), (Part("status", states=_SWITCH),)),  # R718J, R718LB, R718MBA
    (
        (0x2F, 0x3D, 0x3E, 0x43, 0x45, 0x4C),
        (Part("status_1", states=_SWITCH), Part("status_2", states=_SWITCH)),
    ),
    ((0x35, 0x36, 0x37, 0x5D, 0x5E, 0x5F, 0x6A), _DUST),  # RA0716, R72616, R72716
    ((0x41, 0x42), tuple(Part(f"analog_voltage_{n}", 2, unit="mV") for n in (1, 2))),
    ((0xD4,), (Part("water_count", 4), Part("fault", states=_SWITCH), _LEAK)),  # R720FLT
)

_LAYOUTS: dict[tuple[int, int], tuple[Part, ...]] = {
    **{(kind, _READING): parts for kinds, parts in _BY_TYPE for kind in kinds},
    **{
        (kind, report): parts
        for kind in (0x05, 0x09, 0x57, 0x58)
        for report, parts in _AIR_AND_WATER.items()
    },
}


def _current(data: bytes) -> list[Field]:
    """R718N1: the clamp's reading times the multiplier that it says."""
    return [Field("current", int.from_bytes(data[4:6], "big") * data[6], "mA")]


def _read(parts: Sequence[Part], data: bytes) -> list[Field]:
    fields, position = [], 4
    for part in parts:
        raw = data[position : position + part.size]
        position += part.size
        number = int.from_bytes(raw, "big", signed=part.signed)
        if part.may_be_absent and int.from_bytes(raw, "big") == _ABSENT[part.size]:
            continue
        if part.states:
            fields.append(Field(part.name, part.states[min(number, len(part.states) - 1)]))
        else:
            fields.append(Field(part.name, number / part.step, part.unit))
    return fields


def decode(uplink: Uplink) -> Sequence[Field]:
    data = uplink.data
    if uplink.port == 7:
        raise Ignored("Netvox: an answer about configuration")
    if len(data) != _SIZE:
        raise Malformed(f"Netvox: 11 bytes expected, not {len(data)}")
    if data[2] == _VERSION:
        raise Ignored("Netvox: version of the firmware")
    layout = _LAYOUTS.get((data[1], data[2]))
    if data[1:3] == _R718N1:
        fields = _current(data)
    elif layout is not None:
        fields = _read(layout, data)
    else:
        raise Ignored(f"Netvox: device type 0x{data[1]:02X}, report {data[2]} is not known here")
    mains = data[3] == 0
    return fields if mains else [Field("battery_voltage", (data[3] & 0x7F) / 10, "V"), *fields]


def _surely(uplink: Uplink) -> bool:
    """Port 6, a known type, a battery of two to four volts, and nothing in the reserved bytes."""
    data = uplink.data
    if uplink.port != 6 or len(data) != _SIZE or data[0] not in (1, 2):
        return False
    layout = _LAYOUTS.get((data[1], data[2]))
    if layout is None or not 20 <= data[3] & 0x7F <= 40:
        return False
    rest = data[4 + sum(part.size for part in layout) :]
    flags = all(
        data[4 + n] <= 1 for n, part in enumerate(layout) if part.states and len(layout) == 1
    )
    return flags and not any(rest)


MAKER = Maker(names=("netvox",), euis=("00137A",), decode=decode, surely=_surely)
