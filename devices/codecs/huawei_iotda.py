"""Huawei Cloud IoT Device Access.

    $oc/devices/5e06bfee334dd4f33759f5b3_demo/sys/properties/report
    {"services": [{"service_id": "smokeDetector", "event_time": "20151212T121212Z",
                   "properties": {"alarm": 10, "smokeConcentration": 36, "temperature": 64}}]}

    $oc/devices/{gateway}/sys/gateway/sub_devices/properties/report
    {"devices": [{"device_id": "…", "services": [{…}]}]}

Commands, settings, messages and platform events are no readings.
"""

from collections.abc import Iterator
from typing import Any

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.leaves import values

_NAMES = {"smokeConcentration": "smoke_concentration"}
_REPORT = ["sys", "properties", "report"]
_BELOW = ["sys", "gateway", "sub_devices", "properties", "report"]


def recognise(message: Message) -> bool:
    return message.levels[:2] == ["$oc", "devices"] and len(message.levels) > 3


def decode(message: Message, memory: Memory) -> list[Value]:
    if not recognise(message):
        raise Ignored("not a topic of this dialect")
    device, rest = message.levels[2], message.levels[3:]
    if rest == _REPORT:
        return list(_services(message, device, message.object(), ""))
    if rest == _BELOW:
        return list(_below(message, message.object()))
    raise Ignored(f"{'/'.join(rest)}: no report of the device")


def _below(message: Message, document: dict[str, Any]) -> Iterator[Value]:
    devices = document.get("devices")
    if not isinstance(devices, list):
        raise Malformed("devices is missing")
    for index, part in enumerate(devices):
        if isinstance(part, dict) and isinstance(part.get("device_id"), str):
            yield from _services(message, part["device_id"], part, f"devices.{index}.")


def _services(
    message: Message, device: str, document: dict[str, Any], before: str
) -> Iterator[Value]:
    services = document.get("services")
    if not isinstance(services, list):
        raise Malformed("services is missing")
    for index, service in enumerate(services):
        if isinstance(service, dict) and isinstance(service.get("properties"), dict):
            stamp = message.stamp(service.get("event_time") or service.get("eventTime"))
            path = f"{before}services.{index}.properties"
            name = service.get("service_id")
            alone = {"properties": name} if isinstance(name, str) else {}
            yield from values(device, service["properties"], path, stamp, {**_NAMES, **alone})


CODEC = Codec(dialect="huawei_iotda", recognise=recognise, decode=decode, priority=10)
