"""Units of measure: what devices write -> UCUM, and conversion between units of one dimension.

UCUM: https://ucum.org (the Unified Code for Units of Measure), case-sensitive form; only kWh, VA
and their like are written as in SenML (RFC 8428, RFC 8798), since nobody reads kW.h.
"""

from typing import NamedTuple


class Unit(NamedTuple):
    """`base = value * factor + offset`, where base is the first unit of the dimension below."""

    ucum: str
    dimension: str
    factor: float = 1.0
    offset: float = 0.0


_TABLE = {
    "temperature": (
        ("Cel", 1.0, "°c c degc celsius ℃ deg_c"),
        ("[degF]", 5 / 9, "°f f degf fahrenheit ℉ deg_f"),
        ("K", 1.0, "kelvin"),
    ),
    "ratio": (
        ("%", 1.0, "%rh percent pct rh %el %vol %vwc %hum"),
        ("[ppth]", 0.1, "‰ permille"),
    ),
    "pressure": (
        ("hPa", 1.0, "mbar hpa mb millibar"),
        ("Pa", 0.01, "pascal"),
        ("kPa", 10.0, "kpa"),
        ("MPa", 10_000.0, ""),
        ("bar", 1000.0, ""),
        ("mm[Hg]", 1.333_223_874_15, "mmhg torr"),
        ("[in_i'Hg]", 33.863_886_4, "inhg"),
        ("[psi]", 68.947_572_9, "psi"),
    ),
    "illuminance": (
        ("lx", 1.0, "lux"),
        ("klx", 1000.0, "klux"),
        ("[ft_c]", 10.763_91, "fc"),
    ),
    "concentration": (
        ("[ppm]", 1.0, "ppm"),
        ("[ppb]", 0.001, "ppb"),
    ),
    "density": (
        ("ug/m3", 1.0, "µg/m³ μg/m³ µg/m3 μg/m3 ug/m³"),
        ("mg/m3", 1000.0, "mg/m³"),
        ("g/m3", 1e6, "g/m³"),
    ),
    "voltage": (
        ("V", 1.0, "volt volts"),
        ("mV", 0.001, ""),
        ("uV", 1e-6, "µv μv"),
        ("kV", 1000.0, ""),
    ),
    "current": (
        ("A", 1.0, "amp ampere"),
        ("mA", 0.001, ""),
        ("uA", 1e-6, "µa"),
    ),
    "power": (
        ("W", 1.0, "watt watts"),
        ("kW", 1000.0, ""),
        ("mW", 0.001, ""),
        ("MW", 1e6, ""),
    ),
    "apparent_power": (("VA", 1.0, ""), ("kVA", 1000.0, "")),
    "reactive_power": (("var", 1.0, ""), ("kvar", 1000.0, "")),
    "energy": (
        ("kWh", 1.0, ""),
        ("Wh", 0.001, ""),
        ("MWh", 1000.0, ""),
        ("W.min", 1 / 60_000, ""),
        ("MJ", 1 / 3.6, ""),
        ("GJ", 1000 / 3.6, ""),
        ("J", 1 / 3.6e6, ""),
    ),
    "reactive_energy": (("kvarh", 1.0, ""), ("varh", 0.001, "")),
    "apparent_energy": (("kVAh", 1.0, ""),),
    "charge": (("mAh", 1.0, ""), ("Ah", 1000.0, "")),
    "frequency": (("Hz", 1.0, ""), ("kHz", 1000.0, ""), ("MHz", 1e6, "")),
    "length": (
        ("mm", 1.0, ""),
        ("cm", 10.0, ""),
        ("m", 1000.0, "meter metre"),
        ("km", 1e6, ""),
        ("[in_i]", 25.4, "in inch"),
        ("[ft_i]", 304.8, "ft"),
        ("[mi_i]", 1_609_344.0, "mi"),
    ),
    "speed": (
        ("m/s", 1.0, "m_s mps"),
        ("km/h", 1 / 3.6, "kmh kph km_h"),
        ("[mi_i]/h", 0.447_04, "mph mi/h mi_h"),
        ("[kn_i]", 1852 / 3600, "kn knot knots"),
    ),
    "rain_rate": (("mm/h", 1.0, ""), ("[in_i]/h", 25.4, "in/h")),
    "acceleration": (("m/s2", 1.0, "m/s²"), ("[g]", 9.806_65, "")),
    "volume": (
        ("m3", 1.0, "m³"),
        ("L", 0.001, "l litre liter"),
        ("mL", 1e-6, ""),
        ("[cft_i]", 0.028_316_846_592, "ft³ ft3 cf"),
        ("[gal_us]", 0.003_785_411_784, "gal"),
    ),
    "flow": (
        ("m3/h", 1.0, "m³/h m3h"),
        ("L/h", 0.001, ""),
        ("L/min", 0.06, ""),
        ("L/s", 3.6, ""),
    ),
    "time": (
        ("s", 1.0, "sec second seconds"),
        ("ms", 0.001, ""),
        ("min", 60.0, "minute minutes"),
        ("h", 3600.0, "hour hours"),
        ("d", 86400.0, "day days"),
    ),
    "angle": (("deg", 1.0, "° degree degrees"), ("rad", 57.295_779_513_082_32, "")),
    "position": (("lat", 1.0, ""), ("lon", 1.0, "")),
    "level": (("dB", 1.0, "db(a) dba dbfs"),),
    "signal": (("dBm", 1.0, ""),),
    "conductivity": (("uS/cm", 1.0, "µs/cm μs/cm"), ("mS/cm", 1000.0, "")),
    "weight": (("kg", 1.0, ""), ("g", 0.001, ""), ("[lb_av]", 0.453_592_37, "lb lbs")),
    "irradiance": (("W/m2", 1.0, "w/m²"),),
    "radiation": (("uSv/h", 1.0, "µsv/h"), ("nSv/h", 0.001, "")),
    "acidity": (("[pH]", 1.0, "ph"),),
    "temperature_colour": (("[mired]", 1.0, "mired"),),
    "number": (("1", 1.0, "bool / lqi count index"),),
}
_OFFSETS = {"[degF]": -160 / 9, "K": -273.15}


def _by_name() -> dict[str, Unit]:
    found: dict[str, Unit] = {}
    for dimension, units in _TABLE.items():
        for ucum, factor, aliases in units:
            unit = Unit(ucum, dimension, factor, _OFFSETS.get(ucum, 0.0))
            found[ucum] = unit
            for alias in aliases.split():
                found.setdefault(alias, unit)
    for name, unit in list(found.items()):
        if not name.startswith("M"):  # mega is not milli
            found.setdefault(name.lower(), unit)
    return found


_UNITS = _by_name()


def parse(text: str) -> Unit | None:
    """The unit that *text* means, whoever wrote it; None for one that is not known.

    >>> parse("°C").ucum, parse("mV").ucum, parse("kWh").ucum, parse("furlong")
    ('Cel', 'mV', 'kWh', None)
    """
    return _UNITS.get(text) or _UNITS.get(text.strip().lower())


def convert(value: float, unit: Unit, target: Unit) -> float:
    """*value* in *target*; both are of one dimension.

    >>> round(convert(67.3, parse("F"), parse("C")), 2)
    19.61
    """
    if unit is target:
        return value
    base = value * unit.factor + unit.offset
    # Twelve digits: 13372.4 Wh are 13.3724 kWh, not 13.372400000000001.
    return float(f"{(base - target.offset) / target.factor:.12g}")


def names() -> list[str]:
    """Each dimension with its units, the base first: for the documentation."""
    return [
        f"{dimension.replace('_', ' ')}: " + ", ".join(f"`{ucum}`" for ucum, _, _ in listed)
        for dimension, listed in _TABLE.items()
    ]
