"""What every LoRaWAN network server hands on: one frame of one device.

    decoded object there   -> its leaves, under the names that payload formatters use
    only raw bytes there   -> the payload decoder of the maker (`devices.uplink`)

With readings come the best gateway's signal strength and noise ratio, as health of the radio
link. A gateway's position is not the sensor's and never becomes a reading.
"""

import binascii
import zlib
from collections.abc import Iterator
from typing import Any

import msgspec

from devices import uplink
from devices.codec import Ignored, Malformed, Memory, Value
from devices.leaves import TRUTH, Leaf, describes, leaves
from devices.timestamps import NONE, Stamp
from devices.uplink import Uplink
from gateway.model import Millis

RETRANSMITTED = 5 * 60_000
"""ms. The same frame counter with the same content within this time is the same frame: a
confirmed uplink whose answer was lost is sent again."""

NAMES: dict[str, tuple[str, str]] = {
    # Milesight
    "distance": ("distance", "mm"),
    "leakage_status": ("water_leak", ""),
    "water_leak": ("water_leak", ""),
    "pir": ("motion", ""),
    "LAeq": ("sound_level_laeq", "dB"),
    "LAI": ("sound_level_lai", "dB"),
    "LAF": ("sound_level_laf", "dB"),
    "LAFmax": ("sound_level_lafmax", "dB"),
    "LAImax": ("sound_level_laimax", "dB"),
    "angle_x": ("tilt_x", "deg"),
    "angle_y": ("tilt_y", "deg"),
    "angle_z": ("tilt_z", "deg"),
    "remaining": ("distance_ratio", "%"),
    "water": ("water_volume", ""),
    "light_level": ("light_level", "1"),
    # Dragino
    "TempC_SHT": ("temperature", "Cel"),
    "Hum_SHT": ("humidity", "%RH"),
    "TempC_DS": ("external_temperature", "Cel"),
    "TempC1": ("temperature_1", "Cel"),
    "TempC2": ("temperature_2", "Cel"),
    "TempC3": ("temperature_3", "Cel"),
    "TempC_DS18B20": ("external_temperature", "Cel"),
    "Temp_Black": ("temperature_black", "Cel"),
    "Temp_Red": ("temperature_red", "Cel"),
    "Temp_White": ("temperature_white", "Cel"),
    "ADC_CH0V": ("analog_voltage", "V"),
    "BatV": ("battery_voltage", "V"),
    "Bat_V": ("battery_voltage", "V"),
    "Bat": ("battery_voltage", "V"),
    # Elsys
    "vdd": ("battery_voltage", "mV"),
    "externalTemperature": ("external_temperature", "Cel"),
    "externalTemperature2": ("external_temperature_2", "Cel"),
    "digital": ("digital_input", "1"),
    "digital2": ("digital_input_2", "1"),
    "waterleak": ("water_leak", ""),
    "light": ("light", "lx"),
    # others
    "closeProximityAlarm": ("proximity_alarm", "bool"),
    "snowHeight": ("snow_height", "mm"),
    "vDistance": ("vertical_distance", "mm"),
}
"""What payload formatters write -> what it is, and the unit by the maker's documents. Only names
that mean one thing in all of them; the rest goes by `devices.quantity`."""

_COUNTS = {"pir": "motion_count", "waterleak": "water_leak_level"}
"""The same name for a state by one maker and a count by another (Elsys): numbers are the count."""


class Frame(msgspec.Struct, kw_only=True):
    """One uplink, whichever server it came through."""

    device: str
    eui: str = ""
    port: int = 0
    count: int | None = None
    data: bytes = b""
    decoded: Any = None
    path: str = "object"
    """Where *decoded* stood."""
    about: str = ""
    """Everything that may name the model, see `Uplink.about`."""
    stamp: Stamp = NONE
    quality: int = 0
    gateways: Any = None
    """The list of receptions: dicts with `rssi` and `snr` (or `loRaSNR`)."""


def values(frame: Frame, memory: Memory, at: Millis) -> list[Value]:
    """The readings of *frame*. Raises `Ignored` or `Malformed`."""
    _refuse_twins(frame, memory, at)
    found = list(_decoded(frame)) if isinstance(frame.decoded, dict) else []
    if not found and frame.decoded in (None, {}, ""):
        found = _raw(frame)
    if not found:
        raise Ignored("the frame holds no reading")
    return [*found, *_radio(frame)]


def data_of(text: Any) -> bytes:
    """Base64 or hexadecimal application bytes; b'' where there are none."""
    if not isinstance(text, str) or not text:
        return b""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:  # binascii.Error, or letters beyond ASCII
        raise Malformed(f"the application bytes are not base64: {error}") from None


def about(*texts: Any) -> str:
    """All of *texts* that are text, in one line."""
    return " ".join(text for text in texts if isinstance(text, str)).lower()


def integer(raw: Any) -> int | None:
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else None


def _refuse_twins(frame: Frame, memory: Memory, at: Millis) -> None:
    if frame.count is None:
        return
    content = zlib.crc32(repr((frame.port, frame.data, frame.decoded)).encode())
    last = memory.get(frame.device)
    memory[frame.device] = [frame.count, content, at]
    if last is not None and last[:2] == [frame.count, content] and at - last[2] < RETRANSMITTED:
        raise Ignored(f"frame {frame.count} was sent again")


def _decoded(frame: Frame) -> Iterator[Value]:
    for leaf in leaves(frame.decoded, frame.path):
        if not describes(leaf.path.removeprefix(frame.path + ".")):
            known = TRUTH.get(leaf.value) if isinstance(leaf.value, str) else None
            yield _value(frame, leaf if known is None else leaf._replace(value=known), "")


def _raw(frame: Frame) -> list[Value]:
    if not frame.data:
        return []
    sent = Uplink(frame.port, frame.data, frame.eui, frame.about)
    return [
        _value(frame, Leaf(field.name, field.name, field.value), field.unit, field.measured_at)
        for field in uplink.read(sent)
        if not describes(field.name)
    ]


def _value(frame: Frame, leaf: Leaf, unit: str, measured_at: Millis | None = None) -> Value:
    quantity, known = NAMES.get(leaf.name, (leaf.name, ""))
    if leaf.name in _COUNTS and isinstance(leaf.value, int | float):
        quantity, known = _COUNTS[leaf.name], "1"
    return Value(
        device=frame.device,
        quantity=quantity,
        value=leaf.value,
        unit=unit or known,
        measured_at=measured_at or frame.stamp.at,
        quality=frame.quality | frame.stamp.quality,
        path=leaf.path,
    )


def _radio(frame: Frame) -> Iterator[Value]:
    """Signal strength and noise ratio at the gateway that heard it best."""
    heard = frame.gateways if isinstance(frame.gateways, list) else []
    heard = [one for one in heard if isinstance(one, dict) and integer(one.get("rssi")) is not None]
    if not heard:
        return
    best = max(heard, key=lambda one: one["rssi"])
    signal = {"rssi": (best["rssi"], "dBm"), "snr": (best.get("snr", best.get("loRaSNR")), "dB")}
    for name, (number, unit) in signal.items():
        if isinstance(number, int | float) and not isinstance(number, bool):
            yield _value(frame, Leaf(name, name, number), unit)
