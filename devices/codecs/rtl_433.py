"""rtl_433: https://triq.org/rtl_433/ ; names of fields as in its docs/DATA_FORMAT.md

    rtl_433/<host>/events
      {"time":"2021-03-11 10:30:38","model":"Acurite-5n1","id":719,"channel":"C","battery_ok":1,
       "wind_avg_km_h":3.483,"temperature_F":67.3,"humidity":53,"rain_in":0.09,"mic":"CHECKSUM"}
                       a key ends in its unit: _C _F _km_h _m_s _mm _in _hPa _kPa _V _mV _W …
                       battery_ok 0 is LOW; time is local time without a zone, or relative (@0.1s)
    rtl_433/<host>/devices/Nexus-TH/1/173/temperature_C    22.7
    home/<gateway>/RTL_433toMQTT/…     as events

One press of a remote is many frames; a ghost decode has a code and no measurement. Tyre sensors
of passing cars tell who drives by: dropped.
"""

import re
from collections.abc import Sequence
from typing import Any

from devices import flat
from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.flat import Field
from devices.timestamps import NONE

UNITS = {
    "C": "Cel", "F": "degF", "K": "K", "km_h": "km/h", "kph": "km/h", "m_s": "m/s",
    "mi_h": "mph", "mph": "mph", "kn": "kn", "mm_h": "mm/h", "in_h": "in/h", "mm": "mm",
    "in": "in", "inch": "in", "cm": "cm", "m": "m", "km": "km", "ft": "ft", "mi": "mi",
    "hPa": "hPa", "kPa": "kPa", "bar": "bar", "psi": "psi", "PSI": "psi", "inHg": "inHg",
    "V": "V", "mV": "mV", "A": "A", "mA": "mA", "W": "W", "kW": "kW", "kWh": "kWh", "Wh": "Wh",
    "VA": "VA", "VAR": "var", "Hz": "Hz", "lux": "lx", "lx": "lx", "klx": "klx", "deg": "deg",
    "dB": "dB", "ppm": "ppm", "ppb": "ppb", "ug_m3": "ug/m3", "pct": "%", "kg": "kg",
    "L": "L", "l": "L", "m3": "m3", "gal": "gal", "ft3": "ft3", "W_m2": "W/m2", "wm2": "W/m2",
    "uS_cm": "uS/cm",
}  # fmt: skip
"""Ending of a key -> unit."""
NAMES = {
    "wind_avg": "wind_speed", "wind_speed": "wind_speed", "wind_max": "wind_gust",
    "wind_gust": "wind_gust", "gust_speed": "wind_gust", "average_wind_speed": "wind_speed",
    "wind_dir": "wind_direction", "rain": "rain_total", "rainfall": "rain_total",
    "rain_rate": "rain_rate", "light": "illuminance", "lux": "illuminance",
    "uvi": "uv_index", "uv": "uv_index", "uv_index": "uv_index",
    "moisture": "soil_moisture", "battery": "battery_voltage", "battery_level": "battery",
    "supercap": "capacitor_voltage", "strike_distance": "lightning_distance",
    "storm_dist": "lightning_distance", "strike_count": "lightning_strikes",
    "depth": "distance", "power": "power", "current": "current", "voltage": "voltage",
    "energy": "energy", "pressure": "pressure", "temperature": "temperature",
    "humidity": "humidity", "co2": "co2", "pm1": "pm1", "pm2_5": "pm2_5", "pm4": "pm4",
    "pm10": "pm10", "pm10_0": "pm10", "estimated_pm10_0": "pm10_estimated",
    "battery_ok": "battery_ok", "rssi": "rssi", "snr": "snr", "tamper": "tamper",
    "alarm": "alarm", "motion": "motion", "water_leak": "water_leak", "leak": "water_leak",
    "detect_wet": "water_leak", "leaking": "water_leak", "wet": "water_leak",
    "contact_open": "contact_open", "reed_open": "contact_open", "opened": "contact_open",
    "smoke": "smoke", "noise_level": "noise", "setpoint": "setpoint", "weight": "weight",
    "radiation": "irradiance", "solar_radiation": "irradiance", "flow": "flow",
    "volume": "water_volume", "consumption": "consumption", "dewpoint": "dew_point",
    "consumption_data": "consumption", "last_consumption_count": "consumption",
}  # fmt: skip
"""Key without unit -> quantity. Other keys are about the transmission."""
RATES = {
    ("rain_total", "mm/h"): "rain_rate",
    ("rain_total", "in/h"): "rain_rate",
    ("battery_voltage", "%"): "battery",
}
"""What a name means when its unit is of another kind: `rain_mm_h`, `battery_pct`."""
RECEIVED = {"rssi": Field("rssi", "dB"), "snr": Field("snr", "dB")}
_NUMBERED = re.compile(r"(temperature|humidity|moisture|power|current|voltage)_?(\d)")
_CLOSED = ("closed", "reed_closed")


def _recognise(message: Message) -> bool:
    levels = message.levels
    if "rtl_433" in levels or "RTL_433toMQTT" in levels:
        return True
    if message.payload[:1] == b"{":
        return b'"model"' in message.payload[:4096] and (
            levels[-1] == "events" or b'"mic"' in message.payload
        )
    name, unit = _split(levels[-1])
    return bool(unit) and name in NAMES


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    if message.payload.lstrip()[:1] != b"{":
        return _single(message)
    event = message.object()
    if "model" not in event:
        raise Ignored("about the receiver")
    if str(event.get("type", "")).upper() == "TPMS":
        message.notes.append("personal_data: the tyre sensor of a passing car")
        raise Ignored("a tyre sensor")
    device = "/".join(str(event[key]) for key in ("model", "channel", "id") if key in event)
    at, quality = message.stamp(event["time"]) if _zoned(event.get("time")) else NONE
    found = []
    for key, raw in event.items():
        if key == "uv" and "uvi" in event:
            continue  # the raw value beside the index
        field, part = _meaning(key, raw)
        if field is not None:
            address = f"{device}#{part}" if part else device
            value = not raw if key in _CLOSED else raw
            found.append(Value(address, field.quantity, value, field.unit, at, quality, key))
    if not any(value.quantity not in ("rssi", "snr") for value in found):
        return _code(event, device)
    return found


def _single(message: Message) -> Sequence[Value]:
    levels = [level for level in message.levels if level]
    value = flat.scalar(message)
    if value is None or not levels:
        raise Ignored("no value of a known name")
    field, part = _meaning(levels[-1], value)
    if field is None:
        raise Ignored(f"{levels[-1][:40]} is about the transmission")
    if isinstance(value, str) and value.startswith("["):
        raise Malformed("a bare value was expected")
    own = levels.index("devices") + 1 if "devices" in levels else 0
    device = "/".join(levels[own:-1])
    address = f"{device}#{part}" if part else device
    return [Value(address, field.quantity, value, field.unit, path=levels[-1])]


def _code(event: dict[str, Any], device: str) -> Sequence[Value]:
    """A simple remote or leak sensor has a code and nothing else: that it came is the news."""
    code = event.get("code")
    if isinstance(code, int | str) and not isinstance(code, bool):
        return [Value(device, "code", f"code {code}", path="code")]
    raise Ignored("no measurement in it")


def _meaning(key: str, raw: Any) -> tuple[Field | None, str]:
    """(what the key holds, of which part)"""
    if not isinstance(raw, int | float | str) or (
        isinstance(raw, str) and raw[:1] not in "+-0123456789."
    ):
        return None, ""
    if key in RECEIVED:
        return RECEIVED[key], ""
    if key in _CLOSED:
        return Field("contact_open"), ""
    name, unit = _split(key)
    numbered = _NUMBERED.fullmatch(name)
    quantity = NAMES.get(numbered[1] if numbered else name)
    if quantity is None:
        return None, ""
    quantity = RATES.get((quantity, unit), quantity)
    return Field(quantity, unit), numbered[2] if numbered else ""


def _split(key: str) -> tuple[str, str]:
    """`wind_avg_km_h` -> wind_avg, km/h. The longest unit that fits."""
    parts = key.split("_")
    for start in (len(parts) - 2, len(parts) - 1):
        if start > 0 and (unit := UNITS.get("_".join(parts[start:]))):
            return "_".join(parts[:start]), unit
    return key, ""


def _zoned(time: Any) -> bool:
    return isinstance(time, str) and bool(re.search(r"(?:Z|[+-]\d\d:?\d\d)$|^\d{10}", time))


CODEC = Codec("rtl_433", _recognise, _decode, by_topic=False, priority=15)
