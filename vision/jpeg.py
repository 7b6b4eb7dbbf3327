"""Reads JPEG pictures that anybody may have sent.

The header is parsed here before a decoder sees a byte, so a picture of 65 535 x 65 535
pixels costs nothing:

    FF D8 | FF xx <length 2> <segment> … | FF C0..C2 <length 2> 08 <height 2> <width 2> <n> …
    … FF DA <scan data> … FF D9
"""

import struct
from typing import NamedTuple

import cv2
import numpy as np

from vision.frame import Picture

LARGEST = 8 << 20
"""Bytes of one picture."""
LONGEST_SIDE = 8192
MOST_PIXELS = 1 << 25
SMALLEST_SIDE = 16
_START, _END = b"\xff\xd8", b"\xff\xd9"
_BARE = {0x01, *range(0xD0, 0xD8)}
"""Markers without a length."""
_FRAMES = {0xC0, 0xC1, 0xC2}
"""Baseline, extended, progressive: Huffman coded, lossy."""
_UNREAD = {0xD9, 0xDA, *range(0xC3, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""The end, the scan, and frames that are lossless, hierarchical or arithmetic coded."""
_REDUCED = (
    (8, cv2.IMREAD_REDUCED_COLOR_8),
    (4, cv2.IMREAD_REDUCED_COLOR_4),
    (2, cv2.IMREAD_REDUCED_COLOR_2),
)


class BadPicture(ValueError):
    """The data's fault; the text says why, for the quarantine."""


class Header(NamedTuple):
    width: int
    height: int
    components: int


def header(data: bytes) -> Header:
    """Size and number of components of *data*. Raises `BadPicture`."""
    if not data.startswith(_START):
        raise BadPicture("not a JPEG")
    if len(data) > LARGEST:
        raise BadPicture(f"{len(data)} bytes; at most {LARGEST}")
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise BadPicture(f"no marker at byte {at}")
        marker = data[at + 1]
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker in _FRAMES and at + 10 <= len(data):
            return _checked(data, at)
        if length < 2 or marker in _UNREAD:
            raise BadPicture(f"marker {marker:02X} before a frame that can be read")
        at += 2 + length
    raise BadPicture("it ends before its header does")


def _checked(data: bytes, at: int) -> Header:
    precision, height, width, components = struct.unpack_from(">BHHB", data, at + 4)
    if precision != 8:
        raise BadPicture(f"{precision} bits per sample; 8 are read")
    if components not in (1, 3):
        raise BadPicture(f"{components} components; grey or colour is read")
    if min(width, height) < SMALLEST_SIDE:
        raise BadPicture(f"{width} x {height} pixels; too small to see anything")
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise BadPicture(f"{width} x {height} pixels; too large")
    if data.rfind(_END, -65536) < 0:
        raise BadPicture("truncated: it has no end")
    return Header(width, height, components)


def decode(data: bytes, longest: int) -> Picture:
    """*data* in colour, reduced in the decoder while it stays longer than *longest* pixels.

    A turn that its EXIF data asks for is applied. Raises `BadPicture`.
    """
    head = header(data)
    how = cv2.IMREAD_COLOR
    for factor, flag in _REDUCED:
        if max(head.width, head.height) >= factor * longest:
            how = flag
            break
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except cv2.error as error:
        raise BadPicture(f"cannot be decoded: {error.err}") from None
    if picture is None:
        raise BadPicture("cannot be decoded")
    return picture


def encode(picture: Picture, quality: int) -> bytes:
    """A JPEG of *picture* without any metadata."""
    _, data = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return data.tobytes()
