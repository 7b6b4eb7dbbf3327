"""ThingsBoard device and gateway API.

    v1/devices/me/telemetry     {"temperature": 22.5, "humidity": 61}
                                {"ts": 1451649600512, "values": {"temperature": 22.5}}
                                [{"ts": …, "values": {…}}, {"temperature": 22.5}]
    v1/gateway/telemetry        {"Device A": [{"ts": 1483228800000, "values": {…}}], "Device B": …}

On the device API the device is the client itself: the user name or certificate that it proved, or
`me` where nobody asked. Nested keys keep their path: `key5.someNumber`. The server
reads keys and words without quotes (`{temperature:25}`), and so do we, on these topics only.
Attributes and remote calls are no readings.
"""

import re
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from devices import json_text
from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.leaves import values

_BARE = re.compile(r'"(?:[^"\\]|\\.)*"|([{,]\s*)([A-Za-z_][\w.]*)(?=\s*:)')
_MOST = 256
"""Entries of one list."""


def recognise(message: Message) -> bool:
    return message.levels[:2] in (["v1", "devices"], ["v1", "gateway"]) or (
        message.levels[:2] == ["v2", "t"]
    )


def decode(message: Message, memory: Memory) -> list[Value]:
    if not recognise(message):
        raise Ignored("not a topic of this dialect")
    levels = message.levels
    if levels[-1] != "telemetry" and levels != ["v2", "t"]:
        raise Ignored(f"{levels[-1]}: no telemetry")
    document = _read(message)
    if levels[1] == "gateway":
        if not isinstance(document, dict):
            raise Malformed("a JSON object of devices was expected")
        return [v for name, entries in document.items() for v in _entries(message, name, entries)]
    named = levels[2] if len(levels) > 3 and levels[2] != "me" else ""
    device = named or message.sender or "me"
    return list(_entries(message, device, document))


def _read(message: Message) -> Any:
    try:
        return message.json()
    except Malformed:
        text = message.text()
        quoted = _BARE.sub(lambda m: f'{m[1]}"{m[2]}"' if m[2] else m[0], text)
        if quoted == text:
            raise
        message.notes.append("unquoted_keys: read as ThingsBoard does")
        return json_text.read(quoted.encode()).value


def _entries(message: Message, device: str, document: Any) -> Iterator[Value]:
    for entry in document[:_MOST] if isinstance(document, list) else [document]:
        if not isinstance(entry, dict):
            raise Malformed("a JSON object was expected")
        if isinstance(entry.get("values"), dict):
            found, path, stamp = entry["values"], "values", message.stamp(entry.get("ts"))
        else:
            found, path, stamp = entry, "", message.stamp(None)
        for value in values(device, found, path, stamp):
            nested = value.path.removeprefix("values.")
            yield replace(value, quantity=nested) if "." in nested else value


CODEC = Codec(dialect="thingsboard", recognise=recognise, decode=decode, priority=10)
