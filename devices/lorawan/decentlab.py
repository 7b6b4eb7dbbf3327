"""Decentlab DL-…: a header, and the groups of numbers that its flags announce; big-endian.

    02 02F8 0003   0004 0258 409A 0000   0C54
    |  |    |      |                     second group: battery 3.156 V
    |  |    |      first group: 0.4 mm of rain in 600 s, 1653.8 mm in all
    |  |    flags: groups 0 and 1 follow
    |  number of this device (not of its model)
    protocol 2

The bytes do not say the model. It is best named; else the one model counts whose groups have this
length and whose values are all possible, if there is but one. Source: the maker's product pages
and decoders.
"""

from collections.abc import Sequence
from typing import NamedTuple

from devices.codec import Ignored, Malformed
from devices.uplink import Field, Maker, Uplink

_PROTOCOL = 2
_HEADER = 5
_LONG_ENOUGH = 10
"""Bytes behind the header. Models with two numbers and a battery are too many to tell apart."""


class Part(NamedTuple):
    """`number * factor + plus`, the number being the *word*-th of its group."""

    name: str
    word: int
    factor: float = 1
    plus: float = 0
    unit: str = ""


class Group(NamedTuple):
    words: int
    parts: tuple[Part, ...]


def _signed(name: str, index: int, step: float, unit: str) -> Part:
    """A number around 32768."""
    return Part(name, index, 1 / step, -32768 / step, unit)


_BATTERY = Group(1, (Part("battery_voltage", 0, 0.001, 0, "V"),))
_AIR = Group(
    2,
    (
        Part("air_temperature", 0, 175 / 65535, -45, "Cel"),
        Part("air_humidity", 1, 100 / 65535, 0, "%RH"),
    ),
)
_AIR_OLD = Group(
    2,
    (
        Part("air_temperature", 0, 175.72 / 65536, -46.85, "Cel"),
        Part("air_humidity", 1, 125 / 65536, -6, "%RH"),
    ),
)
_PRESSURE = Group(1, (Part("barometric_pressure", 0, 2, 0, "Pa"),))
_DUST = Group(
    10,
    tuple(
        Part(f"{size}_mass_concentration", index, 0.1, 0, "ug/m3")
        for index, size in enumerate(("pm1_0", "pm2_5", "pm4", "pm10"))
    ),
)
_WEATHER = Group(
    17,
    (
        _signed("solar_radiation", 0, 1, "W/m2"),
        _signed("precipitation", 1, 1000, "mm"),
        _signed("lightning_strike_count", 2, 1, "1"),
        _signed("lightning_average_distance", 3, 1, "km"),
        _signed("wind_speed", 4, 100, "m/s"),
        _signed("wind_direction", 5, 10, "deg"),
        _signed("maximum_wind_speed", 6, 100, "m/s"),
        _signed("air_temperature", 7, 10, "Cel"),
        _signed("vapor_pressure", 8, 100, "kPa"),
        _signed("atmospheric_pressure", 9, 100, "kPa"),
        _signed("relative_humidity", 10, 10, "%RH"),
        _signed("sensor_temperature_internal", 11, 10, "Cel"),
        _signed("x_orientation_angle", 12, 10, "deg"),
        _signed("y_orientation_angle", 13, 10, "deg"),
        _signed("compass_heading", 14, 1, "deg"),
        _signed("north_wind_speed", 15, 100, "m/s"),
        _signed("east_wind_speed", 16, 100, "m/s"),
    ),
)
_WIND = Group(
    8,
    (
        _signed("wind_speed", 0, 100, "m/s"),
        _signed("wind_direction", 1, 10, "deg"),
        _signed("maximum_wind_speed", 2, 100, "m/s"),
        _signed("air_temperature", 3, 10, "Cel"),
        _signed("x_orientation_angle", 4, 10, "deg"),
        _signed("y_orientation_angle", 5, 10, "deg"),
        _signed("north_wind_speed", 6, 100, "m/s"),
        _signed("east_wind_speed", 7, 100, "m/s"),
    ),
)
_RANGE = ("average", "minimum", "maximum", "median", "10th_percentile", "25th_percentile",
          "75th_percentile", "90th_percentile", "most_frequent_value")  # fmt: skip

_MODELS: dict[str, tuple[Group, ...]] = {
    "tbrg": (
        Group(
            4,
            (
                Part("precipitation", 0, 0.1, 0, "mm"),
                Part("precipitation_interval", 1, unit="s"),
                Part("cumulative_precipitation", 2, 0.1, 0, "mm"),
            ),
        ),
        _BATTERY,
    ),
    "iam": (
        _BATTERY,
        _AIR,
        _PRESSURE,
        Group(2, ()),
        Group(3, (_signed("co2_concentration", 0, 1, "ppm"),)),
        Group(1, (Part("activity_counter", 0),)),
        Group(1, (Part("total_voc", 0, unit="ppb"),)),
    ),
    "mbx": (Group(2, (Part("distance", 0, unit="mm"),)), _BATTERY),
    "pm": (_BATTERY, _DUST, _AIR_OLD, _PRESSURE),
    "sht35": (_AIR, _BATTERY),
    "sht21": (_AIR_OLD, _BATTERY),
    "ds18": (Group(1, (_signed("temperature", 0, 16, "Cel"),)), _BATTERY),
    "lp8p": (
        _AIR_OLD,
        Group(
            2,
            (
                Part("barometer_temperature", 0, 0.01, -50, "Cel"),
                Part("barometric_pressure", 1, 2, 0, "Pa"),
            ),
        ),
        Group(8, (_signed("co2_concentration", 0, 1, "ppm"),)),
        _BATTERY,
    ),
    "atm41": (_WEATHER, _BATTERY),
    "atm22": (_WIND, _BATTERY),
    "trs12": (
        Group(
            3,
            (
                Part("volumetric_water_content", 0, 0.00003879, -0.6956, "1"),
                _signed("soil_temperature", 1, 10, "Cel"),
                Part("electrical_conductivity", 2, unit="uS/cm"),
            ),
        ),
        _BATTERY,
    ),
    "smtp": (
        Group(
            16,
            tuple(
                part
                for depth in range(8)
                for part in (
                    Part(f"soil_moisture_at_depth_{depth}", 2 * depth, 0.002, -5, "1"),
                    _signed(f"soil_temperature_at_depth_{depth}", 2 * depth + 1, 100, "Cel"),
                )
            ),
        ),
        _BATTERY,
    ),
    "ctd10": (
        Group(
            4,
            (
                _signed("water_depth", 0, 1, "mm"),
                _signed("temperature", 1, 10, "Cel"),
                Part("electrical_conductivity", 2, unit="uS/cm"),
                Part("freezing_flag", 3),
            ),
        ),
        _BATTERY,
    ),
    "lid": (
        Group(11, tuple(Part(f"distance_{n}", i, unit="mm") for i, n in enumerate(_RANGE))),
        _BATTERY,
    ),
    "pyr": (Group(1, (Part("solar_radiation", 0, 15000 / 32768, -15000, "W/m2"),)), _BATTERY),
}
"""Model after `DL-` -> its groups. What calibrates a single device (PR26's range, KL66's spring)
cannot be known here, so such models are left to the network server."""

_HIGH_WORDS = {"cumulative_precipitation": 3}
"""Counters of 32 bits: where the upper word stands."""


def decode(uplink: Uplink) -> Sequence[Field]:
    model = _model(uplink.about)
    if model is None:
        possible = _possible(uplink.data)
        if len(possible) != 1:
            raise Ignored("Decentlab: the model must be named")
        model = possible[0]
    return _read(uplink.data, model)


def _read(data: bytes, model: str) -> list[Field]:
    if len(data) < _HEADER or data[0] != _PROTOCOL or len(data) % 2 == 0:
        raise Malformed(f"Decentlab: no frame of protocol 2 in {len(data)} bytes")
    flags, position = int.from_bytes(data[3:5], "big"), _HEADER
    fields: list[Field] = []
    for number, group in enumerate(_MODELS[model]):
        if not flags >> number & 1:
            continue
        raw = data[position : position + 2 * group.words]
        if len(raw) < 2 * group.words:
            raise Malformed(f"Decentlab DL-{model.upper()}: group {number} is cut off")
        words = [int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2)]
        fields += [_field(part, words) for part in group.parts]
        position += len(raw)
    if position != len(data) or flags >> len(_MODELS[model]):
        raise Malformed(f"Decentlab: not a frame of DL-{model.upper()}")
    return fields


def _field(part: Part, words: Sequence[int]) -> Field:
    number = words[part.word]
    if part.name in _HIGH_WORDS:
        number += words[_HIGH_WORDS[part.name]] << 16
    return Field(part.name, number * part.factor + part.plus, part.unit)


def _model(about: str) -> str | None:
    words = about.replace("dl-", " dl-").replace("dl_", " dl-").split()
    named = [word[3:].strip(",.()") for word in words if word.startswith("dl-")]
    if named and not _MODELS.keys() & set(named):
        raise Ignored(f"Decentlab DL-{named[0].upper()} is not known here")
    return next((model for model in named if model in _MODELS), None)


def _possible(data: bytes) -> list[str]:
    """The models whose frame this can be: groups, length, and every value in its range."""
    found = []
    for model in _MODELS:
        try:
            fields = _read(data, model)
        except Malformed:
            continue
        if all(_credible(field) for field in fields):
            found.append(model)
    return found


def _credible(field: Field) -> bool:
    low, high = _RANGES.get(field.name) or _BY_UNIT.get(field.unit) or (0, 1e9)
    return low <= float(field.value) <= high


_RANGES: dict[str, tuple[float, float]] = {
    "battery_voltage": (2.0, 3.8),
    "precipitation": (0, 300),
    "precipitation_interval": (30, 86_400),
    "cumulative_precipitation": (0, 100_000),
    "distance": (250, 10_000),
    "freezing_flag": (0, 1),
    "water_depth": (-100, 20_000),
    "volumetric_water_content": (-0.2, 1),
}
_BY_UNIT: dict[str, tuple[float, float]] = {
    "Cel": (-50, 80),
    "%RH": (0, 105),
    "Pa": (50_000, 110_000),
    "ppm": (300, 20_000),
    "mm": (0, 20_000),
    "m/s": (-60, 60),
    "deg": (-360, 360),
    "ug/m3": (0, 1000),
    "W/m2": (-10, 1800),
    "km": (0, 60),
}
"""What a value may be where the model is not named. Wide: they tell models apart, they do not
judge readings."""


def _surely(uplink: Uplink) -> bool:
    """Exactly one model's frame, with a battery, and long enough to be no other's by chance."""
    data = uplink.data
    if data[:1] != bytes((_PROTOCOL,)) or len(data) < _HEADER + _LONG_ENOUGH:
        return False
    possible = _possible(data)
    return len(possible) == 1 and any(
        field.name == "battery_voltage" for field in _read(data, possible[0])
    )


MAKER = Maker(names=("decentlab", "dl-", "dl_"), euis=("70B3D57BA",), decode=decode, surely=_surely)
