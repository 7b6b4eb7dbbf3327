"""sensor.community (luftdaten) and its kin: airRohr, NAMF; sent by their own MQTT or HTTP.

airrohr/esp8266-sht3x/json
  {"esp8266id":"0011223344","software_version":"NRZ-2020-133","sensordatavalues":[
    {"value_type":"SDS_P1","value":"5.90"},            P1 is PM10, P2 is PM2.5, P0 is PM1
    {"value_type":"BME280_pressure","value":"102182.70"},    in Pa
    {"value_type":"HECA_temperature","value":"19.87"},       of the heated inlet, not the air
    {"value_type":"signal","value":"-83"}]}            dBm; all values are text
"""

from collections.abc import Sequence

from devices.codec import Codec, Malformed, Memory, Message, Value
from devices.flat import Field, of_pairs

FIELDS = of_pairs(
    (
        ("p0", "pm1", "ug/m3"),
        ("p1", "pm10", "ug/m3"),
        ("p2", "pm2_5", "ug/m3"),
        ("p4", "pm4", "ug/m3"),
        ("temperature", "temperature", "Cel"),
        ("humidity", "humidity", "%"),
        ("pressure", "pressure", "Pa"),
        ("pressure_at_sealevel", "sea_level_pressure", "Pa"),
        ("pressure_sealevel", "sea_level_pressure", "Pa"),
        ("co2_ppm", "co2", "ppm"),
        ("co2", "co2", "ppm"),
        ("noise_laeq", "sound_level_laeq", "dB"),
        ("noise_la_min", "sound_level_la_min", "dB"),
        ("noise_la_max", "sound_level_la_max", "dB"),
        ("counts_per_minute", "counts_per_minute", ""),
        ("lat", "lat", ""),
        ("lon", "lon", ""),
        ("height", "altitude", "m"),
        ("signal", "rssi", "dBm"),
    )
)
INLET = "HECA"


def _recognise(message: Message) -> bool:
    return b'"sensordatavalues"' in message.payload


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    report = message.object()
    listed = report.get("sensordatavalues")
    if not isinstance(listed, list):
        raise Malformed("sensordatavalues is no list")
    device = str(report.get("esp8266id") or report.get("sensor") or _place(message))
    at, quality = message.stamp(report.get("timestamp"))
    found = []
    for item in listed:
        if not isinstance(item, dict) or not isinstance(item.get("value"), str | int | float):
            continue
        kind = str(item.get("value_type", ""))[:64]
        field = _meaning(kind)
        if field is not None:
            found.append(
                Value(device, field.quantity, item["value"], field.unit, at, quality, kind)
            )
    return found


def _place(message: Message) -> str:
    levels = message.levels
    return "/".join(levels[:-1] if levels[-1] == "json" and len(levels) > 1 else levels)


def _meaning(kind: str) -> Field | None:
    """`BME280_pressure` is a pressure; of the chip before it only the inlet matters."""
    lower = kind.lower()
    field = FIELDS.get(lower)
    chip, _, rest = lower.partition("_")
    if field is None and rest:
        field = FIELDS.get(rest)
        if field is not None and chip == INLET.lower():
            return Field(f"device_{field.quantity}", field.unit)
    return field


CODEC = Codec("sensor_community", _recognise, _decode, by_topic=False, priority=20)
