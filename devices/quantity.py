"""The one table of quantities: canonical name, UCUM unit, plausible range, aliases, impossible
values. Everything that a device measures is named here, or keeps the name and unit it came with.

A flag (yes or no) is 1 or 0. A state keeps the words of its dialect.
"""

import math
import re
from functools import lru_cache
from typing import Literal, NamedTuple

Kind = Literal["number", "flag", "state", "any"]


class Quantity(NamedTuple):
    name: str
    unit: str
    """UCUM; '' for texts."""
    low: float = -math.inf
    high: float = math.inf
    """Outside, a value is kept but flagged implausible: rules do not see it."""
    aliases: str = ""
    """In lower case, without _ and blanks; with _ where it matters: pm1_0 is not pm10."""
    sentinels: tuple[float, ...] = ()
    """What devices send instead of saying that they measured nothing; such a value is refused."""
    also: str = ""
    """Units that say something else under the same name and are kept as they are."""
    kind: Kind = "number"


_NO_PROBE = (-127.0, 327.67, 327.66, 163.83, 163.835, 3276.7, 6553.5, 655.35, -3276.8, -999.0)
"""Temperature and humidity: DS18B20 without answer, Dragino's 0x7FFF, Ruuvi's 0x8000, 16 bits
of ones in tenths and hundredths."""
_ONES = (65535.0, 65534.0, -32768.0, -2147483648.0, 2147483647.0, 4294967295.0)
"""All bits set, or the smallest number of the register."""

TABLE: tuple[Quantity, ...] = (
    # air and weather
    Quantity(
        "temperature",
        "Cel",
        -60,
        125,
        "temp tempc temperaturec airtemperature currenttemperature envtemperature 温度",
        _NO_PROBE,
    ),
    Quantity("external_temperature", "Cel", -60, 200, "", _NO_PROBE),
    Quantity("device_temperature", "Cel", -60, 150, "chiptemperature", _NO_PROBE),
    Quantity("object_temperature", "Cel", -60, 400, "", _NO_PROBE),
    Quantity("flow_temperature", "Cel", -40, 200, "", _NO_PROBE),
    Quantity("return_temperature", "Cel", -40, 200, "", _NO_PROBE),
    Quantity("water_temperature", "Cel", -40, 125, "", _NO_PROBE),
    Quantity("soil_temperature", "Cel", -60, 85, "soiltemp", _NO_PROBE),
    Quantity("dew_point", "Cel", -80, 80, "dewpt", _NO_PROBE),
    Quantity("heat_index", "Cel", -60, 100, "feelslike", _NO_PROBE),
    Quantity(
        "humidity",
        "%",
        0,
        100,
        "hum humi rh rhum relativehumidity airhumidity currenthumidity envhumidity 湿度",
        _NO_PROBE + _ONES,
    ),
    Quantity("external_humidity", "%", 0, 100, "", _NO_PROBE + _ONES),
    Quantity("device_humidity", "%", 0, 100, "", _NO_PROBE + _ONES),
    Quantity("absolute_humidity", "g/m3", 0, 100),
    Quantity(
        "pressure", "hPa", 300, 1100, "baro barometer airpressure atmosphericpressure 气压", _ONES
    ),
    Quantity("sea_level_pressure", "hPa", 850, 1100, "seapressure pressureatsealevel", _ONES),
    Quantity("water_pressure", "hPa", 0, 200_000, "", _ONES),
    Quantity("wind_speed", "m/s", 0, 90, "windavg", _ONES),
    Quantity("wind_gust", "m/s", 0, 120, "windmax", _ONES),
    Quantity("wind_direction", "deg", 0, 360, "winddir winddirdeg", _ONES),
    Quantity("rain_total", "mm", 0, 100_000, "rain cumulativeprecipitation", _ONES),
    Quantity("rain_today", "mm", 0, 2000, "dailyrain", _ONES),
    Quantity("rain_rate", "mm/h", 0, 500, "rainintensity", _ONES),
    Quantity("snow_height", "mm", 0, 10_000, "snowdepth", _ONES),
    Quantity("lightning_distance", "km", 0, 100),
    Quantity("lightning_strikes", "1", 0),
    # light and sound
    Quantity(
        "illuminance",
        "lx",
        0,
        200_000,
        "lux ambientlight lightlux lightintensity luminance 光照 光照度",
        (65535.0, 4294967295.0),
    ),
    Quantity("uv_index", "1", 0, 20, "uvi"),
    Quantity("irradiance", "W/m2", 0, 1600, "solarradiation solarirradiance"),
    Quantity("noise", "dB", 0, 140, "noiselevel soundlevel spl 噪声 噪音", _ONES, also="%"),
    Quantity("sound_level_laeq", "dB", 0, 140, "laeq"),
    Quantity("sound_level_laf", "dB", 0, 140, "laf"),
    Quantity("sound_level_lafmax", "dB", 0, 140, "lafmax"),
    # gases and dust
    Quantity("co2", "[ppm]", 250, 40_000, "carbondioxide co2ppm 二氧化碳", _ONES),
    Quantity("eco2", "[ppm]", 250, 60_000, "", _ONES),
    Quantity("co", "[ppm]", 0, 2000, "", _ONES, also="ug/m3 mg/m3"),
    Quantity("no2", "[ppb]", 0, 10_000, "nitrogendioxide", _ONES, also="ug/m3 mg/m3"),
    Quantity("o3", "[ppb]", 0, 5_000, "ozone", _ONES, also="ug/m3 mg/m3"),
    Quantity("so2", "[ppb]", 0, 20_000, "sulfurdioxide", _ONES, also="ug/m3 mg/m3"),
    Quantity("h2s", "[ppm]", 0, 500, "hydrogensulfide", _ONES, also="ug/m3 mg/m3"),
    Quantity("nh3", "[ppm]", 0, 500, "ammonia", _ONES, also="ug/m3 mg/m3"),
    Quantity("ch4", "[ppm]", 0, 50_000, "methane", _ONES, also="% ug/m3 mg/m3 %[LEL]"),
    Quantity("formaldehyde", "mg/m3", 0, 20, "formaldehyd hcho", _ONES, also="[ppm] [ppb]"),
    Quantity("tvoc", "[ppb]", 0, 60_000, "voc", _ONES, also="ug/m3 mg/m3 1"),
    Quantity("voc_index", "1", 0, 500, "", _ONES),
    Quantity("nox_index", "1", 0, 500, "", _ONES),
    Quantity("pm1", "ug/m3", 0, 2000, "pm01 pm1p0 pm1.0 pm1_0 pm_1_0 pm_1_0um", _ONES),
    Quantity("pm2_5", "ug/m3", 0, 2000, "pm02 pm2p5 pm2.5 pm25um pm25value", _ONES),
    Quantity("pm4", "ug/m3", 0, 2000, "pm4p0 pm4.0", _ONES),
    Quantity("pm10", "ug/m3", 0, 4000, "pm10p0 pm100 pm10.0 pm100um", _ONES),
    Quantity("radiation", "uSv/h", 0, 1000),
    # electricity
    Quantity("power", "W", -1e7, 1e7, "activepower apower 功率", _ONES),
    Quantity("apparent_power", "VA", -1e7, 1e7, "", _ONES),
    Quantity("reactive_power", "var", -1e7, 1e7, "", _ONES),
    Quantity("power_factor", "1", -1, 1, "pf", also="%"),
    Quantity("voltage", "V", -1500, 1500, "volts 电压", _ONES),
    Quantity("current", "A", -5000, 5000, "amps amperage 电流", _ONES),
    Quantity("frequency", "Hz", 0, 1000, "acfrequency", _ONES),
    Quantity("energy", "kWh", 0, 1e9, "energytotal totalenergy consumption 电能", _ONES),
    Quantity("energy_returned", "kWh", 0, 1e9, "producedenergy totalreturned", _ONES),
    Quantity("energy_today", "kWh", 0, 10_000),
    Quantity("energy_yesterday", "kWh", 0, 10_000),
    Quantity("energy_month", "kWh", 0, 1e6),
    # the device itself
    Quantity("battery", "%", 0, 100, "batt batterylevel batterypercent batterypercentage 电池电量"),
    Quantity("battery_voltage", "V", 0, 60, "batv vbat batvoltage battvoltage vdd", (65535.0,)),
    Quantity("supply_voltage", "V", 0, 60, "vcc"),
    Quantity("battery_ok", "1", 0, 1),
    Quantity("battery_low", "1", 0, 1, "lowbattery", kind="flag"),
    Quantity("rssi", "dBm", -150, 30, "wifisignal signalstrength lorarssi", also="dB %"),
    Quantity("snr", "dB", -40, 120, "lorasnr"),
    Quantity("link_quality", "1", 0, 255, "lqi"),
    Quantity("wifi_quality", "%", 0, 100),
    Quantity("uptime", "s", 0),
    Quantity("tamper", "1", 0, 1, "", kind="flag"),
    Quantity("availability", "", kind="state"),
    # alarms and presence
    Quantity("water_leak", "1", 0, 1, "leak leakage flood waterleakage 水浸 漏水", kind="flag"),
    Quantity("smoke", "1", 0, 1, "smokealarm smokedetected 烟雾", kind="flag"),
    Quantity("gas", "1", 0, 1, "gasalarm gasdetected", kind="flag"),
    Quantity("carbon_monoxide", "1", 0, 1, "coalarm", kind="flag"),
    Quantity("motion", "1", 0, 1, "motiondetected", kind="flag"),
    Quantity("occupancy", "1", 0, 1, "presence", kind="flag"),
    Quantity("occupied", "1", 0, 1, kind="flag"),
    Quantity("contact_open", "1", 0, 1, "dooropen windowopen opened door window 门磁", kind="flag"),
    Quantity("vibration", "1", 0, 1, "", kind="flag"),
    Quantity("tilt", "1", 0, 1, "", kind="flag"),
    Quantity("alarm", "1", 0, 1, "", kind="any"),
    Quantity("sos", "1", 0, 1, "panic", kind="flag"),
    Quantity("proximity_alarm", "1", 0, 1, "closeproximityalarm", kind="flag"),
    Quantity("sunlight", "1", 0, 1, "", kind="flag"),
    Quantity("people_count", "1", 0, 100_000, "people"),
    # things that are full, far, leaning, wet
    Quantity("distance", "mm", 0, 2e8, "", _ONES),
    Quantity("distance_ratio", "%", 0, 100),
    Quantity("fill_level", "%", 0, 100, "fillinglevel 满溢度 填充率"),
    Quantity("water_level", "mm", 0, 200_000, "液位 水位", _ONES),
    Quantity("soil_moisture", "%", 0, 100, "moisture", _ONES),
    Quantity("soil_conductivity", "uS/cm", 0, 100_000, "", _ONES),
    Quantity("tilt_x", "deg", -360, 360),
    Quantity("tilt_y", "deg", -360, 360),
    Quantity("tilt_z", "deg", -360, 360),
    Quantity("weight", "kg", 0, 200_000),
    Quantity("position", "%", 0, 100, "", kind="any"),
    Quantity("tilt_position", "%", 0, 100),
    Quantity("target_distance", "mm", 0, 2e8, "", _ONES),
    # flows
    Quantity("water_volume", "m3", 0, 1e9, "watertotal waterconsumption", _ONES),
    Quantity("gas_volume", "m3", 0, 1e9, "gasconsumption", _ONES),
    Quantity("volume_flow", "m3/h", -1e6, 1e6, "", _ONES),
    Quantity("flow", "m3/h", -1e6, 1e6, "flowrate", _ONES),
    Quantity("ph", "[pH]", 0, 14),
    Quantity("conductivity", "uS/cm", 0, 1e6, "", _ONES),
    # where it is
    Quantity("lat", "lat", -90, 90, "latitude"),
    Quantity("lon", "lon", -180, 180, "lng longitude"),
    Quantity("altitude", "m", -500, 9000, "alt"),
    Quantity("position_accuracy", "m", 0),
    # switches and words
    Quantity("switch", "1", 0, 1, "powerswitch", kind="any"),
    Quantity("relay", "1", 0, 1, "", kind="any"),
    Quantity("input", "1", 0, 1, "", kind="flag"),
    Quantity("action", "", kind="state"),
    Quantity("event", "", kind="state"),
    Quantity("state", "", kind="any"),
    Quantity("status", "", kind="any"),
    Quantity("alert", "", kind="state"),
    Quantity("log", "", kind="state"),
    # what a camera saw
    Quantity("camera", "", kind="state"),
    Quantity("zone", "", kind="state"),
    Quantity("image", "", kind="state"),
    Quantity("object_id", "", kind="state"),
    Quantity("object_label", "", kind="state"),
    Quantity("severity", "", kind="state"),
    Quantity("classification", "", kind="state"),
)


def _squash(name: str) -> str:
    return re.sub(r"[_\s\-]", "", name).lower()


_BY_NAME = {quantity.name: quantity for quantity in TABLE}
_BY_ALIAS = {
    alias: quantity
    for quantity in TABLE
    for alias in (_squash(quantity.name), *quantity.aliases.split())
}
_BETWEEN = re.compile(r"[^\w.]+|_")
_MOST_WORDS = 8
_NOT_MEASURED = frozenset(
    {"target", "set", "setpoint", "desired", "max", "maximum", "min", "minimum", "limit"}
    | {"threshold", "high", "low", "offset", "calibration", "mean", "average", "avg", "last"}
    | {"previous", "total"}
)
"""A name with one of these says what ought to be or has been, not what is."""


def _numbered(name: str) -> tuple[str, str]:
    """`external_temperature_2` -> (`external_temperature`, `_2`), `power#l1` -> (`power`, `#l1`);
    ('', '') for a name that counts nothing."""
    base, mark, part = name.partition("#")
    if mark:
        return base, mark + part
    base, mark, number = name.rpartition("_")
    return (base, mark + number) if number.isdecimal() else ("", "")


@lru_cache(maxsize=4096)
def find(name: str) -> Quantity | None:
    """The entry that *name* means, in whatever case; `temperature_1` is a temperature.

    >>> find("batteryLevel").name, find("Temperature").unit, find("temperature_1").name
    ('battery', 'Cel', 'temperature')
    >>> find("flux_capacity") is None
    True
    """
    found = _BY_NAME.get(name) or _BY_ALIAS.get(name.lower()) or _BY_ALIAS.get(_squash(name))
    base = "" if found else _numbered(name)[0]
    return find(base) if base else found


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """The name under which *name* is kept: its entry's, with its number; or as it is."""
    found = find(name)
    if found is None or found.name == name:
        return name
    if _squash(name) in _BY_ALIAS:
        return found.name
    return found.name + _numbered(name)[1]


@lru_cache(maxsize=4096)
def of_words(name: str) -> tuple[str, str]:
    """(canonical quantity, what is said of which) of a name made of words; ('', '') for none.

    >>> of_words("living_room_temperature"), of_words("Humidity"), of_words("target_temperature")
    (('temperature', 'living_room'), ('humidity', ''), ('', ''))
    """
    words = [word for word in _BETWEEN.split(name.lower()) if word]
    for start in range(min(len(words), _MOST_WORDS)):
        found = find("_".join(words[start:]))
        if found is not None and not _NOT_MEASURED & set(words[:start]):
            return canonical("_".join(words[start:])), "_".join(words[:start])
    return "", ""
