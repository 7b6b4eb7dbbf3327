"""Takes the light out: what would this frame look like under the reference's light?

Two steps on a quarter-size copy. A tone curve (the median change at each level of the
reference) follows exposure, gamma and infrared mode; then the mean of what is left in a
neighbourhood of a fifth of the picture follows lamps, clouds and sunrise. Pixels known to
show something else have no vote, and a median does not follow those which are not known yet.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.frame import STEP, Field, Frame, Mask, Plane
from vision.reference import Look, Reference, level_of

BINS = 16
WIDTH = 256 / BINS
SPAN = 160.0
"""Units: a change larger than this is not light."""
INLIER = 24.0
"""Units from the tone curve within which a pixel may vote on the local light."""
REACH = 15
"""Quarter-size pixels: side of the neighbourhood, 60 px of the frame."""


def relit(frame: Frame, reference: Reference, foreign: Mask) -> Look:
    """*frame* as the light of *reference* would show it; *foreign* pixels have no vote."""
    level = level_of(frame.y)
    height, width = level.shape
    size = width // STEP, height // STEP
    was = cv2.resize(reference.level, size, interpolation=cv2.INTER_AREA)
    now = cv2.resize(level, size, interpolation=cv2.INTER_AREA)
    votes = cv2.resize(foreign, size, interpolation=cv2.INTER_AREA) < 64
    if votes.mean() < 0.3:
        votes[:] = True
    change = now - was
    curve = _tone(was, change, votes)
    rest = change - curve
    votes &= np.abs(rest) < INLIER
    light = curve + _spread(rest, votes)
    level -= cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)
    u, v = (
        _neutral(now_tint, was_tint, votes)
        for now_tint, was_tint in ((frame.u, reference.u), (frame.v, reference.v))
    )
    return Look(level, u, v)


def _tone(was: Field, change: Field, votes: NDArray[np.bool_]) -> Field:
    """The median change at each level of the reference, as a field."""
    level, moved = was[votes], change[votes]
    cells = np.clip((moved + SPAN) * np.float32(0.5), 0, SPAN - 1).astype(np.int32)
    bins = np.clip(level * np.float32(1 / WIDTH), 0, BINS - 1).astype(np.int32)
    counts = np.bincount(bins * int(SPAN) + cells, minlength=BINS * int(SPAN))
    sums = counts.reshape(BINS, int(SPAN)).cumsum(axis=1)
    total = sums[:, -1]
    median = (sums * 2 >= total[:, None]).argmax(axis=1) * 2.0 - SPAN + 1
    enough = total >= max(12, 0.004 * level.size)
    if not enough.any():
        return np.full_like(was, np.median(moved) if moved.size else 0)
    centres = (np.arange(BINS) + 0.5) * WIDTH
    curve = np.interp(np.arange(256), centres[enough], median[enough])
    table: Field = curve.astype(np.float32)
    return table[np.clip(was, 0, 255).astype(np.uint8)]


def _spread(rest: Field, votes: NDArray[np.bool_]) -> Field:
    """The mean of *rest* around each pixel over those that vote; fades to 0 without votes."""
    weight = votes.astype(np.float32)
    total = cv2.boxFilter(rest * weight, -1, (REACH, REACH), borderType=cv2.BORDER_REFLECT)
    count = cv2.boxFilter(weight, -1, (REACH, REACH), borderType=cv2.BORDER_REFLECT)
    return total / (count + np.float32(0.05))


def _neutral(now: Plane, was: Field, votes: NDArray[np.bool_]) -> Field:
    """Chroma without the local shift of white balance and coloured light."""
    tint = now.astype(np.float32)
    height, width = tint.shape
    rest = cv2.resize(tint - was, votes.shape[::-1], interpolation=cv2.INTER_AREA)
    shift = _spread(np.clip(rest, -20, 20), votes & (np.abs(rest) < 20))
    return tint - cv2.resize(shift, (width, height), interpolation=cv2.INTER_LINEAR)
