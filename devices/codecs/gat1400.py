"""GA/T 1400 (视图库, VIID): what police-grade cameras push, bridged from HTTP.

    viid/MotorVehicles
    {"MotorVehicleListObject": {"MotorVehicleObject": [{"MotorVehicleID": "33029902001210000118…",
       "DeviceID": "33029902001310000001", "PassTime": "20210411171337", "PlateNo": "浙B00000"}]}}

Times are yyyyMMddHHmmss in Beijing's zone, whatever the site's. Of faces, people and vehicles
only that one passed is kept: names, plates, faces and pictures never leave this file.
"""

from collections.abc import Iterator
from typing import Any

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.timestamps import Stamp

_KINDS = {
    "MotorVehicle": "vehicle_passed",
    "NonMotorVehicle": "bicycle_passed",
    "Person": "person_passed",
    "Face": "person_passed",
    "VideoSlice": "",
    "Image": "",
}
_TIMES = ("PassTime", "AppearTime", "PersonAppearTime", "FaceAppearTime", "ShotTime", "MarkTime")
_DEVICE_DIGITS = 20
"""An object's id begins with the 20 digits of the device that saw it."""
_MOST = 64


def recognise(message: Message) -> bool:
    if message.levels[0].lower() == "viid":
        return True
    return b'ListObject"' in message.payload[:80]


def decode(message: Message, memory: Memory) -> list[Value]:
    found = list(_seen(message, message.object()))
    if not found:
        raise Ignored("nothing seen: registration, keep-alive, or pictures")
    return found


def _seen(message: Message, document: dict[str, Any]) -> Iterator[Value]:
    for key, outer in document.items():
        if key.startswith("SubscribeNotification"):
            yield from _notified(message, outer)
        kind = key.removesuffix("ListObject").removesuffix("ObjectList")
        event = _KINDS.get(kind)
        if not event or not isinstance(outer, dict):
            continue
        objects = outer.get(f"{kind}Object")
        if not isinstance(objects, list):
            raise Malformed(f"{key}.{kind}Object is no list")
        for item in objects[:_MOST]:
            if isinstance(item, dict):
                yield _passed(message, kind, event, item, key)


def _notified(message: Message, outer: Any) -> Iterator[Value]:
    """A notification holds the same lists one level deeper."""
    inner = outer.get("SubscribeNotificationObject") if isinstance(outer, dict) else None
    for notification in inner[:_MOST] if isinstance(inner, list) else []:
        if isinstance(notification, dict):
            yield from _seen(message, notification)


def _passed(message: Message, kind: str, event: str, item: dict[str, Any], path: str) -> Value:
    device = item.get("DeviceID") or str(item.get(f"{kind}ID", ""))[:_DEVICE_DIGITS]
    if any(item.get(key) for key in ("PlateNo", "Name", "IDNumber", "FaceID")):
        message.notes.append("personal_data: identity")
    raw = next((item[key] for key in _TIMES if isinstance(item.get(key), str)), None)
    stamp = _stamp(message, raw)
    return Value(str(device) or "viid", "event", event, "", stamp.at, stamp.quality, path)


def _stamp(message: Message, raw: str | None) -> Stamp:
    if raw and raw.isascii() and raw[:14].isdigit() and len(raw) >= 14:
        return message.stamp(f"{raw[:8]}T{raw[8:14]}+08:00")
    return message.stamp(raw)


CODEC = Codec(dialect="gat1400", recognise=recognise, decode=decode, by_topic=False, priority=15)
