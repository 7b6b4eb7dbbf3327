"""Zigbee2MQTT: https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html

    zigbee2mqtt/<friendly name>
      {"temperature":26,"battery":100,"voltage":3025,"contact":true,"linkquality":83,
       "last_seen":1656118444933,"update":{"state":"idle"}}
                      `voltage` is the battery's in mV, unless the device runs on mains: then V
                      `contact` is true while a door is CLOSED
                      null is no value; a device sends only a part of its state at first
    zigbee2mqtt/<friendly name>/availability   {"state":"online"} or online
    zigbee2mqtt/<friendly name>/<attribute>    26      (output: attribute)
    zigbee2mqtt/bridge/...                     about the bridge, no reading
    zigbee2mqtt/<friendly name>/set, /get      commands, no reading

A friendly name may hold slashes. Identity is the topic, never an address inside the payload.
"""

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from devices import flat
from devices.codec import ALWAYS, Codec, Ignored, Malformed, Memory, Message, Value

BASE = "zigbee2mqtt"

FIELDS = flat.of_pairs(
    (
        ("linkquality", "link_quality", "lqi"),
        ("occupancy", "motion", ""),
        ("presence", "occupancy", ""),
        ("pm25", "pm2_5", "ug/m3"),
        ("pm10", "pm10", "ug/m3"),
        ("co2", "co2", "ppm"),
        ("local_temperature", "temperature", "Cel"),
        ("soil_moisture", "soil_moisture", "%"),
        ("produced_energy", "energy_returned", "kWh"),
        ("energy_produced", "energy_returned", "kWh"),
        ("ec", "conductivity", "uS/cm"),
        ("ac_frequency", "frequency", "Hz"),
        ("illuminance_lux", "illuminance", "lx"),
        ("target_distance", "target_distance", "m"),
        ("distance", "distance", "m"),
        ("hcho", "formaldehyde", "mg/m3"),
        ("formaldehyd", "formaldehyde", "mg/m3"),
        ("power_apparent", "apparent_power", "VA"),
        ("power_reactive", "reactive_power", "var"),
        ("liquid_level_percent", "fill_level", "%"),
        ("tilt", "tilt_position", "%"),
        ("liquid_depth", "water_level", "m"),
        ("temperature_probe", "external_temperature", "Cel"),
        ("water_consumed", "water_volume", "m3"),
        ("soil_fertility", "soil_conductivity", "uS/cm"),
    )
)
VOLTS = 60
"""A battery's `voltage` below this is in V."""
MAINS = 1000
"""A `voltage` from here on is in mV: a battery's."""
WORDS = {"air_quality", "alarm_state", "battery_state", "charge_state", "state", "contact"}
"""Keys whose words are measured, beside those that the table of quantities knows."""

_SETTING = re.compile(
    r"(?:update|color|identify|device|options|schedule|weekly_schedule|programming_mode)(?:\..*)?"
    r"|.*(?:_calibration|_offset|_precision|_threshold|_sensitivity|_interval|_delay|_timeout"
    r"|_enable|_enabled|_mode|_memory|_behavior|_type|_limit|_setpoint|_duration|_time|_protect"
    r"|_protection|_indicator|_ringtone|_volume|_alarm_(?:max|min)|_(?:max|min))"
    r"|child_lock|countdown|brightness_.*|color_temp.*|elapsed|effect|transition|sensitivity"
    r"|max_.*|min_.*|calibration.*|volume|melody|duration|keep_time|installed_version|preset"
)
_PLACES = re.compile(r"(.+?)_(l\d{1,2}|left|right|center|top|bottom|\d{1,2}|[abc]|phase_[abc])")


def _recognise(message: Message) -> bool:
    if message.topic.startswith(BASE):
        return True
    payload = message.payload
    return payload[:1] == b"{" and b'"linkquality":' in payload[:4096]


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    levels = message.levels
    if len(levels) < 2:
        raise Ignored("no device in the topic")
    if levels[1] == "bridge":
        raise Ignored("about the bridge")
    if levels[-1] == "availability" and len(levels) > 2:
        return [_availability(message, "/".join(levels[1:-1]))]
    if len(levels) > 2 and message.payload.lstrip()[:1] not in (b"{", b"["):
        return _attribute(message, "/".join(levels[1:-1]), levels[-1])
    return _state("/".join(levels[1:]), message, message.object())


def _availability(message: Message, device: str) -> Value:
    payload = message.payload.strip()
    state = message.object().get("state") if payload[:1] == b"{" else message.text()
    if state not in ("online", "offline"):
        raise Malformed(f"availability {str(state)[:40]!r} is neither online nor offline")
    return Value(device, "availability", state, path="state")


def _attribute(message: Message, device: str, name: str) -> Sequence[Value]:
    value = flat.scalar(message)
    if value is None:
        raise Ignored("null")
    return _state(device, message, {name: value})


def _state(device: str, message: Message, state: dict[str, Any]) -> list[Value]:
    if "illuminance_lux" in state:
        state = {key: value for key, value in state.items() if key != "illuminance"}
    battery = "battery" in state or "battery_low" in state
    words = WORDS | {key for key in state if key.startswith("state_") and _PLACES.fullmatch(key)}
    fields = flat.values(message, device, state, FIELDS, _left_out, words)
    return [_meant(value, battery) for value in fields]


@lru_cache(maxsize=1024)
def _left_out(path: str) -> bool:
    return _SETTING.fullmatch(path) is not None


def _meant(value: Value, battery: bool) -> Value:
    """What the key means on this device."""
    name, raw = value.quantity, value.value
    number = raw if isinstance(raw, int | float) and not isinstance(raw, bool) else 0
    if name == "voltage":
        if battery and 0 < number < VOLTS:
            return replace(value, quantity="battery_voltage", unit="V")
        low = battery or number >= MAINS
        return replace(
            value, quantity="battery_voltage" if low else "voltage", unit="mV" if low else "V"
        )
    if name == "battery_voltage":
        return replace(value, unit="mV" if number >= MAINS else "V")
    if name == "rain" and isinstance(raw, bool):
        return replace(value, quantity="raining")
    if name == "contact" and isinstance(raw, bool):
        return replace(value, quantity="contact_open", value=not raw)
    if name == "contact":
        return replace(value, quantity="contact_open")
    if name == "state":
        word = str(raw).upper()
        return replace(value, quantity="switch" if word in ("ON", "OFF") else "state")
    place = _PLACES.fullmatch(name) if "_" in name else None
    if place and place[1] in ("state", "power", "current", "voltage", "energy"):
        part = replace(value, device=f"{value.device}#{place[2]}", quantity=place[1])
        return _meant(part, battery)
    return value


def _steady(key: str, number: float) -> tuple[float, float] | None:
    """A voltage tells its unit by its size; any other number keeps its meaning."""
    if "voltage" not in key:
        return ALWAYS
    if number >= MAINS:
        return MAINS, math.inf
    if number >= VOLTS:
        return VOLTS, math.nextafter(MAINS, 0)
    return (math.ulp(0.0), math.nextafter(VOLTS, 0)) if number > 0 else None


CODEC = Codec("zigbee2mqtt", _recognise, _decode, by_topic=False, steady=_steady, priority=10)
