"""Tencent Cloud IoT Explorer, data template.

    $thing/up/property/ABCDEFGHIJ/light_001
    {"method": "report", "clientToken": "123", "timestamp": 1212121221,
     "params": {"power_switch": 1, "color": 1, "brightness": 32}}

    $thing/up/event/{product}/{device}   {"method": "event_post", "eventId": "PowerAlarm",
                                          "type": "fault", "params": {"Voltage": 2.8}}

`$thing/down/…` is the cloud speaking. The device is `product/device`.
"""

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.leaves import values

_NAMES = {"power_switch": "switch"}


def recognise(message: Message) -> bool:
    return message.levels[0] == "$thing" and len(message.levels) >= 5


def decode(message: Message, memory: Memory) -> list[Value]:
    if not recognise(message):
        raise Ignored("not a topic of this dialect")
    _, way, kind, *names = message.levels
    if way != "up" or kind not in ("property", "event"):
        raise Ignored(f"{way}/{kind}: no report of the device")
    document = message.object()
    method, params = document.get("method"), document.get("params")
    device, stamp = "/".join(names[:2]), message.stamp(document.get("timestamp"))
    if kind == "event":
        name = document.get("eventId")
        if not isinstance(name, str):
            raise Malformed("eventId is missing")
        event = Value(device, "event", name, "", stamp.at, stamp.quality, "eventId")
        return [event, *values(device, params, "params", stamp, _NAMES)]
    if method != "report":
        raise Ignored(f"{method}: no report of properties")
    if not isinstance(params, dict):
        raise Malformed("params is missing")
    return values(device, params, "params", stamp, _NAMES)


CODEC = Codec(dialect="tencent_iot", recognise=recognise, decode=decode, priority=10)
