"""Shelly, first generation: https://shelly-api-docs.shelly.cloud/gen1/

    shellies/<device>/emeter/0/power          41.25    W, negative: sent out; one topic per value
    shellies/<device>/emeter/0/total          13372.4  Wh, but `energy` beside it is W·min
    shellies/<device>/relay/0                 on       shellies/<device>/relay/0/energy   W·min
    shellies/<device>/sensor/temperature      21.5     sensor/flood true, sensor/state open
    shellies/<device>/input/0                 1        input_event/0 {"event":"S","event_cnt":1}
    shellies/<device>/online                  true
    shellies/<device>/status                  {"motion":true,"lux":115,"bat":82,
                                               "tmp":{"value":21.2,"units":"C"}} of a battery's own
    shellies/<device>/ext_temperatures        {"0":{"hwID":"28ff64","tC":21.2,"tF":70.2}}
    shellies/<device>/announce, info          about the device, no reading

Phases of a meter are always parts (`<device>#emeter0`); of relays, rollers and inputs, the first
one is the device itself.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from devices import flat
from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.flat import Field
from devices.quantity import find

SENSORS = flat.of_pairs(
    (
        ("temperature", "temperature", "Cel"),
        ("humidity", "humidity", "%"),
        ("battery", "battery", "%"),
        ("lux", "illuminance", "lx"),
        ("flood", "water_leak", ""),
        ("smoke", "smoke", ""),
        ("motion", "motion", ""),
        ("vibration", "vibration", ""),
        ("tilt", "tilt_angle", "deg"),
        ("state", "contact_open", ""),
        ("gas", "gas_alarm", ""),
        ("concentration", "gas_concentration", "ppm"),
        ("self_test", "self_test", ""),
        ("illumination", "daylight", ""),
        ("ext_power", "external_power", ""),
        ("charger", "external_power", ""),
    )
)
CHANNELS = flat.of_pairs(
    (
        ("power", "power", "W"),
        ("reactive_power", "reactive_power", "var"),
        ("pf", "power_factor", ""),
        ("voltage", "voltage", "V"),
        ("current", "current", "A"),
        ("energy", "energy", "W.min"),
        ("returned_energy", "energy_returned", "W.min"),
        ("total", "energy", "Wh"),
        ("total_returned", "energy_returned", "Wh"),
        ("pos", "position", "%"),
    )
)
STATES = {
    "relay": Field("relay"),
    "light": Field("relay"),
    "white": Field("relay"),
    "color": Field("relay"),
    "roller": Field("cover"),
    "input": Field("input"),
    "adc": Field("voltage", "V"),
    "ext_temperature": Field("external_temperature", "Cel"),
    "ext_humidity": Field("external_humidity", "%"),
}
DEVICE = flat.of_pairs(
    (
        ("temperature", "device_temperature", "Cel"),
        ("overtemperature", "overheated", ""),
        ("voltage", "voltage", "V"),
    )
)

STATUS = flat.of_pairs(
    (
        ("motion", "motion", ""),
        ("vibration", "vibration", ""),
        ("lux", "illuminance", "lx"),
        ("bat", "battery", "%"),
    )
)
EXTERNAL = flat.of_pairs((("tC", "external_temperature", "Cel"), ("hum", "external_humidity", "%")))


def _recognise(message: Message) -> bool:
    return message.levels[0] == "shellies"


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    levels = message.levels
    if len(levels) < 3:
        raise Ignored("about the device")
    device, kind, rest = levels[1], levels[2], levels[3:]
    if kind == "online" and not rest:
        return [_availability(message, device)]
    if kind == "input_event" and rest:
        return _pressed(message, device)
    if kind == "status" and not rest:
        return _status(message.object(), device)
    if kind in ("ext_temperatures", "ext_humidities") and not rest:
        return list(_external(message.object(), device))
    field, part = _meaning(kind, rest)
    if field is None:
        raise Ignored(f"{kind} holds no reading")
    value = flat.scalar(message)
    if value is None:
        raise Ignored("null")
    if isinstance(value, str) and value.startswith(("{", "[")):
        raise Malformed("a bare value was expected")
    if field.quantity == "voltage" and kind == "voltage" and value == 0:
        raise Ignored("no voltage is measured")
    return [Value(device + part, field.quantity, value, field.unit, path="/".join(levels[2:]))]


def _availability(message: Message, device: str) -> Value:
    text = message.text().lower()
    if text not in ("true", "false"):
        raise Malformed(f"online {text[:40]!r} is neither true nor false")
    return Value(device, "availability", "online" if text == "true" else "offline", path="online")


def _pressed(message: Message, device: str) -> Sequence[Value]:
    """`{"event":"S","event_cnt":1}`: a button; S short, L long, SS twice."""
    event = message.object().get("event")
    if not isinstance(event, str) or not event:
        raise Ignored("no button was pressed")
    return [Value(device, "action", event, path="input_event")]


def _status(said: dict[str, Any], device: str) -> list[Value]:
    found = [
        Value(device, field.quantity, said[key], field.unit, path=key)
        for key, field in STATUS.items()
        if isinstance(said.get(key), int | float)
    ]
    warmth = said.get("tmp")
    if isinstance(warmth, dict) and isinstance(warmth.get("value"), int | float):
        unit = str(warmth.get("units", "C"))
        found.append(Value(device, "temperature", warmth["value"], unit, path="tmp.value"))
    return found


def _external(said: dict[str, Any], device: str) -> Iterator[Value]:
    """The probes of an add-on."""
    for index, probe in said.items():
        for key, field in EXTERNAL.items() if isinstance(probe, dict) else ():
            if isinstance(probe.get(key), int | float):
                part = device if index == "0" else f"{device}#ext{index}"
                yield Value(part, field.quantity, probe[key], field.unit, path=f"{index}.{key}")


def _meaning(kind: str, rest: list[str]) -> tuple[Field | None, str]:
    """(what the topic holds, of which part)"""
    if kind == "sensor" and len(rest) == 1:
        known = SENSORS.get(rest[0])
        return (known or (Field(rest[0]) if find(rest[0]) else None)), ""
    if not rest:
        return DEVICE.get(kind), ""
    index, field = rest[0], None
    if not index.isdecimal():
        return None, ""
    if len(rest) == 1:
        field = STATES.get(kind)
    elif len(rest) == 2:
        field = CHANNELS.get(rest[1])
    first = index == "0" and kind != "emeter"
    return field, "" if first else f"#{kind}{index}"


CODEC = Codec("shelly_gen1", _recognise, _decode, priority=12)
