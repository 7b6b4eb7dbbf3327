"""EdgeX Foundry (API v2 and v3): events of the message bus.

    edgex/events/device/{service}/{profile}/{device}/{source}
    {"apiVersion": "v2", "event": {"deviceName": "Random-Integer-Device", "sourceName": "Int16",
      "origin": 1625605672073875500, "readings": [{"resourceName": "Int16", "valueType": "Int16",
        "value": "-8146", "units": "Cel", "origin": 1625605672073875500}]}}

Values are texts whose type stands beside them; `origin` is in nanoseconds. On the bus the event
may be wrapped in an envelope as `payload`, as an object or in base64.
"""

import binascii
from collections.abc import Iterator
from typing import Any

from devices import json_text
from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.leaves import values

_NUMBERS = ("int", "uint", "float")
_ROOT = ["edgex", "events"]


def recognise(message: Message) -> bool:
    if message.levels[:2] == _ROOT:
        return True
    return b'"apiVersion"' in message.payload and b'"readings"' in message.payload


def decode(message: Message, memory: Memory) -> list[Value]:
    event = _event(message.object())
    device, readings = event.get("deviceName"), event.get("readings")
    if not isinstance(device, str) or not isinstance(readings, list):
        raise Malformed("deviceName or readings is missing")
    found = [
        value
        for index, reading in enumerate(readings)
        if isinstance(reading, dict)
        for value in _reading(message, device, event, reading, f"event.readings.{index}")
    ]
    if not found:
        raise Ignored("no reading of a single value")
    return found


def _event(document: dict[str, Any]) -> dict[str, Any]:
    inner = document.get("payload")
    if isinstance(inner, str):
        try:
            inner = json_text.read(binascii.a2b_base64(inner, strict_mode=True)).value
        except ValueError as error:  # binascii.Error, or letters beyond ASCII
            raise Malformed(f"payload is not base64: {error}") from None
    if isinstance(inner, dict):
        document = inner
    event = document.get("event", document)
    if not isinstance(event, dict):
        raise Malformed("event is no object")
    return event


def _reading(
    message: Message, device: str, event: dict[str, Any], reading: dict[str, Any], path: str
) -> Iterator[Value]:
    name = reading.get("resourceName")
    kind = str(reading.get("valueType", "")).lower()
    if not isinstance(name, str):
        raise Malformed("resourceName is missing")
    device = reading["deviceName"] if isinstance(reading.get("deviceName"), str) else device
    stamp = message.stamp(reading.get("origin") or event.get("origin"))
    if kind == "object":
        yield from values(device, reading.get("objectValue"), f"{path}.objectValue", stamp)
        return
    raw = reading.get("value")
    if kind.endswith("array") or not isinstance(raw, str | int | float):
        return
    value: float | str = raw
    if kind.startswith(_NUMBERS) and isinstance(raw, str):
        try:
            value = int(raw) if len(raw) < 20 and "." not in raw and "e" not in raw else float(raw)
        except ValueError:
            raise Malformed(f"{name}: {raw[:40]!r} is no {reading['valueType']}") from None
    elif kind == "bool" and isinstance(raw, str):
        value = raw.lower() == "true"
    unit = reading.get("units")
    unit = unit if isinstance(unit, str) else ""
    yield Value(device, name, value, unit, stamp.at, stamp.quality, f"{path}.value")


CODEC = Codec(dialect="edgex", recognise=recognise, decode=decode, by_topic=False, priority=20)
