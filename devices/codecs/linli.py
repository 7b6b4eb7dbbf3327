"""The gateway's own form of readings: what `POST /api/v1/readings` takes, and whoever can choose.

linli/readings
  [{"device":"bin-03","quantity":"fill_level","value":93,"unit":"%"},
   {"device":"air-07","quantity":"temperature","value":21.5,"measured_at":1790000000000}]
                  one object or a list; `unit` and `measured_at` may be left out; `late: true`
                  says that it was kept somewhere meanwhile: stored, and judged by no rule;
                  `seq` counts a device's readings, so that a gap on the way is noticed
"""

from typing import Any

from devices.codec import Codec, Malformed, Memory, Message, Value
from gateway.model import Quality

TOPIC = "linli/readings"
KEYS = {"device", "quantity", "value", "unit", "measured_at", "late", "seq"}


def recognise(message: Message) -> bool:
    return message.topic == TOPIC or message.topic.startswith(TOPIC + "/")


def decode(message: Message, memory: Memory) -> list[Value]:
    document = message.json()
    records = document if isinstance(document, list) else [document]
    values = [_value(message, record, n) for n, record in enumerate(records)]
    for record in records:
        _follow(message, memory, record)
    return values


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


def _follow(message: Message, memory: Memory, record: dict[str, Any]) -> None:
    """A device counts its own readings; it may begin anew with any number below the last."""
    seq, device = record.get("seq"), record["device"]
    if not isinstance(seq, int) or isinstance(seq, bool) or message.retained:
        return
    last = memory.get(device)
    memory[device] = seq
    if last is not None and seq > last + 1:
        message.notes.append(f"sequence_gap: {seq - last - 1} before {seq} did not arrive")


CODEC = Codec(dialect="linli", recognise=recognise, decode=decode, by_topic=True, priority=5)
