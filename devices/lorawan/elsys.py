"""Elsys (ERS, EMS, ELT, ELT-2 …): type, value, again and again; big-endian.

    01 00E2   temperature 22.6 Cel        06 0308   CO2 776 ppm
    02 29     humidity 41 %RH             07 0D62   battery 3426 mV

One table serves all models: every type has a fixed size (or says how many items follow).
Source: the maker's document "Elsys LoRa payload", v. 10 and later.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from devices.codec import Malformed
from devices.uplink import Field, Maker, Uplink


class Item(NamedTuple):
    """The numbers of one type: each of *size* bytes, divided by *step*."""

    names: tuple[str, ...]
    size: int
    step: float = 1
    signed: bool = False
    unit: str = ""
    order: Literal["big", "little"] = "big"

    def read(self, raw: bytes) -> list[Field]:
        """The numbers of *raw*, which has the right length."""
        parts = (raw[start : start + self.size] for start in range(0, len(raw), self.size))
        return [
            Field(name, int.from_bytes(part, self.order, signed=self.signed) / self.step, self.unit)
            for name, part in zip(self.names, parts, strict=True)
        ]


_TYPES: dict[int, Item] = {
    0x01: Item(("temperature",), 2, 10, True, "Cel"),
    0x02: Item(("humidity",), 1, unit="%RH"),
    0x03: Item(("x", "y", "z"), 1, signed=True),  # 63 is 1 g
    0x04: Item(("light",), 2, unit="lx"),
    0x05: Item(("pir",), 1),
    0x06: Item(("co2",), 2, unit="ppm"),
    0x07: Item(("vdd",), 2, unit="mV"),
    0x08: Item(("analog1",), 2, unit="mV"),
    0x09: Item(("lat", "long"), 3, 10_000, True, order="little"),
    0x0A: Item(("pulse1",), 2),
    0x0B: Item(("pulseAbs",), 4),
    0x0C: Item(("externalTemperature",), 2, 10, True, "Cel"),
    0x0D: Item(("digital",), 1),
    0x0E: Item(("distance",), 2, unit="mm"),
    0x0F: Item(("accMotion",), 1),
    0x10: Item(("irInternalTemperature", "irExternalTemperature"), 2, 10, True, "Cel"),
    0x11: Item(("occupancy",), 1),
    0x12: Item(("waterleak",), 1),
    0x14: Item(("pressure",), 4, 1000, unit="hPa"),
    0x15: Item(("soundPeak", "soundAvg"), 1, unit="dB"),
    0x16: Item(("pulse2",), 2),
    0x17: Item(("pulseAbs2",), 4),
    0x18: Item(("analog2",), 2, unit="mV"),
    0x19: Item(("externalTemperature2",), 2, 10, True, "Cel"),
    0x1A: Item(("digital2",), 1),
    0x1B: Item(("analogUv",), 4, signed=True, unit="uV"),
    0x1C: Item(("tvoc",), 2, unit="ppb"),
}
_GRID_EYE = 0x13
_DEBUG = 0x3D
_SETTINGS = 0x3E


def _items(data: bytes) -> list[tuple[int, list[Field]]]:
    """Every item with its type. Raises `Malformed` at an unknown type or a cut item."""
    found: list[tuple[int, list[Field]]] = []
    position = 0
    while position < len(data):
        kind = data[position]
        position += 1
        if kind in (_SETTINGS, _DEBUG):
            break  # the device's configuration fills the rest
        if kind == _GRID_EYE:
            position += 65  # a reference and 64 pixels: a picture, not a reading
            continue
        item = _TYPES.get(kind)
        if item is None:
            raise Malformed(f"Elsys: unknown type 0x{kind:02X} at byte {position - 1}")
        end = position + item.size * len(item.names)
        if end > len(data):
            raise Malformed(f"Elsys: {item.names[0]} is cut off at byte {len(data)}")
        found.append((kind, item.read(data[position:end])))
        position = end
    return found


def _surely(uplink: Uplink) -> bool:
    """Every byte has its place, no type comes twice, and the common ones are possible."""
    try:
        items = _items(uplink.data)
    except Malformed:
        return False
    kinds = [kind for kind, _ in items]
    values = {field.name: field.value for _, fields in items for field in fields}
    return (
        len(uplink.data) >= 5
        and len(kinds) >= 2
        and len(set(kinds)) == len(kinds)
        and -50 <= float(values.get("temperature", 20)) <= 100
        and float(values.get("humidity", 0)) <= 100
        and 2000 <= float(values.get("vdd", 3000)) <= 5000
    )


def decode(uplink: Uplink) -> Sequence[Field]:
    return [field for _, fields in _items(uplink.data) for field in fields]


MAKER = Maker(names=("elsys",), euis=("A81758",), decode=decode, surely=_surely)
