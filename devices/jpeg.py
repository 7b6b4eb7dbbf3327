"""Is this a whole JPEG of a bearable size? Looks at its marks without decoding a pixel.

    FF D8                            start
    FF C0 00 0B 08 hhhh wwww 01 …    frame: height, width, components (and 3 bytes for each)
    FF DA …                          scan
    FF D9                            end, at the very end

Source: ITU-T T.81, annex B. A picture that a small buffer cut off has no end; a bomb says so in
its frame. Lengths of the tables between are not judged: decoders step over what is odd there, and
whether there is something to see only decoding tells.
"""

import re
from typing import NamedTuple

from devices.codec import Malformed

START, END = b"\xff\xd8", b"\xff\xd9"
MAX_SIDE = 16_384
MAX_PIXELS = 64_000_000
"""A larger picture would take more memory to decode than a small box has."""

_FRAME = re.compile(
    rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]\x00(.)[\x08\x0c](..)(..)([\x01-\x04])", re.DOTALL
)
_SCAN = b"\xff\xda"


class Size(NamedTuple):
    width: int
    height: int


def check(data: bytes) -> Size:
    """The size of the largest frame; raises `Malformed` where it is not a whole JPEG."""
    if not data.startswith(START):
        raise Malformed("not a JPEG: it does not begin with FF D8")
    sizes = [size for found in _FRAME.finditer(data) if (size := _size(found))]
    if not sizes:
        raise Malformed(f"JPEG is cut off or damaged: no frame in {len(data)} bytes")
    largest = max(sizes, key=lambda size: size.width * size.height)
    if max(largest) > MAX_SIDE or largest.width * largest.height > MAX_PIXELS:
        raise Malformed(f"JPEG of {largest.width} x {largest.height}: more than is decoded")
    if _SCAN not in data or not data.rstrip(b"\0").endswith(END):
        raise Malformed(f"JPEG is cut off after {len(data)} bytes: no end marker")
    return largest


def _size(found: re.Match[bytes]) -> Size | None:
    """The size that a frame states; None where the bytes only look like one."""
    if found[1][0] != 8 + 3 * found[4][0]:
        return None
    size = Size(int.from_bytes(found[3], "big"), int.from_bytes(found[2], "big"))
    return size if all(size) else None
