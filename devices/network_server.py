"""What every LoRaWAN network server hands on: one frame of one device.

    decoded object there   -> its leaves, under the names that payload formatters use
    only raw bytes there   -> the payload decoder of the maker (`devices.uplink`)

With readings come the best gateway's signal strength and noise ratio, as health of the radio
link. A gateway's position is not the sensor's and never becomes a reading.
"""

import binascii
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from devices import uplink
from devices.codec import Ignored, Malformed, Memory, Message, Value
from devices.formatters import tell
from devices.leaves import describes, leaves
from devices.timestamps import NONE, Stamp
from devices.uplink import Uplink
from gateway.model import Millis

RETRANSMITTED = 5 * 60_000
"""ms. The same frame counter with the same content within this time is the same frame: a
confirmed uplink whose answer was lost is sent again, LORIOT tells twice."""

MAX_RECORDS = 64
_TIMES = ("timestamp", "time", "ts")
_ABOUT_DECODING = ("err", "error", "payload", "valid")
"""What formatters say of their own work."""


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


def values(message: Message, frame: Frame, memory: Memory) -> list[Value]:
    """The readings of *frame*, which *message* brought. Raises `Ignored` or `Malformed`."""
    _refuse_twins(message, frame, memory)
    frame.about = f"{message.model_of(frame.device)} {frame.about}"
    found: list[Value] = []
    if isinstance(frame.decoded, dict):
        frame.decoded = dict(frame.decoded)
        stored = list(_stored(message, frame))
        found = [*_decoded(frame), *stored]
    if not found and frame.decoded in (None, {}, ""):
        found = _raw(frame)
    if not found:
        raise Ignored("the frame holds no reading")
    return [*found, *_radio(frame)]


def status(event: Mapping[str, Any], device: str, stamp: Stamp) -> list[Value]:
    """ChirpStack's own question about battery and link, answered by the device."""
    found = []
    if not event.get("externalPowerSource") and not event.get("batteryLevelUnavailable"):
        found.append(("battery", event.get("batteryLevel"), "%", "batteryLevel"))
    found.append(("link_margin", event.get("margin"), "dB", "margin"))
    return [
        Value(device, name, value, unit, stamp.at, stamp.quality, path)
        for name, value, unit, path in found
        if isinstance(value, int | float)
    ]


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


def _refuse_twins(message: Message, frame: Frame, memory: Memory) -> None:
    """The same frame in another envelope. The same envelope again is the decoder's affair."""
    if frame.count is None:
        return
    content = zlib.crc32(repr((frame.port, frame.data, frame.decoded)).encode())
    mark = [frame.count, content, zlib.crc32(message.payload), message.at]
    last = memory.get(frame.device)
    memory[frame.device] = mark
    if last is not None and frame.count > last[0] + 1:  # a lower one: it has joined anew
        missing = frame.count - last[0] - 1
        message.notes.append(f"sequence_gap: {missing} frames before {frame.count} were not heard")
    if (
        last is not None
        and last[:2] == mark[:2]
        and last[2] != mark[2]
        and message.at - last[3] < RETRANSMITTED
    ):
        raise Ignored(f"frame {frame.count} was sent again")


def _decoded(frame: Frame) -> Iterator[Value]:
    for leaf in leaves(frame.decoded, frame.path):
        below = leaf.path.removeprefix(frame.path + ".")
        if below not in _ABOUT_DECODING and not describes(below):
            yield from _values(frame, leaf.name, leaf.value, leaf.path, leaf.unit)


def _stored(message: Message, frame: Frame) -> Iterator[Value]:
    """Takes lists of records with a time of their own (`history`) out of the decoded object:
    what the device kept while it was not heard."""
    for key in [key for key, item in frame.decoded.items() if _is_series(item)]:
        for index, record in enumerate(frame.decoded.pop(key)[:MAX_RECORDS]):
            stamp = message.stamp(next(record[time] for time in _TIMES if time in record))
            path = f"{frame.path}.{key}.{index}"
            then = msgspec.structs.replace(frame, decoded=record, path=path, stamp=stamp)
            yield from _decoded(then)


def _is_series(item: Any) -> bool:
    return (
        isinstance(item, list)
        and item != []
        and all(isinstance(record, dict) and record.keys() & set(_TIMES) for record in item)
    )


def _raw(frame: Frame) -> list[Value]:
    if not frame.data:
        return []
    sent = Uplink(frame.port, frame.data, frame.eui, frame.about)
    return [
        value
        for field in uplink.read(sent)
        for value in _values(
            frame, field.name, field.value, field.name, field.unit, field.measured_at
        )
    ]


def _values(
    frame: Frame,
    name: str,
    raw: float | str,
    path: str,
    unit: str = "",
    measured_at: Millis | None = None,
) -> Iterator[Value]:
    for told in tell(name, raw, frame.about):
        yield Value(
            device=frame.device,
            quantity=told.quantity,
            value=told.value,
            unit=unit or told.unit,
            measured_at=measured_at or frame.stamp.at,
            quality=frame.quality | frame.stamp.quality,
            path=path,
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
            yield from _values(frame, name, number, name, unit)
