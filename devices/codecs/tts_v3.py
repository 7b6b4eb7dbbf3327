"""The Things Stack v3, JSON over MQTT or webhook.

    v3/piegn@ttn/devices/lht52-temp-1/up
    {"end_device_ids": {"device_id": "lht52-temp-1", "dev_eui": "A8404146C184579B", …},
     "received_at": "2022-08-25T21:14:02.601203717Z",
     "uplink_message": {"f_port": 2, "f_cnt": 1445, "frm_payload": "C2sB2X//AWMH5fo=",
       "decoded_payload": {"Hum_SHT": 47.3, "TempC_DS": 327.67, "TempC_SHT": 29.23},
       "rx_metadata": [{"rssi": -94, "snr": 3, "location": {…}}],
       "version_ids": {"brand_id": "dragino", "model_id": "lht52"}}}

Fields that are zero or empty are left out (`f_cnt` of the first frame). `location` in
`rx_metadata` is the gateway's; in `locations` it is the device's own. `simulated` marks a test.
A webhook or an archive may wrap the message in `result` or `data`.
"""

from typing import Any

from devices.codec import Codec, Ignored, Malformed, Memory, Message, Value
from devices.leaves import leaves
from devices.network_server import Frame, about, data_of, integer, values
from gateway.model import Quality

NORMALISED = {
    "battery": "battery_voltage", "air.relativeHumidity": "humidity",
    "air.lightIntensity": "illuminance", "soil.temperature": "soil_temperature",
    "soil.moisture": "soil_moisture", "soil.ec": "soil_conductivity", "wind.speed": "wind_speed",
    "wind.direction": "wind_direction", "rain.intensity": "rain_rate",
    "rain.cumulative": "rain_total", "water.temperature.min": "", "water.temperature.max": "",
    "water.temperature.avg": "water_temperature", "water.temperature.current": "water_temperature",
    "water.leak": "water_leak", "action.motion.detected": "motion",
    "action.motion.count": "motion_count", "action.contactState": "contact_status",
    "position.latitude": "lat", "position.longitude": "lon",
}  # fmt: skip
"""Path in the normalised payload -> what it is; '' for what only sums others up."""
UNITS = {"soil.ec": "mS/cm", "battery": "V", "wind.speed": "m/s"}


def recognise(message: Message) -> bool:
    if message.levels[0] == "v3" and len(message.levels) >= 5 and message.levels[2] == "devices":
        return True
    return b'"end_device_ids"' in message.payload


def decode(message: Message, memory: Memory) -> list[Value]:
    event = _unwrap(message.object())
    ids = event.get("end_device_ids")
    if not isinstance(ids, dict):
        raise Malformed("end_device_ids is missing")
    device = ids.get("device_id") or ids.get("dev_eui")
    if not isinstance(device, str):
        raise Malformed("end_device_ids.device_id is missing")
    sent = event.get("uplink_message")
    if not isinstance(sent, dict):
        raise Ignored(f"{_kind(event)}: no reading")
    found = _position(message, event, device)
    try:
        return [*values(message, _frame(message, event, sent, device), memory), *found]
    except Ignored:
        if found:
            return found
        raise


def _unwrap(event: dict[str, Any]) -> dict[str, Any]:
    for key in ("result", "data"):
        inner = event.get(key)
        if isinstance(inner, dict) and "end_device_ids" in inner:
            return inner
    return event


def _kind(event: dict[str, Any]) -> str:
    known = ("join_accept", "downlink_", "location_solved", "service_data")
    return next((key for key in event if key.startswith(known)), "downlink")


def _frame(message: Message, event: dict[str, Any], sent: dict[str, Any], device: str) -> Frame:
    ids = event["end_device_ids"]
    version, apps = sent.get("version_ids"), ids.get("application_ids")
    version = version if isinstance(version, dict) else {}
    apps = apps if isinstance(apps, dict) else {}
    eui = ids.get("dev_eui")
    decoded = sent.get("decoded_payload")
    if decoded is None:
        decoded = _normalised(sent.get("normalized_payload"))
    return Frame(
        device=device,
        eui=eui if isinstance(eui, str) else "",
        port=integer(sent.get("f_port")) or 0,
        count=integer(sent.get("f_cnt", 0)),
        data=data_of(sent.get("frm_payload")),
        decoded=decoded,
        path="uplink_message.decoded_payload",
        about=about(
            version.get("brand_id"), version.get("model_id"), device, apps.get("application_id")
        ),
        stamp=message.stamp(event.get("received_at") or sent.get("received_at")),
        quality=int(Quality.SIMULATED) if event.get("simulated") is True else 0,
        gateways=sent.get("rx_metadata"),
    )


def _normalised(measurements: Any) -> dict[str, Any] | None:
    """The Things Stack's own vocabulary, by names that say all; of several, the last."""
    if not isinstance(measurements, list) or not measurements:
        return None
    last = measurements[-1]
    named = {}
    for path, name, value, _ in leaves(last if isinstance(last, dict) else {}):
        meant = NORMALISED.get(path, name)
        if meant and meant not in named:
            named[meant] = {"value": value, "unit": UNITS[path]} if path in UNITS else value
    return named


def _position(message: Message, event: dict[str, Any], device: str) -> list[Value]:
    """Where the device says that it is, or the network solved that it is."""
    sent = event["uplink_message"]
    solved = sent.get("locations")
    places = list(solved.items()) if isinstance(solved, dict) else []
    stamp = message.stamp(event.get("received_at"))
    quality = stamp.quality | (int(Quality.SIMULATED) if event.get("simulated") is True else 0)
    return [
        Value(device, name, place[key], name, stamp.at, quality, f"locations.{source}.{key}")
        for source, place in places[:1]
        if isinstance(place, dict) and place.get("source") != "SOURCE_REGISTRY"
        for key, name in (("latitude", "lat"), ("longitude", "lon"))
        if isinstance(place.get(key), int | float)
    ]


CODEC = Codec(dialect="tts_v3", recognise=recognise, decode=decode, by_topic=False, priority=10)
