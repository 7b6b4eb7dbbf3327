"""The gateway's own form of readings: what `POST /api/v1/readings` takes, and whoever can choose.

linli/readings
  [{"device":"bin-03","quantity":"fill_level","value":93,"unit":"%"},
   {"device":"air-07","quantity":"temperature","value":21.5,"measured_at":1790000000000}]
                  one object or a list; `unit` and `measured_at` may be left out; `late: true`
                  says that it was kept somewhere meanwhile: stored, and judged by no rule
"""

from typing import Any

from devices.codec import Codec, Malformed, Memory, Message, Value
from gateway.model import Quality

TOPIC = "linli/readings"
KEYS = {"device", "quantity", "value", "unit", "measured_at", "late"}


def recognise(message: Message) -> bool:
    return message.topic == TOPIC or message.topic.startswith(TOPIC + "/")


def decode(message: Message, memory: Memory) -> list[Value]:
    document = message.json()
    records = document if isinstance(document, list) else [document]
    return [_value(message, record, n) for n, record in enumerate(records)]


def _value(message: Message, record: Any, n: int) -> Value:
    if not isinstance(record, dict):
        raise Malformed(f"reading {n} is no object")
    if unknown := record.keys() - KEYS:
        raise Malformed(f"reading {n}: {min(unknown)[:40]!r} is not known here")
    device, quantity, unit = record.get("device"), record.get("quantity"), record.get("unit", "")
    if not (isinstance(device, str) and device and isinstance(quantity, str) and quantity):
        raise Malformed(f"reading {n}: device and quantity are wanted, as texts")
    if not isinstance(record.get("value"), bool | int | float | str) or not isinstance(unit, str):
        raise Malformed(f"reading {n}: a value is wanted, a number or a text")
    measured = message.stamp(record.get("measured_at"))
    quality = measured.quality | (int(Quality.LATE) if record.get("late") is True else 0)
    return Value(device, quantity, record["value"], unit, measured.at, quality, f"[{n}].value")


CODEC = Codec(dialect="linli", recognise=recognise, decode=decode, by_topic=True, priority=5)
