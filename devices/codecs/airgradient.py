"""AirGradient monitors: https://github.com/airgradienthq/arduino/blob/master/docs/local-server.md

airgradient/readings/<serial number>
  {"serialno":"ecda3b1eaaaf","wifi":-46,"rco2":447,"pm01":3,"pm02":7,"pm10":8,
   "atmp":25.87,"atmpCompensated":24.47,"rhum":43,"tvocIndex":100,"noxIndex":1}
                           atmp and rhum are what the chip says, pm02 is PM2.5
"""

from collections.abc import Sequence

from devices.codec import Codec, Memory, Message, Value
from devices.flat import of_pairs

FIELDS = of_pairs(
    (
        ("wifi", "rssi", "dBm"),
        ("rco2", "co2", "ppm"),
        ("pm01", "pm1", "ug/m3"),
        ("pm02", "pm2_5", "ug/m3"),
        ("pm10", "pm10", "ug/m3"),
        ("atmp", "temperature", "Cel"),
        ("rhum", "humidity", "%"),
        ("atmpCompensated", "compensated_temperature", "Cel"),
        ("rhumCompensated", "compensated_humidity", "%"),
        ("pm02Compensated", "compensated_pm2_5", "ug/m3"),
        ("tvocIndex", "voc_index", ""),
        ("noxIndex", "nox_index", ""),
    )
)


def _recognise(message: Message) -> bool:
    if message.levels[0] == "airgradient":
        return True
    head = message.payload[:2048]
    return b'"serialno"' in head and (b'"rco2"' in head or b'"pm02"' in head)


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    report = message.object()
    levels = message.levels
    named = len(levels) > 2 and levels[0] == "airgradient"
    device = levels[-1] if named else str(report.get("serialno", message.topic))
    return [
        Value(device, field.quantity, report[key], field.unit, path=key)
        for key, field in FIELDS.items()
        if isinstance(report.get(key), int | float)
    ]


CODEC = Codec("airgradient", _recognise, _decode, by_topic=False, priority=20)
