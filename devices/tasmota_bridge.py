"""Sensors that Tasmota only passes on: a Zigbee coordinator's, a LoRaWAN bridge's.

    {"ZbReceived":{"0x898E":{"Name":"sink","ModelId":"lumi.sensor_wleak.aq1","Water":1,
                             "ZoneStatusChange":1,"LinkQuality":110}}}
    {"LwReceived":{"0x4AD6":{"Name":"gate","DoorOpen":1,"Battery":3.0,"RSSI":-50}}}

Each is a device of its own. A bare ZoneStatusChange does not say what the zone watches: that is
remembered from the model's name, or from a decoded alarm.
"""

from collections.abc import Iterator
from typing import Any

from devices.codec import Memory, Value
from devices.flat import Field, of_pairs

ZIGBEE = of_pairs(
    (
        ("Temperature", "temperature", "Cel"),
        ("Humidity", "humidity", "%"),
        ("Pressure", "pressure", "hPa"),
        ("Illuminance", "illuminance", "lx"),
        ("Water", "water_leak", ""),
        ("Fire", "smoke", ""),
        ("CO", "carbon_monoxide", ""),
        ("Occupancy", "motion", ""),
        ("LocalTemperature", "temperature", "Cel"),
        ("Contact", "contact_open", ""),
        ("Tamper", "tamper", ""),
        ("Power", "switch", ""),
        ("ActivePower", "power", "W"),
        ("RMSVoltage", "voltage", "V"),
        ("RMSCurrent", "current", "A"),
        ("BatteryPercentage", "battery", "%"),
        ("BatteryVoltage", "battery_voltage", "V"),
        ("LinkQuality", "link_quality", ""),
    )
)
LORA = of_pairs(
    (
        ("DoorOpen", "contact_open", ""),
        ("Battery", "battery_voltage", "V"),
        ("Temperature", "temperature", "Cel"),
        ("Humidity", "humidity", "%"),
        ("Alarm", "alarm", ""),
        ("RSSI", "rssi", "dBm"),
        ("SNR", "snr", "dB"),
    )
)
ZONES = (
    ("leak", "water_leak"),
    ("water", "water_leak"),
    ("smoke", "smoke"),
    ("gas", "gas"),
    ("motion", "motion"),
    ("pir", "motion"),
    ("magnet", "contact_open"),
    ("contact", "contact_open"),
    ("door", "contact_open"),
    ("vibration", "vibration"),
)
"""Part of a Zigbee model's name -> what its IAS zone watches."""


def zigbee(received: Any, bridge: str, memory: Memory) -> Iterator[Value]:
    """What the coordinator heard; a device that only says that it is there gives nothing."""
    for short, said in received.items() if isinstance(received, dict) else ():
        if not isinstance(said, dict):
            continue
        key = f"{bridge}/{short}"
        _remember(key, said, memory)
        found = list(_known(said, str(said.get("Name", short)), ZIGBEE, f"ZbReceived.{short}"))
        zone = said.get("ZoneStatusChange", said.get("ZoneStatus"))
        if isinstance(zone, int) and not isinstance(zone, bool):
            watched = str(memory.get(key, "alarm"))
            found.append(
                Value(
                    str(said.get("Name", short)),
                    watched,
                    zone & 1,
                    path=f"ZbReceived.{short}.ZoneStatusChange",
                )
            )
        if any(value.quantity != "link_quality" for value in found):
            yield from found


def _remember(key: str, said: dict[str, Any], memory: Memory) -> None:
    """What the device's zone watches: said by its model, or by a decoded alarm."""
    model = str(said.get("ModelId", "")).lower()
    for word, quantity in ZONES:
        if word in model:
            memory[key] = quantity
            return
    if "Water" in said:
        memory[key] = "water_leak"


def lora(received: Any) -> Iterator[Value]:
    """What the bridge decoded."""
    for short, said in received.items() if isinstance(received, dict) else ():
        if isinstance(said, dict):
            yield from _known(said, str(said.get("Name", short)), LORA, f"LwReceived.{short}")


def _known(
    said: dict[str, Any], device: str, fields: dict[str, Field], path: str
) -> Iterator[Value]:
    for key, value in said.items():
        field = fields.get(key)
        if field is not None and isinstance(value, int | float | str):
            yield Value(device, field.quantity, value, field.unit, path=f"{path}.{key}")
