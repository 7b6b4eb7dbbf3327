"""FIWARE IoT Agents: JSON and Ultralight 2.0 over MQTT.

    /json/ABCDEF/id_sen1/attrs       {"h": "45%", "t": "23", "l": "1570"}
    /json/ABCDEF/id_sen1/attrs/h     [{"timestamp": "2025-01-26T12:00:00Z", "value": 44}, …]
    /ul/ABCDEF/id_sen1/attrs         2016-06-13T00:35:30Z|t|15#t|16|h|44
    /ul/ABCDEF/id_sen1/attrs/t       15

`#` parts groups of measures, a time may stand before each. Without the protocol in front
(`/ABCDEF/id_sen1/attrs`) the payload tells which it is. Commands are no readings.
"""

import re
from collections.abc import Iterator
from typing import Any

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.leaves import values

_TIMES = ("TimeInstant", "timestamp")
_TIME = re.compile(r"\d{4}-?\d\d-?\d\d[T ]?[\d:.]*(?:Z|[+-]\d\d:?\d\d)?")
_MOST = 256


def recognise(message: Message) -> bool:
    levels = message.levels[message.levels[0] == "" :]
    named = levels[:1] in (["json"], ["ul"])
    rest = levels[3 if named else 2 :]
    if not rest or rest[0] not in ("attrs", "cmd", "cmdexe", "configuration"):
        return False
    return named or (message.levels[0] == "" and len(levels) in (3, 4))


def decode(message: Message, memory: Memory) -> list[Value]:
    if not recognise(message):
        raise Ignored("not a topic of this dialect")
    levels = message.levels[message.levels[0] == "" :]
    start = 1 if levels[0] in ("json", "ul") else 0
    device, rest = levels[start + 1], levels[start + 2 :]
    if rest[0] != "attrs":
        raise Ignored(f"{rest[0]}: a command")
    attribute = rest[1] if len(rest) > 1 else ""
    text = message.text()
    if levels[0] == "ul" or (levels[0] != "json" and text[:1] not in ("{", "[")):
        return list(_ultralight(message, device, attribute, text))
    return list(_json(message, device, attribute))


def _json(message: Message, device: str, attribute: str) -> Iterator[Value]:
    document = message.json()
    groups = document[:_MOST] if isinstance(document, list) else [document]
    for index, group in enumerate(groups):
        path = str(index) if isinstance(document, list) else ""
        if attribute:
            yield from _one(message, device, attribute, group, path)
        elif isinstance(group, dict):
            raw = next((group[key] for key in _TIMES if key in group), None)
            yield from values(device, group, path, message.stamp(raw))
        else:
            raise Malformed("a JSON object was expected")


def _one(message: Message, device: str, attribute: str, item: Any, path: str) -> Iterator[Value]:
    """One attribute: the bare value, or `{"timestamp": …, "value": …}`."""
    time = None
    if isinstance(item, dict) and "value" in item:
        time, item = next((item[key] for key in _TIMES if key in item), None), item["value"]
        path = f"{path}.value".lstrip(".")
    stamp = message.stamp(time)
    for value in values(device, {attribute: item}, "", stamp):
        yield Value(device, value.quantity, value.value, "", stamp.at, stamp.quality, path)


def _ultralight(message: Message, device: str, attribute: str, text: str) -> Iterator[Value]:
    for group in text.split("#")[:_MOST]:
        parts = group.split("|")
        time = parts.pop(0) if _TIME.fullmatch(parts[0].strip()) and len(parts) != 2 else None
        if attribute and len(parts) == 1:
            parts.insert(0, attribute)
        if len(parts) % 2:
            raise Malformed(f"Ultralight: {group[:40]!r} has a key without value")
        pairs = zip(parts[::2], parts[1::2], strict=True)
        for key, raw in pairs:
            yield from values(device, {key.strip(): raw.strip()}, "", message.stamp(time))


CODEC = Codec(dialect="fiware_iota", recognise=recognise, decode=decode, priority=25)
