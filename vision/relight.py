"""Takes the light out: what would this frame look like under the reference's light?

Two steps on a quarter-size copy. A tone curve (the median change at each level of the
reference) follows exposure, gamma and infrared mode; then the mean of what is left in a
neighbourhood of a fifth of the picture follows lamps, clouds and sunrise. Pixels known to
show something else have no vote, and a median does not follow those which are not known yet.
Chroma likewise: how much colour the new light leaves (none in infrared), then the local shift of
white balance. What differs in chroma alone keeps its vote: it may just be this that is wrong.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.frame import STEP, Field, Frame, Mask, Plane
from vision.level import level_of
from vision.reference import Look, Reference

BINS = 16
WIDTH = 256 / BINS
SPAN = 160.0
"""Units: a change larger than this is not light."""
INLIER = 24.0
"""Units from the tone curve within which a pixel may vote on the local light."""
GREY = np.float32(128)
"""The chroma of what has no colour."""
COLOURED = 5.0
"""Grey levels of chroma from which something has a colour."""
FEW = 60
"""Quarter-size pixels with a colour, below which colours tell nothing."""
MOST_COLOUR = 2.0
"""How many times as colourful a frame may be."""
UNSURE = 0.5
"""Of the change that the new light makes of a colour: what is left of it may be light as well."""
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
    alike = np.abs(rest) < INLIER
    votes &= alike
    light = curve + _spread(rest, votes)
    level -= cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)
    colour = _colour(frame, reference, alike)
    u, v = (
        _neutral(now_tint, was_tint, colour, alike)
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


def _colour(frame: Frame, reference: Reference, votes: NDArray[np.bool_]) -> float:
    """How colourful *frame* is against the scene: 1 as it was, 0 in infrared. The median over
    what has a colour, so that it follows exposure and gamma, and nobody's red coat."""
    was, now = (
        np.concatenate([_small(plane, votes)[votes] for plane in planes]) - GREY
        for planes in ((reference.u, reference.v), (frame.u, frame.v))
    )
    coloured = np.abs(was) > COLOURED
    if np.count_nonzero(coloured) < FEW:
        return 1.0
    return float(np.clip(np.median(now[coloured] / was[coloured]), 0, MOST_COLOUR))


def _small(plane: Plane | Field, like: NDArray[np.bool_]) -> Field:
    size = like.shape[1], like.shape[0]
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _neutral(now: Plane, was: Field, colour: float, votes: NDArray[np.bool_]) -> Field:
    """Chroma as the scene's light would show it: as colourful as then, and without the local
    shift of white balance and coloured light."""
    height, width = now.shape
    rest = now.astype(np.float32) - (GREY + np.float32(colour) * (was - GREY))
    part = _small(rest, votes)
    shift = _spread(np.clip(part, -20, 20), votes & (np.abs(part) < 20))
    rest -= cv2.resize(shift, (width, height), interpolation=cv2.INTER_LINEAR)
    unsure = np.abs(was - GREY) * np.float32(UNSURE * abs(colour - 1))
    tint: Field = was + rest - np.clip(rest, -unsure, unsure)
    return tint
