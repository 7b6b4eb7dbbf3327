"""Masks pictures: what leaves the worker has passed here.

Drawn privacy areas are burned into the raw picture before anything is computed. Of what is
left, everything that is foreground dissolves into blocks, but for the things reported, whose
detail is capped at the scale of detection (a number plate is then less than 20 px wide).
No face or person detector decides: one that misses would show a face.
"""

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np

from gateway.model import Box
from vision.frame import Mask, Picture, Plane
from vision.scenery import View

MARGIN = 5
"""Pixels of the frame by which foreground is widened: hair, shadows, the next step."""
TRUSTED = 8.0
"""Seconds for which the empty scene must have been seen to be shown unmasked."""


def burn(picture: Plane, hidden: Mask) -> None:
    """Blacken *hidden* (h x w) in *picture* (I420), in place."""
    height, width = hidden.shape
    picture[:height][hidden > 0] = 16
    half = cv2.resize(hidden, (width // 2, height // 2), interpolation=cv2.INTER_AREA) > 0
    chroma = picture[height:].reshape(2, height // 2, width // 2)
    chroma[:, half] = 128


class Veil(NamedTuple):
    """Where a picture must be dissolved, at the frame's scale, 0/255."""

    hidden: Mask
    """Everything that is not the empty scene."""
    passing: Mask
    """What of it moves: hidden even before a thing that is shown."""


def veil(view: View, crop: tuple[float, ...]) -> Veil:
    """For the whole picture of which *view* shows *crop*: what is cut away is not looked at,
    so nobody knows what to hide there, and all of it is hidden."""
    untrusted = np.where(view.reference.support < TRUSTED, 255, 0).astype(np.uint8)
    hidden = cv2.bitwise_or(view.foreign, untrusted)
    hidden = _wide(cv2.morphologyEx(hidden, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)))
    moving = cv2.morphologyEx(view.passing, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return Veil(_embedded(hidden, crop), _embedded(_wide(moving), crop))


def nothing_known() -> Veil:
    """Hides all of a picture."""
    all_of_it = np.full((180, 320), 255, np.uint8)
    return Veil(all_of_it, all_of_it)


def veiled(picture: Picture, veil: Veil, shown: Iterable[Box], block: int) -> Picture:
    """*picture* (blue green red) with what is hidden in blocks of *block* pixels (of a picture
    640 wide) and the *shown* boxes at the frame's scale, but for what moves in them."""
    height, width = picture.shape[:2]
    result, hidden = picture.copy(), veil.hidden.copy()
    small = cv2.resize(picture, hidden.shape[::-1], interpolation=cv2.INTER_AREA)
    capped = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    for box in shown:
        at = _window(box, hidden)
        hidden[at] = veil.passing[at]
        at = _window(box, picture)
        result[at] = capped[at]
    size = max(block, block * max(height, width) // 640)
    cells = max(1, width // size), max(1, height // size)
    blocks = cv2.resize(picture, cells, interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(blocks, (width, height), interpolation=cv2.INTER_NEAREST)
    where = cv2.resize(hidden, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    result[where] = coarse[where]
    return result


def _window(box: Box, picture: Picture) -> tuple[slice, slice]:
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = box
    return (
        slice(int(y1 * height), int(np.ceil(y2 * height))),
        slice(int(x1 * width), int(np.ceil(x2 * width))),
    )


def _embedded(hidden: Mask, crop: tuple[float, ...]) -> Mask:
    x1, y1, x2, y2 = crop
    height, width = hidden.shape
    whole = np.full((round(height / (y2 - y1)), round(width / (x2 - x1))), 255, np.uint8)
    top, left = round(y1 * whole.shape[0]), round(x1 * whole.shape[1])
    part = whole[top : top + height, left : left + width]
    part[:] = hidden[: part.shape[0], : part.shape[1]]
    return whole


def _wide(mask: Mask) -> Mask:
    return cv2.dilate(mask, np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8))
