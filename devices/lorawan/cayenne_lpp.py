"""Cayenne Low Power Payload: channel, type, value, again and again; big-endian.

    03 67 01 10   channel 3, temperature, 0x0110 / 10 = 27.2 Cel
    05 67 00 FF   channel 5, temperature, 25.5 Cel

Types are the IPSO numbers less 3200. Source: the myDevices Cayenne LPP documentation, with the
later types of the Things Network and ElectronicCats libraries.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from devices.codec import Malformed
from devices.uplink import Field, Maker, Uplink


class Part(NamedTuple):
    """One number inside a type: name, bytes, smallest step, sign, unit."""

    name: str
    size: int
    step: float = 1
    signed: bool = False
    unit: str = ""


TYPES: dict[int, tuple[Part, ...]] = {
    0: (Part("digital_input", 1),),
    1: (Part("digital_output", 1),),
    2: (Part("analog_input", 2, 100, True),),
    3: (Part("analog_output", 2, 100, True),),
    100: (Part("generic", 4),),
    101: (Part("illuminance", 2, unit="lx"),),
    102: (Part("presence", 1),),
    103: (Part("temperature", 2, 10, True, "Cel"),),
    104: (Part("humidity", 1, 2, unit="%RH"),),
    112: (Part("humidity", 2, 10, unit="%RH"),),
    113: tuple(Part(f"acceleration_{axis}", 2, 1000, True, "G") for axis in "xyz"),
    115: (Part("pressure", 2, 10, unit="hPa"),),
    116: (Part("voltage", 2, 100, unit="V"),),
    117: (Part("current", 2, 1000, unit="A"),),
    118: (Part("frequency", 4, unit="Hz"),),
    120: (Part("percentage", 1, unit="%"),),
    121: (Part("altitude", 2, 1, True, "m"),),
    122: (Part("weight", 3, 1000, True, "kg"),),
    125: (Part("concentration", 2, unit="ppm"),),
    128: (Part("power", 2, unit="W"),),
    130: (Part("distance", 4, 1000, unit="m"),),
    131: (Part("energy", 4, 1000, unit="kWh"),),
    132: (Part("direction", 2, unit="deg"),),
    133: (Part("unixtime", 4),),
    134: tuple(Part(f"angular_rate_{axis}", 2, 100, True, "deg/s") for axis in "xyz"),
    135: tuple(Part(f"colour_{band}", 1) for band in ("red", "green", "blue")),
    136: (
        Part("lat", 3, 10_000, True, "lat"),
        Part("lon", 3, 10_000, True, "lon"),
        Part("altitude", 3, 100, True, "m"),
    ),
    142: (Part("switch", 1),),
}

_NO_READING = {"unixtime"}


def fields(data: bytes) -> Iterator[tuple[int, Field]]:
    """Channel and value of every item; raises `Malformed` at an unknown type or a cut item."""
    position = 0
    while position < len(data):
        if position + 2 > len(data):
            raise Malformed(f"Cayenne LPP: one byte left over at {position}")
        channel, kind = data[position], data[position + 1]
        parts = TYPES.get(kind)
        if parts is None:
            raise Malformed(f"Cayenne LPP: unknown type {kind} at byte {position + 1}")
        position += 2
        for part in parts:
            raw = data[position : position + part.size]
            if len(raw) < part.size:
                raise Malformed(f"Cayenne LPP: {part.name} is cut off at byte {len(data)}")
            position += part.size
            if part.name not in _NO_READING:
                number = int.from_bytes(raw, "big", signed=part.signed)
                yield channel, Field(part.name, number / part.step, part.unit)


def decode(uplink: Uplink) -> Sequence[Field]:
    return [field for _, field in fields(uplink.data)]


MAKER = Maker(names=("cayenne", "lpp"), decode=decode)
