"""wmbusmeters: https://github.com/wmbusmeters/wmbusmeters ; water, heat, gas, power, smoke.

    wmbusmeters/<name>
      {"_":"telegram","media":"water","meter":"hydrus","name":"Cellar","id":"64646464",
       "total_m3":1.174,"flow_m3h":0,"flow_temperature_c":10.4,"status":"OK",
       "target_m3":0.2,"target_datetime":"2019-10-31 23:59","timestamp":"2021-11-11T11:11:11Z"}
              a key ends in its unit; what begins with target, prev, minimum … is history
              the status of a smoke detector is its reading
              a timestamp of the year 1111 is a test's

A meter reader's history (forty values per telegram) is left out: only what is now is a reading.
"""

import re
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from devices import flat
from devices.codec import Codec, Memory, Message, Value
from devices.flat import Field

UNITS = {
    "m3": "m3", "l": "L", "m3h": "m3/h", "m3ch": "m3/h", "lh": "L/h", "kwh": "kWh", "mj": "MJ",
    "gj": "GJ", "kw": "kW", "w": "W", "wh": "Wh", "kvarh": "kvarh", "kvah": "kVAh", "kva": "kVA",
    "kvar": "kvar", "va": "VA", "var": "var", "c": "Cel", "f": "degF", "k": "K", "rh": "%",
    "v": "V", "a": "A", "hz": "Hz", "bar": "bar", "pa": "Pa", "hpa": "hPa", "dbm": "dBm",
    "pct": "%", "ppm": "ppm", "hca": "", "deg": "deg", "lux": "lx",
}  # fmt: skip
"""Ending of a key -> unit."""
NAMES = flat.of_pairs(
    (
        ("temperature", "temperature", ""),
        ("current_temperature", "temperature", ""),
        ("relative_humidity", "humidity", ""),
        ("current_relative_humidity", "humidity", ""),
        ("external_temperature", "external_temperature", ""),
        ("flow_temperature", "flow_temperature", ""),
        ("forward_temperature", "flow_temperature", ""),
        ("supply_temperature", "flow_temperature", ""),
        ("t1_temperature", "flow_temperature", ""),
        ("return_temperature", "return_temperature", ""),
        ("t2_temperature", "return_temperature", ""),
        ("room_temperature", "temperature", ""),
        ("flow_return_temperature_difference", "temperature_difference", ""),
        ("temperature_difference", "temperature_difference", ""),
        ("flow", "flow", ""),
        ("volume_flow", "flow", ""),
        ("current_flow", "flow", ""),
        ("battery", "battery_voltage", ""),
        ("rssi", "rssi", ""),
        ("pressure", "water_pressure", ""),
        ("current", "current_power", ""),
        ("frequency", "frequency", ""),
    )
)
FLAGS = {"reed/magnet": ("contact_open", "OPEN"), "smoke detector": ("smoke", "SMOKE")}
"""Medium -> what a word in the status of such a meter says."""
ENERGY = re.compile(r"total(?:_energy)?(?:_consumption)?|energy|total_heating|heat_energy")
RETURNED = re.compile(r"total_energy_production|total_energy_returned|energy_production")
POWER = re.compile(r"(?:current_)?power(?:_consumption)?|current")
PHASE = re.compile(r"(voltage|current|power)_at_phase_(\d)")
VOLUME = re.compile(r"total(?:_volume)?(?:_consumption)?|volume|total_water(?:_consumption)?")


def _recognise(message: Message) -> bool:
    if message.levels[0] == "wmbusmeters":
        return True
    payload = message.payload
    return payload[:1] == b"{" and (
        b'"_":"telegram"' in payload[:64]
        or (b'"media":' in payload and b'"meter":' in payload and b'"timestamp":' in payload)
    )


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    telegram = message.object()
    at, quality = message.stamp(telegram.get("timestamp"))
    levels = message.levels
    device = levels[-1] if len(levels) > 1 else str(telegram.get("id", "meter"))
    media = str(telegram.get("media", ""))
    found = []
    for key, raw in telegram.items():
        field, part = _meaning(key, raw, media)
        if field is not None:
            address = f"{device}#{part}" if part else device
            found.append(Value(address, field.quantity, raw, field.unit, at, quality, key))
    status = telegram.get("status")
    if isinstance(status, str):
        said = Value(device, "status", status, measured_at=at, quality=quality, path="status")
        found.append(said)
        if flag := FLAGS.get(media):
            quantity, word = flag
            found.append(replace(said, quantity=quantity, value=float(word in status.split())))
    return found


def _meaning(key: str, raw: Any, media: str) -> tuple[Field | None, str]:
    """(what the key holds, of which part); None for history and what is about the telegram."""
    name, _, ending = key.rpartition("_")
    if not name or ending not in UNITS or not isinstance(raw, int | float | str):
        return None, ""
    unit = UNITS[ending]
    if phase := PHASE.fullmatch(name):
        return Field(phase[1], unit), phase[2]
    if unit in ("kWh", "MJ", "GJ", "Wh"):
        return _energy(name, unit), ""
    if unit in ("kW", "W"):
        return (Field("power", unit) if POWER.fullmatch(name) else None), ""
    if unit in ("m3", "L"):
        quantity = "gas_volume" if media == "gas" else "water_volume"
        return (Field(quantity, unit) if VOLUME.fullmatch(name) else None), ""
    if ending == "hca":
        wanted = name in ("current_consumption", "current", "consumption")
        return (Field("heat_cost_units") if wanted else None), ""
    known = NAMES.get(name)
    return (Field(known.quantity, unit) if known else None), ""


def _energy(name: str, unit: str) -> Field | None:
    if RETURNED.fullmatch(name):
        return Field("energy_returned", unit)
    return Field("energy", unit) if ENERGY.fullmatch(name) else None


CODEC = Codec("wmbusmeters", _recognise, _decode, by_topic=False, priority=15)
