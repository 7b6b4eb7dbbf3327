"""SensiEDGE SensiLora 2.0: 28 bytes, big-endian, always the same order.

277F 09A5 160F   0061 FF5B 03D3   EE17 FE5C FDAD   FD69 00BB FF60   005B 01A4
pressure 1011.1 hPa, 24.69 Cel, 56.47 %RH; acceleration in mg; turning in mdeg/s;
magnetic field in mG; light; battery 4.20 V
"""

import struct
from collections.abc import Sequence

from devices.codec import Malformed
from devices.uplink import Field, Maker, Uplink

_LAYOUT = struct.Struct(">3H9h2H")
_MS2_PER_MG = 9.80665 / 1000
_RAD_PER_MDEG = 0.017453 / 1000
"""The maker's own rounding of pi / 180 000."""
_UT_PER_MG = 0.1


def decode(uplink: Uplink) -> Sequence[Field]:
    if len(uplink.data) != _LAYOUT.size:
        raise Malformed(f"SensiLora 2.0: 28 bytes expected, not {len(uplink.data)}")
    pressure, temperature, humidity, *axes, light, battery = _LAYOUT.unpack(uplink.data)
    if temperature >= 0x8000:
        temperature -= 0x10000
    fields = [
        Field("pressure", pressure / 10, "hPa"),
        Field("temperature", temperature / 100, "Cel"),
        Field("humidity", humidity / 100, "%RH"),
    ]
    groups = (
        ("acceleration", _MS2_PER_MG, "m/s2"),
        ("gyro", _RAD_PER_MDEG, "rad/s"),
        ("mag", _UT_PER_MG, "uT"),
    )
    for place, (name, factor, unit) in enumerate(groups):
        for axis, raw in zip("XYZ", axes[3 * place : 3 * place + 3], strict=True):
            fields.append(Field(name + axis, raw * factor, unit))
    return [*fields, Field("light", light, "lx"), Field("batteryVolt", battery / 100, "V")]


def _surely(uplink: Uplink) -> bool:
    """The right length, weather of this world, and about one g in all."""
    if len(uplink.data) != _LAYOUT.size:
        return False
    pressure, _, humidity, x, y, z, *_ = _LAYOUT.unpack(uplink.data)
    gravity = (x * x + y * y + z * z) ** 0.5
    return bool(3000 <= pressure <= 11000 and humidity <= 10000 and 900 <= gravity <= 1100)


MAKER = Maker(names=("sensiedge", "sensilora"), decode=decode, surely=_surely)
