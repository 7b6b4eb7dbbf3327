"""ChirpStack v4, JSON events over MQTT.

    application/17c82e96-…/device/24e124126d154397/event/up
    {"deduplicationId": "3ac7…", "time": "2022-07-18T09:34:15.775023242+00:00",
     "deviceInfo": {"deviceProfileName": "EM300-TH", "devEui": "24e124126d154397", …},
     "fCnt": 101, "fPort": 85, "data": "AXVc…", "object": {"temperature": 30.8, "humidity": 50.5},
     "rxInfo": [{"gatewayId": "0016…", "rssi": -36, "snr": 10.5, …}]}

Events: `up` (readings), `status` (battery and link margin), `location` (resolved position); `join`,
`ack`, `txack`, `log` and `integration` hold no reading.
"""

from typing import Any

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.network_server import Frame, about, data_of, integer, status, values


def recognise(message: Message) -> bool:
    levels = message.levels
    if len(levels) >= 6 and levels[-2] == "event" and "device" in levels:
        return b'"deviceInfo"' in message.payload
    return b'"deviceInfo"' in message.payload and b'"devEui"' in message.payload


def decode(message: Message, memory: Memory) -> list[Value]:
    event = message.object()
    info = event.get("deviceInfo")
    if not isinstance(info, dict) or not isinstance(info.get("devEui"), str):
        raise Malformed("deviceInfo.devEui is missing")
    kind = message.levels[-1] if "event" in message.levels else _guess(event)
    if kind == "up":
        return values(message, _frame(message, event, info), memory)
    if kind == "status":
        return status(event, info["devEui"], message.stamp(event.get("time")))
    if kind == "location":
        return _location(message, event, info["devEui"])
    raise Ignored(f"{kind}: no reading")


def _guess(event: dict[str, Any]) -> str:
    """Which event it is, where the topic does not say."""
    for key, kind in (("margin", "status"), ("location", "location"), ("acknowledged", "ack")):
        if key in event:
            return kind
    return "up" if "object" in event or "data" in event else "join"


def _frame(message: Message, event: dict[str, Any], info: dict[str, Any]) -> Frame:
    tags = info.get("tags")
    return Frame(
        device=info["devEui"],
        eui=info["devEui"],
        port=integer(event.get("fPort")) or 0,
        count=integer(event.get("fCnt")),
        data=data_of(event.get("data")),
        decoded=event.get("object"),
        about=about(
            info.get("deviceProfileName"),
            info.get("deviceName"),
            info.get("applicationName"),
            *(tags.values() if isinstance(tags, dict) else ()),
        ),
        stamp=message.stamp(event.get("time")),
        gateways=event.get("rxInfo"),
    )


def _location(message: Message, event: dict[str, Any], device: str) -> list[Value]:
    place = event.get("location")
    if not isinstance(place, dict):
        raise Malformed("location is missing")
    stamp = message.stamp(event.get("time"))
    return [
        Value(device, name, place[key], name, stamp.at, stamp.quality, f"location.{key}")
        for key, name in (("latitude", "lat"), ("longitude", "lon"))
        if isinstance(place.get(key), int | float)
    ]


CODEC = Codec(
    dialect="chirpstack_v4", recognise=recognise, decode=decode, by_topic=False, priority=20
)
