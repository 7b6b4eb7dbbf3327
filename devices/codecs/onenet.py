"""China Mobile OneNET (OneJSON, and the older data points).

    $sys/v6IkuqD6vh/MO/thing/property/post
    {"id": "1", "version": "1.0", "params": {"temperature": {"value": 20.5, "time": 1765280001000}}}

    $sys/{product}/{device}/thing/event/post     {"params": {"alarm": {"value": {…}, "time": …}}}
    $sys/{product}/{device}/dp/post/json         {"dp": {"temp": [{"v": 30, "t": 1552289676}]}}

Downlink (`thing/property/set`) and replies are no readings. The device is `product/device`.
"""

from collections.abc import Iterator
from typing import Any

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.leaves import values

_PROPERTIES = ("thing", "property", "post")
_PACK = ("thing", "pack", "post")
_EVENT = ("thing", "event", "post")
_POINTS = ("dp", "post", "json")


def recognise(message: Message) -> bool:
    levels = message.levels
    return levels[0] == "$sys" and len(levels) > 5 and levels[3] in ("thing", "dp", "cmd")


def decode(message: Message, memory: Memory) -> list[Value]:
    if not recognise(message):
        raise Ignored("not a topic of this dialect")
    levels = message.levels
    device, rest = "/".join(levels[1:3]), tuple(levels[3:])
    if rest not in (_PROPERTIES, _PACK, _EVENT, _POINTS):
        raise Ignored(f"{'/'.join(rest)}: no report of the device")
    document = message.object()
    found = document.get("dp" if rest == _POINTS else "params")
    if rest[1] == "pack":
        return list(_pack(message, found))
    if not isinstance(found, dict):
        raise Malformed("params is missing")
    if rest == _EVENT:
        return list(_events(message, device, found))
    if rest == _POINTS:
        return list(_points(message, device, found))
    return list(_properties(message, device, found))


def _properties(message: Message, device: str, found: dict[str, Any]) -> Iterator[Value]:
    for key, item in found.items():
        time = item.get("time") if isinstance(item, dict) and "value" in item else None
        inner = item["value"] if time is not None else item
        yield from values(device, {key: inner}, "params", message.stamp(time))


def _pack(message: Message, found: Any) -> Iterator[Value]:
    """A gateway with its sub-devices: each has an identity and properties."""
    for part in found if isinstance(found, list) else []:
        identity = part.get("identity") if isinstance(part, dict) else None
        if isinstance(identity, dict) and isinstance(part.get("properties"), dict):
            name = f"{identity.get('productID', '')}/{identity.get('deviceName', '')}"
            yield from _properties(message, name, part["properties"])


def _events(message: Message, device: str, found: dict[str, Any]) -> Iterator[Value]:
    """`{"alarm": {"value": {…}}}`, or flat, with the name in `event`."""
    if isinstance(found.get("event"), str):
        stamp = message.stamp(found.get("timestamp") or found.get("time"))
        yield Value(device, "event", found["event"], "", stamp.at, stamp.quality, "params.event")
        return
    for key, item in found.items():
        stamp = message.stamp(item.get("time") if isinstance(item, dict) else None)
        yield Value(device, "event", key, "", stamp.at, stamp.quality, f"params.{key}")
        inner = item.get("value") if isinstance(item, dict) else None
        if isinstance(inner, dict):
            yield from values(device, inner, f"params.{key}.value", stamp)


def _points(message: Message, device: str, found: dict[str, Any]) -> Iterator[Value]:
    for key, series in found.items():
        for index, point in enumerate(series if isinstance(series, list) else []):
            if isinstance(point, dict) and "v" in point:
                stamp = message.stamp(point.get("t"))
                yield from values(device, {key: point["v"]}, f"dp.{index}", stamp)


CODEC = Codec(dialect="onenet", recognise=recognise, decode=decode, priority=10)
