"""A JSON object whose keys name what they hold, from whatever device.

    garden/node7         {"temp":21.5,"hum":40,"batt":3.61,"ts":1648731311,"name":"x"}
    cellar/temperature   {"T0":35.2,"T1":16.0}     numbered probes of what the topic names

The device is the topic. Keys that say nothing (`v1`, `d`) are given a meaning in devices.yaml:

    - id: node7
      topic: garden/node7
      map: {temp: temperature, batt: {quantity: battery_voltage, unit: V}}
"""

import re
from collections.abc import Sequence

from devices import flat
from devices.codec import ALWAYS, Codec, Malformed, Memory, Message, Value
from devices.flat import Field
from devices.quantity import find, of_words

_PROBE = re.compile(r"[A-Za-z]{0,4}_?\d{1,2}")


def _recognise(message: Message) -> bool:
    if message.payload.lstrip()[:1] != b"{":
        return False
    document = message.json()
    return any(find(key) for key in document) or bool(_probes(message, document))


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    document = message.json()
    if isinstance(document, list) and all(isinstance(item, dict) for item in document):
        return [v for item in document for v in flat.values(message, message.topic, item, {})]
    if not isinstance(document, dict):
        raise Malformed("a JSON object was expected")
    return flat.values(message, message.topic, document, _probes(message, document))


def _probes(message: Message, document: dict[str, object]) -> dict[str, Field]:
    """Where the topic names the quantity, and the keys only count."""
    quantity, _ = of_words(message.levels[-1])
    keys = [key for key in document if key.lower() not in flat.TIMES]
    if not quantity or not all(_PROBE.fullmatch(key) and not find(key) for key in keys):
        return {}
    return {key: Field(quantity) for key in keys}


CODEC = Codec(
    "flat_json",
    _recognise,
    _decode,
    by_topic=False,
    steady=lambda key, number: ALWAYS,
    priority=90,
)
