"""OpenMQTTGateway and Theengs Gateway: Bluetooth beacons and simple sensors.
https://decoder.theengs.io/use/properties.html

    home/<gateway>/BTtoMQTT/A4C138062A4E
      {"id":"A4:C1:38:06:2A:4E","model_id":"H5072/75","tempc":26.8,"tempf":80.24,"hum":52.6,
       "batt":100,"volt":2.97,"open":true,"rssi":-67}
                              tempc and tempf are one temperature; hum in %, pres in hPa
    home/<gateway>/BTtoMQTT/C47C8D661011   {"lux":"253"}     who it is stands in the topic
    home/<gateway>/CLIMAtoMQTT/DHT         {"tempc":21.0,"hum":40}
    home/home_presence/<gateway>           {"id":"69:d9:…","rssi":-89,"distance":21.5}
                              a person's telephone: the id is dropped, the gateway is the device
    home/<gateway>/LWT                     online
    home/<gateway>/SYStoMQTT, commands     about the gateway, no reading

What rtl_433 hears through the gateway (RTL_433toMQTT) is the dialect rtl_433.
"""

import re
from collections.abc import Sequence
from typing import Any

from devices import flat, units
from devices.codec import ALWAYS, Codec, Ignored, Malformed, Memory, Message, Value

FIELDS = flat.of_pairs(
    (
        ("tempc", "temperature", "Cel"),
        ("tempf", "temperature", "degF"),
        ("temp", "temperature", "Cel"),
        ("hum", "humidity", "%"),
        ("pres", "pressure", "hPa"),
        ("pa", "pressure", "Pa"),
        ("dp", "dew_point", "Cel"),
        ("dewpc", "dew_point", "Cel"),
        ("tempc2_dp", "dew_point", "Cel"),
        ("batt", "battery", "%"),
        ("volt", "battery_voltage", "V"),
        ("low_batt", "battery_low", ""),
        ("lowbatt", "battery_low", ""),
        ("batt_low", "battery_low", ""),
        ("lux", "illuminance", "lx"),
        ("lvl_cm", "water_level", "cm"),
        ("moi", "soil_moisture", "%"),
        ("fer", "soil_conductivity", "uS/cm"),
        ("level", "fill_level", "%"),
        ("litres", "water_volume", "L"),
        ("open", "contact_open", ""),
        ("contact", "contact_open", ""),
        ("door", "contact_open", ""),
        ("window", "contact_open", ""),
        ("opening", "contact_open", ""),
        ("distmm", "distance", "mm"),
        ("distm", "distance", "m"),
        ("motion", "motion", ""),
        ("presence", "occupancy", ""),
        ("leak", "water_leak", ""),
        ("moisture_detected", "water_leak", ""),
        ("smoke", "smoke", ""),
        ("tamper", "tamper", ""),
        ("vibration", "vibration", ""),
        ("co2", "co2", "ppm"),
        ("for", "formaldehyde", "mg/m3"),
        ("pm1", "pm1", "ug/m3"),
        ("pm25", "pm2_5", "ug/m3"),
        ("pm10", "pm10", "ug/m3"),
        ("tvoc", "tvoc", ""),
        ("voc", "tvoc", ""),
        ("power", "power", "W"),
        ("energy", "energy", "kWh"),
        ("current", "current", "A"),
        ("voltage", "voltage", "V"),
        ("weight", "weight", "kg"),
        ("uv", "uv_index", ""),
        ("noise", "noise", "dB"),
        ("windspeed", "wind_speed", "m/s"),
        ("rssi", "rssi", "dBm"),
        ("snr", "snr", "dB"),
    )
)
METERED = {
    ("avg", "power"): "power",
    ("avg", "volume"): "flow",
    ("sum", "energy"): "energy",
    ("sum", "volume"): "water_volume",
}
"""Of a meter that states its unit beside (`sum`, `sumu`): (key, dimension) -> quantity."""
PRESENCE = flat.Field("motion")
"""What `pres` is where it is no pressure but yes or no."""
PERSONAL = ("BODY", "RMAC", "TIRE")
"""Types of beacons that tell who is there: wristbands, telephones, tyres."""
_FURTHER = re.compile(r"(temp[cf]|hum|moi)(\d)")
_MAC = re.compile(r"[0-9A-Fa-f]{12}")
_ABOUT = ("SYStoMQTT", "commands", "version", "RLStoMQTT", "WebUItoMQTT", "undecoded")


def _recognise(message: Message) -> bool:
    levels = message.levels
    if "RTL_433toMQTT" in levels:
        return False
    if any(level.endswith("toMQTT") for level in levels) or "home_presence" in levels:
        return True
    return levels[-1] == "LWT" and any("MQTTGateway" in p or "Theengs" in p for p in levels)


def _decode(message: Message, memory: Memory) -> Sequence[Value]:
    levels = message.levels
    if levels[-1] == "LWT":
        return [_availability(message, "/".join(levels[:-1]))]
    if any(level in _ABOUT for level in levels):
        raise Ignored("about the gateway")
    said = message.object()
    if "home_presence" in levels:
        message.notes.append("personal_data: the address of somebody's device")
        return _values(message, "/".join(levels), {"rssi": said.get("rssi")})
    return _values(message, _device(levels, said), said)


def _availability(message: Message, device: str) -> Value:
    state = message.text().lower()
    if state not in ("online", "offline"):
        raise Malformed(f"LWT {state[:40]!r} is neither online nor offline")
    return Value(device, "availability", state, path="LWT")


def _device(levels: list[str], said: dict[str, Any]) -> str:
    """The beacon that the topic names; else the one that the message names; else the topic."""
    if _MAC.fullmatch(levels[-1]):
        return levels[-1].upper()
    address = said.get("id")
    if isinstance(address, str) and _MAC.fullmatch(address.replace(":", "")):
        return address.replace(":", "").upper()
    return "/".join(levels)


def _values(message: Message, device: str, said: dict[str, Any]) -> list[Value]:
    if said.get("model_id") == "TPMS" or said.get("type") in PERSONAL:
        message.notes.append("personal_data: something that people carry or drive")
        raise Ignored("not a sensor of this place")
    found = []
    for key, value in said.items():
        further = _FURTHER.fullmatch(key)
        field = FIELDS.get(further[1] if further else key) or _metered(key, said)
        if field is None or not isinstance(value, int | float | str):
            continue
        if key.startswith("tempf") and key.replace("tempf", "tempc") in said:
            continue
        if key == "pres" and isinstance(value, bool):
            field = PRESENCE
        part = f"{device}#{further[2]}" if further else device
        found.append(Value(part, field.quantity, value, field.unit, path=key))
    if not found:
        raise Ignored("a beacon that measures nothing")
    return found


def _metered(key: str, said: dict[str, Any]) -> flat.Field | None:
    stated = said.get(f"{key}u")
    unit = units.parse(stated) if isinstance(stated, str) else None
    quantity = METERED.get((key, unit.dimension)) if unit else None
    if unit is None or quantity is None:
        return None
    return flat.Field(quantity, "m3/h" if quantity == "flow" else unit.ucum)


CODEC = Codec(
    "theengs_ble",
    _recognise,
    _decode,
    steady=lambda path, number: ALWAYS,
    clock="",
    priority=15,
)
