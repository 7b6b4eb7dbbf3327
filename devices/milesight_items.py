"""What the channels and types of Milesight's items mean (`devices.lorawan.milesight`)."""

from collections.abc import Mapping
from typing import NamedTuple

from devices.uplink import Field


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


def levels(data: bytes) -> list[Part]:
    """A sound level names its weighting in the first byte: A to D, and slow, fast or impulse."""
    time, letter = "IFS"[min(data[0] & 0x03, 2)], "ZACD"[min(data[0] >> 2 & 0x03, 3)]
    names = (f"L{letter}{time}", f"L{letter}eq", f"L{letter}{time}max")
    return [Part("weighting", 1), *(Part(name, 2, 10, unit="dB") for name in names)]


BY_CHANNEL: dict[tuple[int, int], tuple[Part, ...]] = {
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

BY_TYPE: dict[int, tuple[Part, ...]] = {
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

_LEAK, _MAGNET = ("normal", "leak"), ("closed", "opened")
STATES: tuple[tuple[str, Mapping[int, Part]], ...] = (
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

STORED_LAYOUTS: tuple[tuple[str, tuple[Part, ...]], ...] = (
    ("em300(?!di)", (_TEMPERATURE, _HUMIDITY, Part("", 1))),
    ("em500swl", (Part("water_level", 2, unit="cm"),)),
    ("em500lgt", (Part("illumination", 4, unit="lx"),)),
    ("em500udl", (_DISTANCE,)),
)
"""Model -> what stands behind the time in a stored record."""
