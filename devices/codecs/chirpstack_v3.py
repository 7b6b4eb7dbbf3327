"""ChirpStack v3 (and its early name, LoRa App Server), JSON events over MQTT.

    application/71/device/24e124126d154397/event/up
    {"applicationID": "71", "deviceName": "EM400_TLD", "deviceProfileName": "Milesight EM400",
     "devEUI": "24e124126d154397", "fCnt": 10901, "fPort": 5, "data": "AXViA2f9/wSCCwEFAAA=",
     "rxInfo": [{"time": "2024-03-25T09:24:18.17Z", "rssi": -114, "loRaSNR": 1.5, …}],
     "object": {"battery": 98, "distance": 267, "position": "normal", "temperature": -0.3}}

The Protobuf marshaler writes devEUI in base64 and the object as text in `objectJSON`: the topic
then says the EUI. Before v3.11 the topic ended in `rx` instead of `event/up`.
"""

import binascii
from typing import Any

from devices import json_text
from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.network_server import Frame, about, data_of, integer, status, values

_OLD_TOPICS = {"rx": "up"}
_EUI = ("devEUI", "devEui", "deveui")


def recognise(message: Message) -> bool:
    if b'"deviceInfo"' in message.payload:
        return False
    levels = message.levels
    if levels[0] == "application" and len(levels) >= 5 and levels[2] == "device":
        return True
    return any(f'"{key}"'.encode() in message.payload for key in _EUI) and (
        b'"fPort"' in message.payload
    )


def decode(message: Message, memory: Memory) -> list[Value]:
    event = message.object()
    device = _device(message, event)
    kind = _kind(message, event)
    if kind == "up":
        return values(message, _frame(message, event, device), memory)
    if kind == "status":
        return status(event, device, message.stamp(event.get("publishedAt")))
    raise Ignored(f"{kind}: no reading")


def _kind(message: Message, event: dict[str, Any]) -> str:
    last = message.levels[-1]
    if message.levels[0] == "application":
        return _OLD_TOPICS.get(last, last)
    return "up" if {"object", "data", "objectJSON"} & event.keys() else "status"


def _device(message: Message, event: dict[str, Any]) -> str:
    if message.levels[0] == "application" and len(message.levels) > 3:
        return message.levels[3]
    eui = next((event[key] for key in _EUI if isinstance(event.get(key), str)), "")
    if len(eui) == 12 and eui.endswith("="):
        try:
            return binascii.a2b_base64(eui, strict_mode=True).hex()
        except ValueError:  # binascii.Error, or letters beyond ASCII
            raise Malformed(f"devEUI {eui!r} is neither hexadecimal nor base64") from None
    if not eui:
        raise Malformed("devEUI is missing")
    return eui


def _frame(message: Message, event: dict[str, Any], device: str) -> Frame:
    decoded = event.get("object")
    if decoded is None and isinstance(event.get("objectJSON"), str):
        decoded = json_text.read(event["objectJSON"].encode(errors="replace")).value
    tags = event.get("tags")
    return Frame(
        device=device,
        eui=device,
        port=integer(event.get("fPort")) or 0,
        count=integer(event.get("fCnt")),
        data=data_of(event.get("data")),
        decoded=decoded,
        about=about(
            event.get("deviceProfileName"),
            event.get("deviceName"),
            event.get("sensorType"),
            event.get("applicationName"),
            *(tags.values() if isinstance(tags, dict) else ()),
        ),
        stamp=message.stamp(_time(event)),
        gateways=event.get("rxInfo"),
    )


def _time(event: dict[str, Any]) -> Any:
    """The server's time of publication, else that of the first gateway that knew the time."""
    for key in ("publishedAt", "timestamp", "time"):
        if isinstance(event.get(key), str):
            return event[key]
    heard = event.get("rxInfo")
    heard = heard if isinstance(heard, list) else []
    times = (one.get("time") for one in heard if isinstance(one, dict))
    return next((time for time in times if isinstance(time, str)), None)


CODEC = Codec(
    dialect="chirpstack_v3", recognise=recognise, decode=decode, by_topic=False, priority=21
)
