"""What the gateway and its vision worker say to each other, over one socket.

    <length, 4 bytes, big endian> <MessagePack map, at most 8 MiB>

The worker chews on what strangers send, so the gateway believes nothing that it says beyond
these types: no pickling, and a length is checked before it is read.
"""

import struct
from typing import Any

import msgspec

from gateway.model import Detection, Duration, Millis
from vision.camera import CameraSpec
from vision.measures import Measures
from vision.outcome import Rehearsal

LONGEST = 8 << 20
"""Bytes of one message: a picture over MQTT."""
_LENGTH = struct.Struct(">I")
PREFIX = _LENGTH.size


class Setup(msgspec.Struct, tag=True, frozen=True):
    """To the worker, first of all: its cameras, the site's folder, the time."""

    cameras: tuple[CameraSpec, ...]
    root: str
    now: Millis


class Time(msgspec.Struct, tag=True, frozen=True):
    """To the worker, every few seconds: what time the gateway has."""

    now: Millis


class Feed(msgspec.Struct, tag=True, frozen=True):
    """To the worker: a picture that came another way than by the camera's own address."""

    camera: str
    jpeg: bytes


class Try(msgspec.Struct, tag=True, frozen=True):
    """To the worker: rehearse these settings of a camera, on its last minutes or on a clip (a
    path below the site's folder). `pictures`: whether the masked pictures are wanted too;
    `seconds`: how many of the last ones suffice, 0 for all there are."""

    id: int
    camera: CameraSpec
    clip: str
    pictures: bool
    seconds: float = 0.0


class Tried(msgspec.Struct, tag=True, frozen=True):
    """From the worker: what `Try` has shown, or why it could not be done."""

    id: int
    outcome: Rehearsal | None
    trouble: str
    pictures: dict[int, bytes]


class Sighted(msgspec.Struct, tag=True, frozen=True):
    """From the worker: what a camera sees has changed, or is still so."""

    camera: str
    detections: tuple[Detection, ...]
    health: str
    at: Millis


class Preview(msgspec.Struct, tag=True, frozen=True):
    """From the worker: the last picture, masked."""

    camera: str
    jpeg: bytes
    detections: tuple[Detection, ...]
    health: str
    at: Millis
    fps: float
    measures: Measures | None = None


class State(msgspec.Struct, tag=True, frozen=True):
    """From the worker: how a camera's connection is. `state` as in `ports.Health`."""

    camera: str
    state: str
    detail: str


class Spoilt(msgspec.Struct, tag=True, frozen=True):
    """From the worker: a picture could not be read."""

    camera: str
    why: str


class Alive(msgspec.Struct, tag=True, frozen=True):
    """From the worker, every few seconds: it is not stuck."""


ToWorker = Setup | Time | Feed | Try
FromWorker = Sighted | Preview | State | Spoilt | Alive | Tried


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Duration) else list(value)


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_plain)
_TO_WORKER = msgspec.msgpack.Decoder(ToWorker, dec_hook=lambda kind, raw: kind.parse(raw))
_FROM_WORKER = msgspec.msgpack.Decoder(FromWorker)


def packed(message: ToWorker | FromWorker) -> bytes:
    """*message* with its length before it."""
    body = _ENCODER.encode(message)
    return _LENGTH.pack(len(body)) + body


def length(prefix: bytes) -> int:
    """The length that *prefix* states. Raises `ValueError` when it is too large."""
    (size,) = _LENGTH.unpack(prefix)
    if size > LONGEST:
        raise ValueError(f"a message of {size} bytes; at most {LONGEST}")
    return int(size)


def to_worker(body: bytes) -> ToWorker:
    message: ToWorker = _TO_WORKER.decode(body)
    return message


def from_worker(body: bytes) -> FromWorker:
    """Raises `msgspec.DecodeError` for what is none of these."""
    message: FromWorker = _FROM_WORKER.decode(body)
    return message
