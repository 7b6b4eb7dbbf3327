"""Readings of one series, compressed: about five bytes each instead of twenty.

Each column becomes whole numbers (a decimal reading of two places is an integer of hundredths),
their differences where those are smaller, less the least of them, in as few bytes as the largest
needs, byte planes apart ("shuffle", as in Blosc and HDF5), and all of it through zlib. A value
comes back bit for bit.
"""

import zlib
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from gateway.store.columns import ABSENT, Columns, Floats, Ints, Key
from gateway.store.failures import Damaged

LEVEL = 1
"""Of zlib: 6 saves a twentieth of the bytes for three times the CPU (benchmarks/store.py)."""
PLACES = 6
"""Decimal places looked for in values."""
EXACT = 2.0**53


class Packed(msgspec.Struct, frozen=True, array_like=True):
    """How one column lies in the body. *kind*: `i` whole numbers, `d` differences of whole
    numbers, `f` floats. *width*: bytes each. *base*: the least one. *scale*: decimal places."""

    kind: str
    width: int
    base: int = 0
    first: int = 0
    scale: int = 0


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    key: Key
    """What the series is called: so that a chunk can be read without the catalogue."""
    n: int
    at: Packed
    value: Packed
    measured: Packed | None
    """at - measured_at, where there is one."""
    absent: Packed | None
    """1 where there is none, if that is not everywhere or nowhere."""
    quality: Packed | None
    texts: dict[int, str]
    body: bytes


def encode(key: Key, columns: Columns) -> bytes:
    """The chunk's bytes. *columns* has at least one reading."""
    planes: list[bytes] = []
    measured, absent = _measured(columns)
    quality = columns.quality
    chunk = Chunk(
        key,
        len(columns.at),
        _differences(columns.at, planes),
        _values(columns.value, planes),
        None if measured is None else _integers(measured, planes),
        None if absent is None else _integers(absent, planes),
        None if quality is None or not quality.any() else _integers(quality, planes),
        dict(columns.texts),
        b"",
    )
    body = zlib.compress(b"".join(planes), LEVEL)
    return msgspec.msgpack.encode(msgspec.structs.replace(chunk, body=body))


def decode(blob: bytes) -> Columns:
    """The readings of a chunk. Raises Damaged."""
    try:
        chunk = msgspec.msgpack.decode(blob, type=Chunk)
        take = _Take(zlib.decompress(chunk.body), chunk.n)
        at = take.integers(chunk.at)
        value = take.floats(chunk.value)
        measured = None if chunk.measured is None else at - take.integers(chunk.measured)
        if chunk.absent is not None and measured is not None:
            measured[take.integers(chunk.absent) != 0] = ABSENT
        quality = None if chunk.quality is None else take.integers(chunk.quality).astype(np.uint16)
    except (ValueError, TypeError, OverflowError, zlib.error, msgspec.DecodeError) as error:
        raise Damaged(f"a chunk: {error}") from error
    return Columns(at, value, measured, quality, chunk.texts)


def key_of(blob: bytes) -> Key:
    """What the series of a chunk is called. Raises Damaged."""
    try:
        return msgspec.msgpack.decode(blob, type=Chunk).key
    except msgspec.DecodeError as error:
        raise Damaged(f"a chunk: {error}") from error


def _measured(columns: Columns) -> tuple[Ints | None, Ints | None]:
    if columns.measured is None:
        return None, None
    absent = columns.measured == ABSENT
    if absent.all():
        return None, None
    behind = np.where(absent, 0, columns.at - columns.measured)
    return behind, absent.astype(np.int64) if absent.any() else None


def _values(value: Floats, planes: list[bytes]) -> Packed:
    bits = value.view(np.int64)
    if np.isfinite(value).all():
        for scale in range(PLACES + 1):
            whole = _whole(value, scale)
            if whole is not None and _same(whole / 10.0**scale, bits):
                return _scaled(whole, scale, planes)
    single = _to_single(value)
    if single is not None:
        return _plane(single, Packed("f", 4), planes)
    return _plane(value, Packed("f", 8), planes)


def _whole(value: Floats, scale: int) -> Ints | None:
    with np.errstate(over="ignore"):
        shifted = np.rint(value * 10.0**scale)
    return shifted.astype(np.int64) if np.abs(shifted).max() < EXACT else None


def _scaled(whole: Ints, scale: int, planes: list[bytes]) -> Packed:
    steps = np.diff(whole)
    calm = len(steps) and np.abs(steps).mean() < np.abs(whole - np.median(whole)).mean()
    packed = _differences(whole, planes) if calm else _integers(whole, planes)
    return msgspec.structs.replace(packed, scale=scale)


def _same(value: Floats, bits: Ints) -> bool:
    return bool((value.view(np.int64) == bits).all())


def _to_single(value: Floats) -> NDArray[np.float32] | None:
    with np.errstate(over="ignore", invalid="ignore"):
        single = value.astype(np.float32)
        return single if _same(single.astype(np.float64), value.view(np.int64)) else None


def _differences(whole: Ints, planes: list[bytes]) -> Packed:
    steps = np.diff(whole, prepend=whole[:1])
    return msgspec.structs.replace(_integers(steps, planes), kind="d", first=int(whole[0]))


def _integers(whole: NDArray[Any], planes: list[bytes]) -> Packed:
    base = int(whole.min())
    rest = whole.astype(np.int64) - base
    if int(rest.min()) < 0:  # they span more than 63 bits
        return _plane(whole.astype("<i8"), Packed("i", 8), planes)
    most = int(rest.max())
    width = next((w for w in (1, 2, 4) if most >> 8 * w == 0), 8)
    kind = "<i8" if width == 8 else f"<u{width}"
    return _plane(rest.astype(kind), Packed("i", width, base), planes)


def _plane(column: NDArray[Any], packed: Packed, planes: list[bytes]) -> Packed:
    raw = np.ascontiguousarray(column).view(np.uint8).reshape(len(column), packed.width)
    planes.append(raw.T.tobytes())
    return packed


class _Take:
    """Cuts the columns off the body, one after the other."""

    def __init__(self, body: bytes, n: int) -> None:
        self._body, self._n, self._offset = body, n, 0

    def integers(self, packed: Packed) -> Ints:
        kind = "<i8" if packed.width == 8 else f"<u{packed.width}"
        whole = self._column(kind, packed.width).astype(np.int64)
        if packed.base:
            whole += packed.base
        if packed.kind == "d":
            whole[0] += packed.first
            np.cumsum(whole, out=whole)
        return whole

    def floats(self, packed: Packed) -> Floats:
        if packed.kind == "f":
            return self._column(f"<f{packed.width}", packed.width).astype(np.float64)
        return self.integers(packed) / 10.0**packed.scale

    def _column(self, kind: str, width: int) -> NDArray[Any]:
        size = self._n * width
        if width not in (1, 2, 4, 8):
            raise ValueError(f"a column of {width} bytes")
        raw = np.frombuffer(self._body, np.uint8, size, self._offset)
        self._offset += size
        if width == 1:
            return raw.view(kind)
        return np.ascontiguousarray(raw.reshape(width, self._n).T).view(kind).ravel()
