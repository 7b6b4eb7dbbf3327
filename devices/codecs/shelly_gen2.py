"""Shelly, second generation and later (Plus, Pro, Gen3): RPC over MQTT.
https://shelly-api-docs.shelly.cloud/gen2/

    <device>/status/switch:0  {"id":0,"output":true,"apower":3.8,"voltage":231.0,"freq":50.1,
                               "aenergy":{"total":26064.2},"temperature":{"tC":42.0,"tF":107.6}}
    <device>/events/rpc       {"src":"shellyplusht-b8d6","method":"NotifyFullStatus","params":
                               {"ts":1680962879.62,"temperature:0":{"tC":19.8},
                                "devicepower:0":{"battery":{"V":0.43,"percent":0},
                                                 "external":{"present":true}}}}
    <device>/events/rpc       {"method":"NotifyEvent","params":{"events":[
                               {"component":"input:0","event":"single_push","ts":1656519645.4}]}}
    <device>/online           true
    <device>/rpc, command     requests and their answers, no reading

<device> is what the owner set as topic prefix, and may hold slashes. A device on external power
says battery 0 %: that is no empty battery, and rules do not see it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from devices import flat
from devices.codec import ALWAYS, Codec, Ignored, Malformed, Memory, Message, Value
from devices.flat import Field
from devices.timestamps import NONE, Stamp
from gateway.model import Quality

FIELDS = flat.of_pairs(
    (
        ("output", "switch", ""),
        ("apower", "power", "W"),
        ("act_power", "power", "W"),
        ("aprt_power", "apparent_power", "VA"),
        ("aprtpower", "apparent_power", "VA"),
        ("voltage", "voltage", "V"),
        ("current", "current", "A"),
        ("freq", "frequency", "Hz"),
        ("pf", "power_factor", ""),
        ("aenergy.total", "energy", "Wh"),
        ("ret_aenergy.total", "energy_returned", "Wh"),
        ("total_act_energy", "energy", "Wh"),
        ("total_act_ret_energy", "energy_returned", "Wh"),
        ("temperature.tC", "device_temperature", "Cel"),
        ("tC", "temperature", "Cel"),
        ("rh", "humidity", "%"),
        ("lux", "illuminance", "lx"),
        ("battery.percent", "battery", "%"),
        ("battery.V", "battery_voltage", "V"),
        ("current_pos", "position", "%"),
        ("brightness", "brightness", "%"),
        ("xvoltage", "voltage_scaled", ""),
        ("percent", "input_level", "%"),
        ("counts.total", "counter", ""),
        ("current_C", "temperature", "Cel"),
        ("current_humidity", "humidity", "%"),
        ("num_objects", "people_count", ""),
        ("rssi", "rssi", "dBm"),
        ("battery", "battery", "%"),
    )
)
TOTALS = flat.of_pairs(
    (
        ("total_current", "current", "A"),
        ("total_act_power", "power", "W"),
        ("total_aprt_power", "apparent_power", "VA"),
        ("total_act", "energy", "Wh"),
        ("total_act_ret", "energy_returned", "Wh"),
        ("n_current", "neutral_current", "A"),
    )
)
ALARMS = {"smoke": "smoke", "flood": "water_leak", "motion": "motion", "presence": "occupancy"}
"""Component -> what its `alarm` (or `motion`, `state`) means."""

_COMPONENT = re.compile(r"([a-z][a-z0-9_]*?):(\d{1,4})")
_ABOUT = ("sys", "wifi", "cloud", "mqtt", "ble", "ws", "eth", "ht_ui", "knx", "matter", "ui")
_PHASE = re.compile(r"([abc])_(\w+)")


def _recognise(message: Message) -> bool:
    levels = message.levels
    if len(levels) < 2:
        return False
    if levels[-2:] == ["events", "rpc"]:
        return True
    if levels[-2] == "status":
        return _COMPONENT.fullmatch(levels[-1]) is not None or levels[-1] in _ABOUT
    return levels[-1] in ("online", "rpc") and any(p.startswith("shelly") for p in levels[:-1])


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    levels = message.levels
    if len(levels) < 2:
        raise Ignored("no topic of a Shelly")
    if levels[-1] == "online":
        return [_availability(message, "/".join(levels[:-1]))]
    if levels[-2] == "status":
        return list(_status("/".join(levels[:-2]), levels[-1], message.object(), NONE, ""))
    if levels[-1] != "rpc" or levels[-2] != "events":
        raise Ignored("an answer to a request")
    params = message.object().get("params")
    if not isinstance(params, dict):
        raise Malformed("a notification without params")
    device = "/".join(levels[:-2])
    if "events" in params:
        return list(_events(message, device, params["events"]))
    return list(_components(device, params, message.stamp(params.get("ts")), "params."))


def _availability(message: Message, device: str) -> Value:
    text = message.text().lower()
    if text not in ("true", "false"):
        raise Malformed(f"online {text[:40]!r} is neither true nor false")
    return Value(device, "availability", "online" if text == "true" else "offline", path="online")


def _events(message: Message, device: str, events: Any) -> Iterator[Value]:
    for event in events if isinstance(events, list) else ():
        if not isinstance(event, dict):
            continue
        component = _COMPONENT.fullmatch(str(event.get("component", "")))
        if component and component[1] in ("input", "bthomedevice") and event.get("event"):
            stamp = message.stamp(event.get("ts"))
            yield Value(
                device + _part(component[1], component[2]),
                "action",
                str(event["event"]),
                measured_at=stamp.at,
                quality=stamp.quality,
                path=f"params.events.{component[0]}",
            )


def _components(device: str, status: dict[str, Any], stamp: Stamp, path: str) -> Iterator[Value]:
    for name, said in status.items():
        if isinstance(said, dict):
            yield from _status(device, name, said, stamp, f"{path}{name}.")


def _status(
    device: str, name: str, said: dict[str, Any], stamp: Stamp, path: str
) -> Iterator[Value]:
    component = _COMPONENT.fullmatch(name)
    if component:
        part = device + _part(component[1], component[2])
        for value in _component(component[1], part, said):
            yield _stamped(value, stamp, path)
    elif name == "wifi" and isinstance(said.get("rssi"), int):
        yield _stamped(Value(device, "rssi", said["rssi"], "dBm", path="rssi"), stamp, path)


def _component(kind: str, device: str, said: dict[str, Any]) -> Iterator[Value]:
    external = said.get("external")
    powered = isinstance(external, dict) and external.get("present") is True
    for key, value in _flat(said):
        phase = _PHASE.fullmatch(key)
        if value is None:
            continue
        if phase and (field := FIELDS.get(phase[2])):
            yield Value(f"{device}#{phase[1]}", field.quantity, value, field.unit, path=key)
        elif field := _meaning(kind, key, value):
            quality = Quality.IMPLAUSIBLE if powered and field.quantity == "battery" else 0
            yield Value(device, field.quantity, value, field.unit, quality=int(quality), path=key)


def _meaning(kind: str, key: str, value: Any) -> Field | None:
    if key in ("alarm", "motion") or (kind in ALARMS and key == "state"):
        quantity = ALARMS.get(kind)
        return Field(quantity) if quantity else None
    if key == "state" and kind == "input":
        return Field("input")
    if key == "state" and kind == "cover":
        return Field("cover")
    if key == "value" and kind == "presencezone":
        return Field("occupancy")
    if key == "value" and kind in ("bthomesensor", "number", "boolean"):
        return Field("value")
    if kind in ("em", "emdata"):
        return TOTALS.get(key)
    return FIELDS.get(key)


def _flat(said: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in said.items():
        if isinstance(value, dict):
            for inner, deeper in value.items():
                if isinstance(deeper, int | float):
                    yield f"{key}.{inner}", deeper
        elif isinstance(value, int | float | str):
            yield key, value


def _part(kind: str, index: str) -> str:
    """The first of a kind is the device itself."""
    return "" if index == "0" else f"#{kind}{index}"


def _stamped(value: Value, stamp: Stamp, path: str) -> Value:
    return Value(
        value.device,
        value.quantity,
        value.value,
        value.unit,
        stamp.at,
        value.quality | stamp.quality,
        path + value.path,
    )


CODEC = Codec(
    "shelly_gen2",
    _recognise,
    _decode,
    steady=lambda path, number: ALWAYS,
    clock="params.ts",
    priority=11,
)
