"""Tasmota: https://tasmota.github.io/docs/MQTT/ ; blocks of sensors as in its xsns_*.ino

    tele/<topic>/SENSOR   {"Time":"2021-01-02T09:09:44","DS18B20-1":{"Temperature":13.3},
                           "ENERGY":{"Total":6.294,"Power":2635,"Voltage":227},"TempUnit":"C"}
                          one block per chip; what its keys mean is the same in all of them
    tele/<topic>/STATE    {"Vcc":3.12,"POWER1":"ON","Wifi":{"RSSI":96,"Signal":-52}}
    stat/<topic>/RESULT   {"POWER2":"OFF"}             stat/<topic>/POWER2   OFF
    stat/<topic>/STATUS8  {"StatusSNS":{...}}  as SENSOR;  STATUS11 {"StatusSTS":{...}} as STATE
    tele/<topic>/LWT      Online | Offline
    tele/<bridge>/SENSOR  {"ZbReceived":{"0x898E":{"Name":"sink","Water":1,"LinkQuality":110}}}
                          {"LwReceived":{"0x4AD6":{"DoorOpen":1,"Battery":3.0,"RSSI":-50}}}

The order of prefix and topic can be changed (FullTopic), so only the words count, wherever they
stand. `Time` is local time without a zone, and messages are live: the time of arrival is used.
A sensor that does not answer prints `nan`, which is no JSON; the others of the message are kept.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from devices import flat, tasmota_bridge
from devices.codec import ALWAYS, Codec, Ignored, Malformed, Memory, Message, Value
from devices.flat import Field

FIELDS = flat.of_pairs(
    (
        ("Temperature", "temperature", "temp"),
        ("AMBTMP", "temperature", "temp"),
        ("ProbeTemperature", "temperature", "temp"),
        ("ReferenceTemperature", "device_temperature", "temp"),
        ("OBJTMP", "object_temperature", "temp"),
        ("DewPoint", "dew_point", "temp"),
        ("HeatIndex", "heat_index", "temp"),
        ("Humidity", "humidity", "%"),
        ("AbsHumidity", "absolute_humidity", "g/m3"),
        ("aHumidity", "absolute_humidity", "g/m3"),
        ("Pressure", "pressure", "press"),
        ("SeaPressure", "sea_level_pressure", "press"),
        ("Illuminance", "illuminance", "lx"),
        ("Lux", "illuminance", "lx"),
        ("UvIndex", "uv_index", ""),
        ("UVIndex", "uv_index", ""),
        ("CarbonDioxide", "co2", "ppm"),
        ("CO2", "co2", "ppm"),
        ("eCO2", "eco2", "ppm"),
        ("TVOC", "tvoc", "ppb"),
        ("NO2", "no2", "ppb"),
        ("VOC", "voc_index", ""),
        ("NOx", "nox_index", ""),
        ("Gas", "gas_resistance", "kOhm"),
        ("AirQuality", "air_quality", "%"),
        ("PM1", "pm1", "ug/m3"),
        ("PM1.0", "pm1", "ug/m3"),
        ("PM1_0", "pm1", "ug/m3"),
        ("PM2.5", "pm2_5", "ug/m3"),
        ("PM2_5", "pm2_5", "ug/m3"),
        ("PM4", "pm4", "ug/m3"),
        ("PM4.0", "pm4", "ug/m3"),
        ("PM4_0", "pm4", "ug/m3"),
        ("PM10", "pm10", "ug/m3"),
        ("PM10.0", "pm10", "ug/m3"),
        ("Distance", "distance", "cm"),
        ("People", "people_count", ""),
        ("Moisture", "soil_moisture", "%"),
        ("Conductivity", "soil_conductivity", "uS/cm"),
        ("Fertility", "soil_conductivity", "uS/cm"),
        ("Battery", "battery", "%"),
        ("BatteryPercent", "battery", "%"),
        ("BattVoltage", "battery_voltage", "V"),
        ("VBusVoltage", "supply_voltage", "V"),
        ("Total_in", "energy", "kWh"),
        ("Total_out", "energy_returned", "kWh"),
        ("Power_curr", "power", "W"),
        ("Position", "position", "%"),
        ("lat", "lat", ""),
        ("lon", "lon", ""),
        ("alt", "altitude", "m"),
        ("Weight", "weight", "kg"),
        ("Noise", "noise", "%"),
        ("pH", "ph", ""),
        ("Total", "energy", "kWh"),
        ("Yesterday", "energy_yesterday", "kWh"),
        ("Today", "energy_today", "kWh"),
        ("ImportActive", "energy", "kWh"),
        ("ExportActive", "energy_returned", "kWh"),
        ("Power", "power", "W"),
        ("ApparentPower", "apparent_power", "VA"),
        ("ReactivePower", "reactive_power", "var"),
        ("Factor", "power_factor", ""),
        ("Frequency", "frequency", "Hz"),
        ("Voltage", "voltage", "V"),
        ("Current", "current", "A"),
    )
)
PHASES = 8
"""Of a meter; more are no meter."""
MILLIMETRES = ("VL53", "VL61", "TOF", "DDS238")
"""Blocks whose Distance is in mm; the others' is in cm."""
_PREFIXES = ("tele", "stat")
_SUFFIX = re.compile(
    r"SENSOR|STATE|RESULT|LWT|ENERGY\d?|INFO\d|STATUS\d*|POWER\d*|UPTIME|DEEPSLEEP|BOOT|MARGINS|LOGGING"
)
_ALONE = ("SENSOR", "RESULT")
_POWER = re.compile(r"POWER(\d*)")
_SWITCH = re.compile(r"Switch(\d+)")
_INDEXED = re.compile(r".+-(?:\d{1,2}|(?:0x)?[0-9A-Fa-f]{2,12})|DS\d+|Shutter\d")
_UNITS = {"temp": "TempUnit", "press": "PressureUnit", "speed": "SpeedUnit"}
_DEFAULTS = {"temp": "C", "press": "hPa", "speed": "km/h"}


def _recognise(message: Message) -> bool:
    levels = message.levels
    if not _SUFFIX.fullmatch(levels[-1]):
        return False
    return levels[-1] in _ALONE or any(prefix in levels for prefix in _PREFIXES)


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    suffix = message.levels[-1]
    device = "/".join(p for p in message.levels[:-1] if p and p not in _PREFIXES) or "tasmota"
    if suffix == "LWT":
        return [_availability(message, device)]
    if _POWER.fullmatch(suffix):
        return list(_relays({suffix: message.text()}, device))
    if suffix in ("UPTIME", "DEEPSLEEP", "BOOT", "LOGGING") or suffix.startswith("INFO"):
        raise Ignored("about the device")
    body = message.object()
    body = body.get("StatusSNS") or body.get("StatusSTS") or body
    if not isinstance(body, dict):
        raise Malformed("a status without its block")
    found = [*_relays(body, device), *_state(body, device), *_sensors(body, device)]
    found += tasmota_bridge.zigbee(body.get("ZbReceived"), device, memory)
    found += tasmota_bridge.lora(body.get("LwReceived"))
    if not found:
        raise Ignored("no sensor that is known in it")
    return found


def _availability(message: Message, device: str) -> Value:
    state = message.text().lower()
    if state not in ("online", "offline"):
        raise Malformed(f"LWT {state[:40]!r} is neither Online nor Offline")
    return Value(device, "availability", state, path="LWT")


def _relays(body: dict[str, Any], device: str) -> Iterator[Value]:
    for key, value in body.items():
        if value not in ("ON", "OFF"):
            continue
        for pattern, quantity in ((_POWER, "relay"), (_SWITCH, "input")):
            if number := pattern.fullmatch(key):
                part = f"#{number[1]}" if number[1] else ""
                yield Value(device + part, quantity, value, path=key)


def _state(body: dict[str, Any], device: str) -> Iterator[Value]:
    if isinstance(body.get("Vcc"), int | float | str):
        yield Value(device, "supply_voltage", body["Vcc"], "V", path="Vcc")
    wifi = body.get("Wifi")
    if isinstance(wifi, dict):
        for key, quantity, unit in (("RSSI", "wifi_quality", "%"), ("Signal", "rssi", "dBm")):
            if isinstance(wifi.get(key), int | float | str):
                yield Value(device, quantity, wifi[key], unit, path=f"Wifi.{key}")


def _sensors(body: dict[str, Any], device: str) -> Iterator[Value]:
    units = {k: str(body.get(name, _DEFAULTS[k])) for k, name in _UNITS.items()}
    yield from _block("", body, device, units, "")
    for name, block in body.items():
        if name == "COUNTER" and isinstance(block, dict):
            for key, count in block.items():
                if re.fullmatch(r"C\d+", key) and isinstance(count, int | float):
                    yield Value(f"{device}#{key}", "counter", count, path=f"COUNTER.{key}")
        elif isinstance(block, dict) and not name.endswith("Received"):
            yield from _chip(name, block, device, units)


def _wind(block: dict[str, Any], device: str, unit: str, path: str) -> Iterator[Value]:
    """`{"Speed":{"Act":14.8,"Avg":8.5},"Dir":{"Deg":247.5}}` of an anemometer."""
    for key, inner, field in (
        ("Speed", "Act", Field("wind_speed", unit)),
        ("Dir", "Deg", Field("wind_direction", "deg")),
        ("Direction", "Deg", Field("wind_direction", "deg")),
    ):
        said = block.get(key)
        if isinstance(said, dict) and isinstance(said.get(inner), int | float):
            yield Value(device, field.quantity, said[inner], field.unit, path=f"{path}.{key}")


def _chip(name: str, block: dict[str, Any], device: str, units: dict[str, str]) -> Iterator[Value]:
    part = f"{device}#{name}" if _INDEXED.fullmatch(name) else device
    yield from _block(name, block, part, units, f"{name}.")
    yield from _wind(block, part, units["speed"], name)
    for inner, deeper in block.items():
        if isinstance(deeper, dict) and _INDEXED.fullmatch(inner):
            yield from _block(inner, deeper, f"{device}#{inner}", units, f"{name}.{inner}.")


def _block(
    name: str, block: dict[str, Any], device: str, units: dict[str, str], path: str
) -> Iterator[Value]:
    for key, value in block.items():
        bare = key.rstrip("123456789") if key not in FIELDS else key
        field = FIELDS.get(key) or FIELDS.get(bare)
        if field is None:
            continue
        field = _of_chip(name, field, units)
        part = device if bare == key else f"{device}#{key}"
        if isinstance(value, int | float | str):
            yield Value(part, field.quantity, value, field.unit, path=path + key)
        elif name == "ENERGY" and isinstance(value, list):
            for phase, single in enumerate(value[:PHASES], 1):
                if isinstance(single, int | float):
                    where = f"{device}#{phase}"
                    yield Value(where, field.quantity, single, field.unit, path=path + key)


def _of_chip(name: str, field: Field, units: dict[str, str]) -> Field:
    """What the chip *name* means by it, in the units that the message states."""
    if name == "AS3935" and field.quantity == "distance":
        return Field("lightning_distance", "km")
    if name == "ESP32" and field.quantity == "temperature":
        return Field("device_temperature", units["temp"])
    if field.quantity == "distance" and name.startswith(MILLIMETRES):
        return Field("distance", "mm")
    return Field(field.quantity, units.get(field.unit, field.unit))


def _steady(path: str, number: float) -> tuple[float, float] | None:
    """What a bridge hands on depends on what it handed on before."""
    return None if "Received." in path else ALWAYS


CODEC = Codec("tasmota", _recognise, _decode, steady=_steady, clock="", priority=12)
