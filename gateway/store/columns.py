"""How readings lie on disk: as columns, which numpy reads without a step per reading.

| n u32 | parts u8 | t0 i64 | series u32[n] | at - t0 u32[n] | value f64[n] | optional parts
  optional, if `parts` says so: measured_at i64[n] | quality u16[n] | texts msgpack
"""

import struct
from array import array
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray

from gateway.model import Action, Answer, Reading, Scene
from gateway.store.failures import Damaged

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Numbers = NDArray[np.uint32]
"""Numbers of series, as the catalogue has them."""
Key = tuple[str, str, str]
"""device, quantity, unit"""

ABSENT = -(2**63)
"""In a column of times: the device gave none."""
HEAD = struct.Struct("<IBq")
MEASURED, QUALITY, TEXTS, WIDE = 1, 2, 4, 8
"""Bits of `parts`. WIDE: the times of the batch lie more than 2^32 ms apart, `at` is i64."""


class Columns(NamedTuple):
    """Readings as arrays of one length. Times are `Millis`; a column may be left out."""

    at: Ints
    value: Floats
    """NaN where the reading is a text."""
    measured: Ints | None = None
    """ABSENT where the device gave no time."""
    quality: NDArray[np.uint16] | None = None
    texts: Mapping[int, str] = {}

    @property
    def when(self) -> Ints:
        """The time that charts show: the device's own where there is one."""
        if self.measured is None:
            return self.at
        return np.where(self.measured == ABSENT, self.at, self.measured)


def pack(readings: Sequence[Reading], ids: Mapping[Key, int]) -> bytes:
    """The columns of a batch. *ids* numbers the series, and makes up numbers for new ones."""
    series = np.array([ids[r.device, r.quantity, r.unit] for r in readings], np.uint32)
    measured = quality = None
    if any(r.measured_at is not None for r in readings):
        times = (ABSENT if r.measured_at is None else r.measured_at for r in readings)
        measured = np.fromiter(times, np.int64, len(readings))
    if any(r.quality for r in readings):
        quality = np.array([r.quality for r in readings], np.uint16)
    values, texts = _values(readings)
    at = np.array([r.at for r in readings], np.int64)
    return packed(series, Columns(at, np.frombuffer(values), measured, quality, texts))


def packed(series: Numbers, part: Columns) -> bytes:
    """A batch whose series have their numbers."""
    n, t0 = len(part.at), int(part.at.min()) if len(part.at) else 0
    offsets, optional, parts = part.at - t0, [], 0
    if part.measured is not None:
        parts |= MEASURED
        optional.append(part.measured.tobytes())
    if part.quality is not None:
        parts |= QUALITY
        optional.append(part.quality.tobytes())
    if part.texts:
        parts |= TEXTS
        optional.append(msgspec.msgpack.encode(part.texts))
    if n and int(offsets.max()) >> 32:
        parts |= WIDE
    offsets = offsets.astype(np.int64 if parts & WIDE else np.uint32)
    head = HEAD.pack(n, parts, t0)
    return b"".join((head, series.tobytes(), offsets.tobytes(), part.value.tobytes(), *optional))


def _values(readings: Sequence[Reading]) -> tuple["array[float]", dict[int, str]]:
    raw: list[Any] = [r.value for r in readings]
    try:
        return array("d", raw), {}
    except TypeError:
        texts = {i: clean(value) for i, value in enumerate(raw) if isinstance(value, str)}
        return array("d", [float("nan") if isinstance(v, str) else v for v in raw]), texts


def clean(text: str) -> str:
    """*text* as UTF-8 can hold it: a lone surrogate becomes `?`."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def unpack(blob: bytes) -> tuple[Numbers, Columns]:
    """The series numbers and columns of a batch. Raises Damaged for anything else."""
    try:
        n, parts, t0 = HEAD.unpack_from(blob)
        take = _Take(blob, HEAD.size, n)
        series = take.column(np.uint32)
        at = take.column(np.int64 if parts & WIDE else np.uint32).astype(np.int64) + t0
        value = take.column(np.float64)
        measured = take.column(np.int64) if parts & MEASURED else None
        quality = take.column(np.uint16) if parts & QUALITY else None
        texts = texts_of(blob[take.offset :]) if parts & TEXTS else {}
    except (ValueError, struct.error, msgspec.DecodeError) as error:
        raise Damaged(f"a batch of the journal: {error}") from error
    return series, Columns(at, value, measured, quality, texts)


def texts_of(blob: bytes) -> dict[int, str]:
    return msgspec.msgpack.decode(blob, type=dict[int, str])


def select(batch: Columns, chosen: Ints) -> Columns:
    """The readings at the indices *chosen*."""
    texts = {}
    if batch.texts:
        texts = {i: batch.texts[j] for i, j in enumerate(chosen.tolist()) if j in batch.texts}
    return Columns(
        batch.at[chosen],
        batch.value[chosen],
        None if batch.measured is None else batch.measured[chosen],
        None if batch.quality is None else batch.quality[chosen],
        texts,
    )


def join(parts: Sequence[Columns]) -> Columns:
    """One after the other."""
    if len(parts) == 1:
        return parts[0]
    starts = [0, *accumulate(len(part.at) for part in parts)]
    measured = quality = None
    if any(part.measured is not None for part in parts):
        measured = _joined([(p.measured, len(p.at)) for p in parts], np.int64, ABSENT)
    if any(part.quality is not None for part in parts):
        quality = _joined([(p.quality, len(p.at)) for p in parts], np.uint16, 0)
    return Columns(
        np.concatenate([np.empty(0, np.int64), *(part.at for part in parts)]),
        np.concatenate([np.empty(0), *(part.value for part in parts)]),
        measured,
        quality,
        {
            start + i: text
            for start, part in zip(starts, parts, strict=False)
            for i, text in part.texts.items()
        },
    )


def _joined(
    parts: Sequence[tuple[NDArray[Any] | None, int]], kind: type[Any], missing: int
) -> NDArray[Any]:
    return np.concatenate([np.full(n, missing, kind) if p is None else p for p, n in parts])


class _Take:
    """Cuts columns of *n* values off a blob, one after the other."""

    def __init__(self, blob: bytes, offset: int, n: int) -> None:
        self._blob, self.offset, self._n = blob, offset, n

    def column(self, kind: type[Any]) -> NDArray[Any]:
        found = np.frombuffer(self._blob, kind, self._n, self.offset)
        self.offset += found.nbytes
        return found


def readings(
    series: Numbers, columns: Columns, keys: Mapping[int, Key], start: int = 0
) -> list[Reading]:
    """The readings from *start* on, as they were committed. A series that *keys* does not know
    (its name was damaged) is left out."""
    n = len(series) - start
    at, values = columns.at[start:].tolist(), columns.value[start:].tolist()
    measured = [ABSENT] * n if columns.measured is None else columns.measured[start:].tolist()
    quality = [0] * n if columns.quality is None else columns.quality[start:].tolist()
    found = []
    for i, number in enumerate(series[start:].tolist()):
        if (key := keys.get(number)) is None:
            continue
        device, quantity, unit = key
        value = columns.texts.get(start + i, values[i]) if columns.texts else values[i]
        when = None if measured[i] == ABSENT else measured[i]
        found.append(Reading(device, quantity, value, at[i], when, quality[i], unit))
    return found


class Events(msgspec.Struct, frozen=True, array_like=True):
    """What happened in a batch besides readings."""

    scenes: tuple[Scene, ...] = ()
    actions: tuple[Action, ...] = ()
    answers: tuple[Answer, ...] = ()

    def __len__(self) -> int:
        return len(self.scenes) + len(self.actions) + len(self.answers)


def pack_events(events: Events) -> bytes | None:
    if not len(events):
        return None
    body = msgspec.msgpack.encode(events)
    return crc32(body).to_bytes(4, "little") + body


def unpack_events(blob: bytes | None) -> Events:
    if blob is None:
        return Events()
    if crc32(blob[4:]) != int.from_bytes(blob[:4], "little"):
        raise Damaged("scenes of a batch: wrong checksum")
    try:
        return msgspec.msgpack.decode(blob[4:], type=Events)
    except msgspec.DecodeError as error:
        raise Damaged(f"scenes of a batch: {error}") from error
