"""Pictures of an incident for platforms that want the pictures themselves, not links.

A picture that is larger than a destination wants, or than its uplink bears, is made smaller, first
in quality and then in size. Its name carries the SHA-256 of what is sent; the SHA-256 in the event
is that of the original, which stays on the box.
"""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta

from gateway.model import Evidence
from gateway.ports import Surroundings

QUALITIES = (75, 60, 45, 30)
SHRINK = 0.7
"""By which each side gets shorter when lower quality is not enough."""
SMALLEST = 160
"""Pixels of the longer side; less shows nothing."""


class Pictures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which pictures a destination gets, and how large they may be."""

    most: Annotated[int, Meta(ge=1, le=12)] = 2
    """With 2: the first one and the last one, before and after."""
    limit: Annotated[int, Meta(ge=4_096, le=16_000_000)] = 300_000
    """Bytes of one; a larger one is made smaller."""


class Picture(NamedTuple):
    """As it is sent. `sha256` is that of `jpeg`."""

    role: str
    sha256: str
    jpeg: bytes

    @property
    def name(self) -> str:
        return f"{self.role}-{self.sha256}.jpg"


def chosen(evidence: Sequence[Evidence], most: int) -> Sequence[Evidence]:
    """The first one, which shows how it was before, and the last ones."""
    if len(evidence) <= most:
        return evidence
    return [evidence[0], *evidence[len(evidence) - most + 1 :]] if most > 1 else evidence[-1:]


async def packed(
    evidence: Sequence[Evidence], wanted: Pictures, around: Surroundings
) -> list[Picture]:
    """What is sent of *evidence*; pictures whose time to be kept is over are left out."""
    found = []
    for one in chosen(evidence, wanted.most):
        path = around.evidence_file(one.sha256)
        jpeg = await asyncio.to_thread(_read, path, wanted.limit)
        if jpeg:
            found.append(Picture(one.role, sha256(jpeg).hexdigest(), jpeg))
    return found


def fitted(jpeg: bytes, limit: int) -> bytes:
    """*jpeg*, or the best of it that has at most *limit* bytes; b'' for what is no picture."""
    if len(jpeg) <= limit:
        return jpeg
    import cv2  # 17 MB that a gateway without cameras does without

    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    while image is not None and max(image.shape[:2]) >= SMALLEST:
        for quality in QUALITIES:
            _, small = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if small.size <= limit:
                return small.tobytes()
        image = cv2.resize(image, None, fx=SHRINK, fy=SHRINK, interpolation=cv2.INTER_AREA)
    return b""


def _read(path: Path, limit: int) -> bytes:
    try:
        return fitted(path.read_bytes(), limit)
    except FileNotFoundError:
        return b""
