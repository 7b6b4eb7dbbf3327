"""Meshtastic, JSON over MQTT.

    msh/EU_868/2/json/LongFast/!ba0dd62c
    {"from": 3121468972, "type": "telemetry", "timestamp": 1763545627, "sender": "!ba0dd62c",
     "payload": {"battery_level": 101, "voltage": 4.316, "channel_utilization": 4.57, …}}

`sender` is the node that reached the broker; who measured is `from`. A battery level of 101 means
that the node runs on outside power. Texts and names of people are no readings; encrypted packets
(`/e/`, `/c/`) are not read.
"""

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.leaves import values
from devices.timestamps import Stamp

_NAMES = {
    "battery_level": "battery",
    "voltage": "battery_voltage",
    "uptime_seconds": "uptime",
    "relative_humidity": "humidity",
    "barometric_pressure": "pressure",
    "lux": "illuminance",
    "white_lux": "white_illuminance",
    "ir_lux": "infrared_illuminance",
    "pm25_standard": "pm2_5",
    "pm10_standard": "pm1",
    "pm100_standard": "pm10",
    "air_util_tx": "airtime",
}
_UNITS = {
    "battery": "%", "battery_voltage": "V", "uptime": "s", "temperature": "Cel", "humidity": "%RH",
    "pressure": "hPa", "airtime": "%", "channel_utilization": "%", "distance": "mm",
    "wind_speed": "m/s", "wind_gust": "m/s", "current": "mA", "weight": "kg",
}  # fmt: skip
_POWERED = 101


def recognise(message: Message) -> bool:
    return message.levels[0] == "msh" and len(message.levels) >= 4


def decode(message: Message, memory: Memory) -> list[Value]:
    if "json" not in message.levels:
        raise Ignored("an encrypted packet")
    document = message.object()
    kind, sender, payload = (document.get(key) for key in ("type", "from", "payload"))
    if not isinstance(sender, int) or not 0 <= sender < 2**32:
        raise Malformed("from is missing")
    device, stamp = f"!{sender:08x}", message.stamp(document.get("timestamp"))
    if kind == "telemetry" and isinstance(payload, dict):
        return _telemetry(device, payload, stamp)
    if kind == "position" and isinstance(payload, dict):
        return _position(device, payload, stamp)
    raise Ignored(f"{kind}: no reading")


def _telemetry(device: str, payload: dict[str, object], stamp: Stamp) -> list[Value]:
    found = []
    for value in values(device, payload, "payload", stamp, _NAMES):
        if value.quantity == "battery" and value.value == _POWERED:
            found.append(Value(device, "external_power", True, "", stamp.at, path=value.path))
            value = Value(device, "battery", 100, "%", stamp.at, stamp.quality, value.path)
        unit = _UNITS.get(value.quantity, "")
        found.append(
            Value(device, value.quantity, value.value, unit, stamp.at, stamp.quality, value.path)
        )
    return found


def _position(device: str, payload: dict[str, object], stamp: Stamp) -> list[Value]:
    """Degrees times 10 million; 0, 0 is a receiver without a fix."""
    lat, lon = payload.get("latitude_i"), payload.get("longitude_i")
    if not isinstance(lat, int) or not isinstance(lon, int) or (lat, lon) == (0, 0):
        raise Ignored("no position")
    return [
        Value(device, name, raw / 1e7, name, stamp.at, stamp.quality, f"payload.{path}")
        for name, raw, path in (("lat", lat, "latitude_i"), ("lon", lon, "longitude_i"))
    ]


CODEC = Codec(dialect="meshtastic", recognise=recognise, decode=decode, priority=10)
