"""WGS 84 as Chinese maps draw it. Inside the gateway coordinates are WGS 84 (CGCS2000 is the same
within decimetres); a platform that declares another datum gets its own, at the connector only.

GCJ-02 shifts a point by 100 to 700 m, BD-09 again by up to a kilometre, while a unit grid is about
100 m wide: a wrong datum always names a wrong grid. The shift is no secret any more: its formula
has been public since 2013 (the eviltransform project, after work by "coolypf"), good to a metre.
"""

from math import atan2, cos, hypot, pi, sin, sqrt
from typing import Literal

Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]

_A, _EE = 6378245.0, 0.006693421622965943
"""Semi-major axis and squared eccentricity of the Krasovsky ellipsoid."""
_BD = pi * 3000 / 180


def convert(lat: float, lon: float, datum: Datum) -> tuple[float, float]:
    """WGS 84 *lat* and *lon* in *datum*, degrees. Outside of China nothing is shifted.

    >>> [round(x, 5) for x in convert(39.915, 116.404, "gcj02")]
    [39.9164, 116.41024]
    >>> convert(52.37, 4.89, "gcj02")
    (52.37, 4.89)
    """
    if datum in ("wgs84", "cgcs2000") or not (0.8293 < lat < 55.8271 and 72.004 < lon < 137.8347):
        return lat, lon
    shifted = _gcj02(lat, lon)
    return _bd09(*shifted) if datum == "bd09" else shifted


def _gcj02(lat: float, lon: float) -> tuple[float, float]:
    x, y, phi = lon - 105.0, lat - 35.0, lat * pi / 180
    magic = 1 - _EE * sin(phi) ** 2
    north = _north(x, y) * 180 / ((_A * (1 - _EE)) / (magic * sqrt(magic)) * pi)
    east = _east(x, y) * 180 / (_A / sqrt(magic) * cos(phi) * pi)
    return lat + north, lon + east


def _north(x: float, y: float) -> float:
    """Metres."""
    plain = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    return plain + _waves(x) + (
        20 * sin(y * pi) + 40 * sin(y / 3 * pi) + 160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)
    ) * 2 / 3  # fmt: skip


def _east(x: float, y: float) -> float:
    """Metres."""
    plain = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    return plain + _waves(x) + (
        20 * sin(x * pi) + 40 * sin(x / 3 * pi) + 150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)
    ) * 2 / 3  # fmt: skip


def _waves(x: float) -> float:
    return (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3


def _bd09(lat: float, lon: float) -> tuple[float, float]:
    z = hypot(lon, lat) + 0.00002 * sin(lat * _BD)
    theta = atan2(lat, lon) + 0.000003 * cos(lon * _BD)
    return z * sin(theta) + 0.006, z * cos(theta) + 0.0065
