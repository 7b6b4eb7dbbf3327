"""Smart Citizen Kit: https://github.com/fablabbcn/smartcitizen-api/blob/master/docs/mqtt.md

device/sck/<token>/readings
  {"data":[{"recorded_at":"2016-06-08 10:30:00Z","sensors":[{"id":1,"value":21}]}]}
                 a sensor is a number of the platform's catalogue: quantity `sensor:1`;
                 its meaning is given in devices.yaml
device/sck/<token>/readings/raw
  {t:2017-03-24T13:35:14Z,29:48.45,13:66}     the short form, which is no JSON
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value

_RAW = re.compile(r"\{\s*t:([0-9TZ:.+\-]+)((?:\s*,\s*\d+:-?[\d.]+)+)\s*,?\s*\}")
_PAIR = re.compile(r"(\d+):(-?[\d.]+)")


def _recognise(message: Message) -> bool:
    return message.levels[:2] == ["device", "sck"] and len(message.levels) > 3


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    if not _recognise(message):
        raise Ignored("not a topic of this dialect")
    if message.levels[-1] == "raw":
        return list(_short(message))
    data = message.object().get("data")
    if not isinstance(data, list):
        raise Malformed("data is no list")
    return [value for index, record in enumerate(data) for value in _record(message, index, record)]


def _record(message: Message, index: int, record: Any) -> Iterator[Value]:
    if not isinstance(record, dict) or not isinstance(record.get("sensors"), list):
        return
    at, quality = message.stamp(record.get("recorded_at"))
    for place, sensor in enumerate(record["sensors"]):
        value = sensor.get("value") if isinstance(sensor, dict) else None
        if isinstance(value, int | float) and isinstance(sensor.get("id"), int):
            yield Value(
                message.levels[2],
                f"sensor:{sensor['id']}",
                value,
                "1",
                at,
                quality,
                f"data.{index}.sensors.{place}.value",
            )


def _short(message: Message) -> Iterator[Value]:
    found = _RAW.fullmatch(message.text())
    if found is None:
        raise Malformed("not of the form {t:time,id:value,...}")
    at, quality = message.stamp(found[1])
    for id, value in _PAIR.findall(found[2]):
        yield Value(message.levels[2], f"sensor:{id}", value, "1", at, quality, id)


CODEC = Codec("smartcitizen", _recognise, _decode, priority=12)
