"""A JSON object whose keys name what they hold, from whatever device.

    garden/node7         {"temp":21.5,"hum":40,"batt":3.61,"ts":1648731311,"name":"x"}
    cellar/temperature   {"T0":35.2,"T1":16.0}     numbered probes of what the topic names
    zwave/hall/Air_temperature  {"time":1648731311000,"value":21.3}    the topic names it
    ecowitt2mqtt/garden  {"tempf":"70.3","baromrelin":"29.92","windspeedmph":"3.2"}
                         as weather stations post it (Weather Underground's names, in its units)

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


WEATHER = flat.of_pairs(
    (
        ("tempf", "temperature", "degF"),
        ("tempinf", "indoor_temperature", "degF"),
        ("humidityin", "indoor_humidity", "%"),
        ("dewptf", "dew_point", "degF"),
        ("baromin", "sea_level_pressure", "inHg"),
        ("baromrelin", "sea_level_pressure", "inHg"),
        ("baromabsin", "pressure", "inHg"),
        ("windspeedmph", "wind_speed", "mph"),
        ("windgustmph", "wind_gust", "mph"),
        ("rainratein", "rain_rate", "in/h"),
        ("hourlyrainin", "rain_rate", "in/h"),
        ("dailyrainin", "rain_today", "in"),
        ("totalrainin", "rain_total", "in"),
        ("uv", "uv_index", ""),
        ("soilmoisture1", "soil_moisture", "%"),
        ("pm25_ch1", "pm2_5", "ug/m3"),
        ("co2", "co2", "ppm"),
    )
)
STATION = ("tempf", "baromin", "baromrelin", "windspeedmph")
"""Keys of which one tells that it is a weather station's post."""


def _recognise(message: Message) -> bool:
    if message.payload.lstrip()[:1] != b"{":
        return False
    document = message.json()
    return any(find(key) for key in document) or bool(_fields(message, document))


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    document = message.json()
    if isinstance(document, list) and all(isinstance(item, dict) for item in document):
        return [v for item in document for v in flat.values(message, message.topic, item, {})]
    if not isinstance(document, dict):
        raise Malformed("a JSON object was expected")
    return flat.values(message, message.topic, document, _fields(message, document))


def _fields(message: Message, document: dict[str, object]) -> dict[str, Field]:
    """What the keys mean, where it is not their names that say so."""
    if any(key in document for key in STATION):
        return WEATHER
    quantity, _ = of_words(message.levels[-1])
    keys = [key for key in document if key.lower() not in flat.TIMES]
    if not quantity:
        return {}
    if {"value"} <= set(keys) <= {"value", "unit"}:
        unit = document.get("unit")
        return {"value": Field(quantity, unit if isinstance(unit, str) else "")}
    if all(_PROBE.fullmatch(key) and not find(key) for key in keys):
        return {key: Field(quantity) for key in keys}
    return {}


CODEC = Codec(
    "flat_json",
    _recognise,
    _decode,
    by_topic=False,
    steady=lambda key, number: ALWAYS,
    priority=90,
)
