"""AI-on-the-edge: a camera that reads a meter's wheels. https://jomjol.github.io/AI-on-the-edge-device-docs/MQTT-API/

<main>/<meter>/json
  {"value":"512.3020","raw":"0512.3020","pre":"512.3020","error":"no error",
   "rate":"0.000000","timestamp":"2022-10-02T20:32:06"}
                 what it counts is not said: water in m3, unless the topic says gas or power
                 on an error, value is '' or stays at the last good one
"""

from collections.abc import Sequence

from devices.codec import Codec, Ignored, Memory, Message, Value

COUNTED = (
    (("gas",), "gas_volume", "m3"),
    (("power", "energy", "electric", "strom"), "energy", "kWh"),
)
"""Words of a topic -> what its meter counts."""
GOOD = ("no error", "")


def _recognise(message: Message) -> bool:
    head = message.payload[:512]
    return head[:1] == b"{" and b'"pre"' in head and b'"raw"' in head and b'"error"' in head


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    read = message.object()
    error, value = str(read.get("error", "")), read.get("value")
    if error.strip().lower() not in GOOD or value in ("", None):
        raise Ignored(f"the meter was not read: {error[:80] or 'no value'}")
    if not isinstance(value, str | int | float):
        raise Ignored("no value")
    at, quality = message.stamp(read.get("timestamp"))
    levels = message.levels
    device = "/".join(levels[:-1] if levels[-1] == "json" and len(levels) > 1 else levels)
    quantity, unit = _counted(message.topic.lower())
    return [Value(device, quantity, value, unit, at, quality, "value")]


def _counted(topic: str) -> tuple[str, str]:
    for words, quantity, unit in COUNTED:
        if any(word in topic for word in words):
            return quantity, unit
    return "water_volume", "m3"


CODEC = Codec("ai_on_the_edge", _recognise, _decode, by_topic=False, priority=30)
