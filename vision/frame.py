"""One picture at working scale: planes of luma and chroma, and when it was taken.

Detection never needs more than 320 pixels of width; everything larger stays behind for
evidence. Decoders give YUV, so luma costs nothing and chroma comes at half size.
"""

from typing import Any, NamedTuple

import cv2
from numpy.typing import NDArray

from gateway.model import Millis

Plane = NDArray[Any]
"""uint8."""
Field = NDArray[Any]
"""float32, h x w."""
Mask = NDArray[Any]
"""uint8, 0 or 255 per pixel."""
Picture = NDArray[Any]
"""uint8, h x w x 3 in OpenCV's order blue, green, red; or I420 where it says so."""

LONGEST = 320
"""Pixels along the longer side of a frame."""
STEP = 4
"""Sides are multiples of this: chroma is half size, the light is fitted at a quarter."""


class Frame(NamedTuple):
    """`y` is h x w; `u` and `v` are h/2 x w/2. `at` is scene time."""

    y: Plane
    u: Plane
    v: Plane
    at: Millis


def size_of(width: int, height: int) -> tuple[int, int]:
    """Width and height of the frame made from a picture of *width* x *height* pixels.

    >>> size_of(1920, 1080), size_of(480, 640), size_of(100, 100)
    ((320, 180), (240, 320), (320, 320))
    """
    scale = LONGEST / max(width, height)
    return fit(width * scale), fit(height * scale)


def fit(side: float) -> int:
    return max(STEP * 4, round(side / STEP) * STEP)


def from_i420(picture: Plane, at: Millis, crop: tuple[float, ...] = (0, 0, 1, 1)) -> Frame:
    """Reduce *picture* (I420: 3h/2 rows of w pixels, both even) to working scale."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    y = picture[:height]
    chroma = picture[height:].reshape(2, height // 2, width // 2)
    rows, columns = (
        slice(round(a * n / 2), max(round(b * n / 2), round(a * n / 2) + 1))
        for a, b, n in ((crop[1], crop[3], height), (crop[0], crop[2], width))
    )
    whole = y[rows.start * 2 : rows.stop * 2, columns.start * 2 : columns.stop * 2]
    w, h = size_of(whole.shape[1], whole.shape[0])
    u, v = (_resized(plane[rows, columns], w // 2, h // 2) for plane in chroma)
    return Frame(_resized(whole, w, h), u, v, at)


def _resized(plane: Plane, width: int, height: int) -> Plane:
    if plane.shape == (height, width):
        return plane
    shrinks = plane.shape[1] >= width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(plane, (width, height), interpolation=how)


def to_i420(bgr: Picture, longest: int = 10_000) -> Plane:
    """An I420 picture of *bgr*, shrunk to at most *longest* pixels; sides become even."""
    height, width = bgr.shape[:2]
    scale = min(1.0, longest / max(height, width))
    w, h = max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)
    if (h, w) != (height, width):
        bgr = cv2.resize(bgr, (w, h), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)


def above(field: Field, limit: float) -> Mask:
    """255 where *field* is more than *limit*."""
    return cv2.compare(field, limit, cv2.CMP_GT)  # type: ignore[call-overload,no-any-return] # OpenCV's stubs know no scalar
