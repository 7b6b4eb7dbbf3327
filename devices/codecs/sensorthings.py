"""OGC SensorThings 1.0 and 1.1: observations, created or announced over MQTT.

    v1.1/Observations                     {"result": 49, "Datastream": {"@iot.id": 999},
                                           "phenomenonTime": "2020-10-11T12:13:14+02:00"}
    v1.1/Datastreams(1)/Observations      {"result": 72, "phenomenonTime": "2015-02-05T17:00:00Z"}

The datastream says what is measured, in which unit, by whom; where the message does not carry it
along, the device is `Datastreams(999)` and the quantity `result`, and devices.yaml maps it. Of a
phenomenon time that is an interval the end counts.
"""

import re
from typing import Any

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.leaves import values

_STREAM = re.compile(r"(?:Multi)?Datastreams?\((.{1,80})\)")
_TIMES = ("phenomenonTime", "resultTime")


def recognise(message: Message) -> bool:
    levels = message.levels
    return levels[-1] == "Observations" and (
        re.fullmatch(r"v1\.\d", levels[0]) is not None
        or any(re.fullmatch(r"v1\.\d", level) for level in levels[:-1])
    )


def decode(message: Message, memory: Memory) -> list[Value]:
    document = message.object()
    if "result" not in document:
        raise Malformed("result is missing")
    stream = document.get("Datastream", document.get("MultiDatastream"))
    stream = stream if isinstance(stream, dict) else {}
    device, quantity, unit = _device(message, stream), *_meaning(stream)
    raw = next((document[key] for key in _TIMES if isinstance(document.get(key), str)), None)
    stamp = message.stamp(raw.rpartition("/")[2] if raw else None)
    result = document["result"]
    if isinstance(result, dict | list):
        return values(device, result, "result", stamp)
    if not isinstance(result, str | int | float):
        raise Ignored("an observation without result")
    return [Value(device, quantity, result, unit, stamp.at, stamp.quality, "result")]


def _device(message: Message, stream: dict[str, Any]) -> str:
    thing = stream.get("Thing")
    if isinstance(thing, dict) and isinstance(thing.get("name"), str):
        return str(thing["name"])
    if "@iot.id" in stream:
        return f"Datastreams({stream['@iot.id']})"
    named = next((level for level in message.levels if _STREAM.fullmatch(level)), "")
    return named or message.topic


def _meaning(stream: dict[str, Any]) -> tuple[str, str]:
    """What is observed and its unit, where the datastream came along."""
    observed, unit = stream.get("ObservedProperty"), stream.get("unitOfMeasurement")
    name = observed.get("name") if isinstance(observed, dict) else stream.get("name")
    symbol = unit.get("symbol") if isinstance(unit, dict) else ""
    return (
        name if isinstance(name, str) and name else "result",
        symbol if isinstance(symbol, str) else "",
    )


CODEC = Codec(dialect="sensorthings", recognise=recognise, decode=decode, priority=20)
