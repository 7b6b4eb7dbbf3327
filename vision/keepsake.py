"""The learnt scene on disk, so that a restart takes nothing that was dumped for the scene.

An uncompressed numpy archive within zlib, half precision: some 200 kB for a camera. It is read
as arrays of known shape and type and as nothing else.
"""

import io
import zlib
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from gateway.model import Millis
from vision.frame import Field, Frame
from vision.health import votes
from vision.level import level_of
from vision.measures import VOTES
from vision.reference import Reference

LARGEST = 8 << 20
"""Bytes when unpacked; a frame has less."""
KEPT_FOR = 7 * 86_400_000
"""Millis after which a scene is learnt anew."""
FIELDS = ("level", "noise", "support", "u", "v", "tint_noise")


class Keepsake(NamedTuple):
    """A learnt scene and when it was kept."""

    reference: Reference
    at: Millis

    def suits(self, frame: Frame) -> bool:
        """Whether *frame* shows that scene: not too long ago, and from the same place."""
        young = 0 <= frame.at - self.at < KEPT_FOR
        same = self.reference.level.shape == frame.y.shape
        return young and same and votes(level_of(frame.y), self.reference.level) > VOTES


def packed(keepsake: Keepsake) -> bytes:
    """What `unpacked` reads."""
    file = io.BytesIO()
    arrays = {name: getattr(keepsake.reference, name).astype(np.float16) for name in FIELDS}
    np.savez(file, at=np.int64(keepsake.at), **arrays)
    return zlib.compress(file.getvalue(), 1)


def unpacked(blob: bytes) -> Keepsake:
    """Raises `ValueError` for what `packed` has not written."""
    try:
        inflater = zlib.decompressobj()
        raw = inflater.decompress(blob, LARGEST)
        with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
            arrays = {name: archive[name].astype(np.float32) for name in FIELDS}
            at = int(archive["at"])
    except (zlib.error, BadZipFile, OSError, KeyError, EOFError, TypeError) as error:
        raise ValueError(f"not a learnt scene: {error}") from None
    height, width = _shape(arrays["level"])
    for name, array in arrays.items():
        half = name in ("u", "v", "tint_noise")
        wanted = (height // 2, width // 2) if half else (height, width)
        if array.shape != wanted or not np.isfinite(array).all():
            raise ValueError(f"not a learnt scene: {name} is {array.shape}")
    return Keepsake(Reference(**arrays), at)


def _shape(level: Field) -> tuple[int, int]:
    if level.ndim != 2:
        raise ValueError("not a learnt scene: no picture")
    height, width = level.shape
    return height, width
