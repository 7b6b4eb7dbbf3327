"""Aliyun IoT Platform, Alink JSON.

    /sys/a1Fk0fQxxxx/sensor02/thing/event/property/post
    {"id": "123", "version": "1.0", "method": "thing.event.property.post",
     "params": {"Power": {"value": "on", "time": 1524448722000}, "WF": 23.6}}

    /sys/{product}/{device}/thing/event/{identifier}/post     an event of the thing model
    /sys/{product}/{device}/thing/event/property/pack/post    a gateway with its sub-devices

The device is `product/device`. Replies and commands from the cloud are no readings.
"""

from collections.abc import Iterator
from typing import Any

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.leaves import values


def recognise(message: Message) -> bool:
    levels = message.levels[message.levels[0] == "" :]
    return len(levels) > 4 and levels[0] == "sys" and levels[3] == "thing"


def decode(message: Message, memory: Memory) -> list[Value]:
    if not recognise(message):
        raise Ignored("not a topic of this dialect")
    levels = message.levels[message.levels[0] == "" :]
    device, rest = "/".join(levels[1:3]), levels[4:]
    if rest[0] != "event" or rest[-1] != "post" or len(rest) < 3:
        raise Ignored(f"{'/'.join(rest)}: no report of the device")
    document = message.object()
    params = document.get("params")
    if not isinstance(params, dict):
        raise Malformed("params is missing")
    if rest[1] != "property":
        return _event(message, device, rest[1], params)
    if rest[2:3] == ["pack"]:
        return list(_pack(message, device, params))
    return list(_properties(message, device, params, "params"))


def _properties(message: Message, device: str, found: dict[str, Any], path: str) -> Iterator[Value]:
    """Each value has its own time, where it has one."""
    for key, item in found.items():
        time = item.get("time") if isinstance(item, dict) and "value" in item else None
        inner = {"value": item["value"]} if time is not None else item
        yield from values(device, {key: inner}, path, message.stamp(time), _position(item))


def _position(item: Any) -> dict[str, str]:
    """A GeoLocation says its datum: 1 is WGS 84, 2 is GCJ-02, which is kept apart."""
    inner = item.get("value", item) if isinstance(item, dict) else None
    shifted = isinstance(inner, dict) and inner.get("CoordinateSystem") == 2
    return {"Latitude": "lat_gcj02", "Longitude": "lon_gcj02"} if shifted else {}


def _pack(message: Message, device: str, params: dict[str, Any]) -> Iterator[Value]:
    own = params.get("properties")
    if isinstance(own, dict):
        yield from _properties(message, device, own, "params.properties")
    below = params.get("subDevices")
    for index, part in enumerate(below if isinstance(below, list) else []):
        identity = part.get("identity") if isinstance(part, dict) else None
        if isinstance(identity, dict) and isinstance(part.get("properties"), dict):
            name = f"{identity.get('productKey', '')}/{identity.get('deviceName', '')}"
            path = f"params.subDevices.{index}.properties"
            yield from _properties(message, name, part["properties"], path)


def _event(message: Message, device: str, name: str, params: dict[str, Any]) -> list[Value]:
    stamp = message.stamp(params.get("time"))
    event = Value(device, "event", name, "", stamp.at, stamp.quality, "method")
    return [event, *values(device, params.get("value"), "params.value", stamp)]


CODEC = Codec(dialect="aliyun_alink", recognise=recognise, decode=decode, priority=10)
