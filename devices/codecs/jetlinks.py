"""JetLinks, MQTT.

    /product-001/device-001/properties/report
    {"timestamp": 1601196762389, "messageId": "ddddd", "properties": {"geoPoint": "102.321,36.523"}}

    /{product}/{device}/event/{event}                             {"timestamp": …, "data": {…}}
    /{product}/{device}/child/{child}/properties/report           a device behind a gateway
    /{product}/{device}/online | offline

`timestamp` comes in seconds and in milliseconds from the same platform. A geoPoint is lon,lat.
"""

import re
from typing import Any

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.leaves import values
from devices.timestamps import Stamp

_POINT = re.compile(r"\s*(-?\d{1,3}(?:\.\d+)?)\s*,\s*(-?\d{1,2}(?:\.\d+)?)\s*")


def _parts(message: Message) -> list[str]:
    """product, device (the child, where there is one), and the rest of the topic."""
    levels = message.levels[message.levels[0] == "" :]
    if levels[2:3] == ["child"] and len(levels) > 4:
        return [levels[0], levels[3], *levels[4:]]
    return levels


def recognise(message: Message) -> bool:
    rest = _parts(message)[2:]
    if rest in (["properties", "report"], ["properties", "read", "reply"]):
        return b'"properties"' in message.payload
    known = len(rest) == 2 and rest[0] == "event"
    return known and b'"data"' in message.payload and b'"messageId"' in message.payload


def decode(message: Message, memory: Memory) -> list[Value]:
    if not recognise(message):
        raise Ignored("not a topic of this dialect")
    parts = _parts(message)
    device, rest = "/".join(parts[:2]), parts[2:]
    document = message.object()
    stamp = message.stamp(document.get("timestamp"))
    if rest[:1] == ["event"]:
        event = Value(device, "event", rest[-1], "", stamp.at, stamp.quality, "topic")
        return [event, *_numbers(device, document.get("data"), "data", stamp)]
    if rest[:1] != ["properties"] or rest[-1] not in ("report", "reply"):
        raise Ignored(f"{'/'.join(rest)}: no report of the device")
    properties = document.get("properties")
    if not isinstance(properties, dict):
        raise Malformed("properties is missing")
    return [
        point
        for value in values(device, properties, "properties", stamp)
        for point in _point(value)
    ]


def _numbers(device: str, data: Any, path: str, stamp: Stamp) -> list[Value]:
    """Words in an event are names of places and people, no readings."""
    found = values(device, data, path, stamp) if isinstance(data, dict) else []
    return [value for value in found if not isinstance(value.value, str)]


def _point(value: Value) -> list[Value]:
    match = _POINT.fullmatch(value.value) if isinstance(value.value, str) else None
    if match is None:
        return [value]
    return [
        Value(value.device, name, float(number), name, value.measured_at, value.quality, value.path)
        for name, number in (("lon", match[1]), ("lat", match[2]))
    ]


CODEC = Codec(dialect="jetlinks", recognise=recognise, decode=decode, by_topic=False, priority=30)
