"""Dragino: every model has its own frame; big-endian. The model must be named.

    LHT65   0B45 0AA6 01F4 01 0A9B 7FFF    battery, climate, what is plugged in, its value
    LHT52   0A3D 01F4 7FFF 01 6307E5B6     temperature, humidity, probe (7FFF: none), kind, time
    LDS02   BC0C 01 000006 000010 00       door: battery and state, mode, times opened, minutes open
    LDDS75  0B45 0685 00 0105 01           battery, distance in mm, interrupt, probe, sensor there
    LSE01   0C1D 0100 0A0F 0B2F 0205 00    battery, probe, soil moisture, temperature, conductivity
    LSN50   0E20 00FF 0000 0C 0118 01F6    battery, probe, voltage, mode and states, two values

Values carry the names of the maker's own decoders. A probe that is not there is left out. Source:
the maker's wiki and the decoders that it gives to The Things Network.
"""

import re
from collections.abc import Callable, Sequence

from devices.codec import Ignored, Malformed
from devices.uplink import Field, Maker, Uplink

_NO_PROBE = 0x7FFF
_STATUS_PORT = 5


class _Frame:
    """Reads numbers at byte positions; a frame that is too short is malformed."""

    def __init__(self, data: bytes, least: int) -> None:
        if len(data) < least:
            raise Malformed(f"Dragino: {len(data)} bytes, {least} are expected")
        self.data = data

    def u(self, start: int, size: int = 2) -> int:
        return int.from_bytes(self.data[start : start + size], "big")

    def s(self, start: int) -> int:
        return int.from_bytes(self.data[start : start + 2], "big", signed=True)

    def probe(self, name: str, start: int, step: float) -> list[Field]:
        """A temperature that is left out where no probe answers."""
        raw = self.u(start)
        absent = raw in (_NO_PROBE, 0xFFFF)
        return [] if absent else [Field(name, self.s(start) / step, "Cel")]

    def battery(self, name: str = "BatV", mask: int = 0x3FFF) -> Field:
        return Field(name, (self.u(0) & mask) / 1000, "V")


def _lht65(data: bytes) -> list[Field]:
    frame = _Frame(data, 11)
    kind = data[6] & 0x0F
    if data[6] & 0x40:
        raise Ignored("LHT65: stored records, polled")
    if kind == 0x0F:
        raise Ignored("LHT65: the probe's identity")
    first = frame.probe("TempC_DS", 0, 100) if kind == 9 else [frame.battery()]
    fields = [
        *first,
        *frame.probe("TempC_SHT", 2, 100),
        Field("Hum_SHT", (frame.u(4) & 0x0FFF) / 10, "%RH"),
    ]
    if kind == 1:
        fields += frame.probe("TempC_DS", 7, 100)
    elif kind == 4:
        fields.append(Field("Exti_pin_level", "High" if data[7] else "Low"))
    elif kind == 5:
        fields.append(Field("ILL_lx", frame.u(7), "lx"))
    elif kind == 6:
        fields.append(Field("ADC_V", frame.u(7) / 1000, "V"))
    elif kind in (7, 8):
        fields.append(Field("Exit_count", frame.u(7, 2 if kind == 7 else 4)))
    return fields


def _lht52(data: bytes) -> list[Field]:
    frame = _Frame(data, 11)
    return [
        *frame.probe("TempC_SHT", 0, 100),
        Field("Hum_SHT", frame.s(2) / 10, "%RH"),
        *frame.probe("TempC_DS", 4, 100),
        Field("Ext", data[6]),
    ]


def _lds02(data: bytes) -> list[Field]:
    """Doors (LDS01, LDS02, LWL01) and water leaks (LWL02): mode 1 door, 2 leak, 3 both."""
    frame = _Frame(data, 10)
    mode = data[2]
    fields = [frame.battery("BAT_V")]
    if mode in (1, 3):
        fields.append(Field("DOOR_OPEN_STATUS", data[0] & 0x80 > 0, "bool"))
    if mode in (2, 3):
        fields.append(Field("WATER_LEAK_STATUS", data[0] & 0x40 > 0, "bool"))
    if mode in (1, 2):
        what = "DOOR_OPEN" if mode == 1 else "WATER_LEAK"
        fields.append(Field(f"{what}_TIMES", frame.u(3, 3)))
        fields.append(Field(f"LAST_{what}_DURATION", frame.u(6, 3), "min"))
    return fields


def _ldds75(data: bytes) -> list[Field]:
    frame = _Frame(data, 8)
    distance = frame.u(2)
    fields = [frame.battery("Bat")]
    if distance >= 20 and data[7] != 0:  # below, the echo is lost; 0: no sensor plugged in
        fields.append(Field("Distance", distance, "mm"))
    return [*fields, *frame.probe("TempC_DS18B20", 5, 10)]


def _lse01(data: bytes) -> list[Field]:
    frame = _Frame(data, 10)
    return [
        frame.battery("Bat"),
        *frame.probe("TempC_DS18B20", 2, 10),
        Field("water_SOIL", frame.u(4) / 100, "%"),
        Field("temp_SOIL", frame.s(6) / 100, "Cel"),
        Field("conduct_SOIL", frame.u(8), "uS/cm"),
    ]


def _lsph01(data: bytes) -> list[Field]:
    frame = _Frame(data, 8)
    return [
        frame.battery("Bat"),
        *frame.probe("TempC_DS18B20", 2, 10),
        Field("PH1_SOIL", frame.u(4) / 100, "pH"),
        Field("TEMP_SOIL", frame.s(6) / 10, "Cel"),
    ]


def _laq4(data: bytes) -> list[Field]:
    frame = _Frame(data, 11)
    if data[2] >> 2 & 0x1F != 1:
        raise Ignored("LAQ4: its limits")
    return [
        frame.battery("Bat_V", 0xFFFF),
        Field("Alarm_status", data[2] & 1 == 1, "bool"),
        Field("TVOC_ppb", frame.u(3), "ppb"),
        Field("CO2_ppm", frame.u(5), "ppm"),
        *frame.probe("TempC_SHT", 7, 10),
        Field("Hum_SHT", frame.u(9) / 10, "%RH"),
    ]


def _lsn50(data: bytes) -> list[Field]:
    frame = _Frame(data, 11)
    mode, states = data[6] >> 2 & 0x1F, data[6]
    if mode == 31:
        raise Ignored("LSN50: its limits")
    fields = [] if mode == 2 else [frame.battery(mask=0xFFFF), *frame.probe("TempC1", 2, 10)]
    if mode not in (2, 8):
        fields.append(Field("ADC_CH0V", frame.u(4) / 1000, "V"))
    fields.append(Field("Digital_IStatus", "H" if states & 0x02 else "L"))
    if mode not in (5, 6):
        fields.append(Field("EXTI_Trigger", states & 0x01 > 0, "bool"))
        fields.append(Field("Door_status", "CLOSE" if states & 0x80 else "OPEN"))
    return [*fields, *_lsn50_mode(frame, mode)]


def _lsn50_mode(frame: _Frame, mode: int) -> list[Field]:
    """What the last four bytes hold: it depends on what is plugged in."""
    if mode in (0, 2):
        return _climate_or_light(frame)
    if mode == 1:
        far = frame.u(7)
        return [Field("Distance_cm", far / 10, "cm")] if far else []
    if mode == 3:
        return [*frame.probe("TempC2", 7, 10), *frame.probe("TempC3", 9, 10)]
    if mode == 4:
        return [Field("Weight", frame.u(9) << 16 | frame.u(7), "g")]
    if mode == 5:
        return [Field("Count", frame.u(7, 4))]
    if mode == 7:
        return [
            Field("ADC_CH1V", frame.u(7) / 1000, "V"),
            Field("ADC_CH4V", frame.u(9) / 1000, "V"),
        ]
    return []


def _climate_or_light(frame: _Frame) -> list[Field]:
    if frame.u(9) == 0:
        return [Field("Illum", frame.u(7), "lx")]
    humidity = [] if frame.u(9) == 0xFFFF else [Field("Hum_SHT", frame.u(9) / 10, "%RH")]
    return [*frame.probe("TempC_SHT", 7, 10), *humidity]


_MODELS: tuple[tuple[str, Callable[[bytes], list[Field]]], ...] = (
    ("lht65", _lht65),
    ("lht52", _lht52),
    ("lds0[12]|lwl0[12]", _lds02),
    ("l?dds(75|45|20|04)", _ldds75),
    ("l?se01", _lse01),
    ("l?sph01", _lsph01),
    ("laq4", _laq4),
    ("lsn50", _lsn50),
)


def decode(uplink: Uplink) -> Sequence[Field]:
    if uplink.port == _STATUS_PORT:
        raise Ignored("Dragino: version and settings")
    for pattern, read in _MODELS:
        if re.search(pattern, uplink.about):
            return read(uplink.data)
    raise Ignored(f"Dragino: which model? {len(uplink.data)} bytes on port {uplink.port}")


MAKER = Maker(
    names=("dragino", "lht65", "lht52", "lds0", "lwl0", "ldds", "lse01", "lsn50", "laq4"),
    euis=("A84041",),
    decode=decode,
)
