"""How much does the sensor's own noise stir a pixel, at each brightness?

A sensor's noise is a few grey levels, which is a large step in the log luma of what is dark. A
dark thing before a bright wall therefore stirs more than the wall did: its noise cannot be
learnt there, but it can from what is as dark elsewhere in the scene.
"""

import cv2
import numpy as np

from vision.frame import Field
from vision.level import FLOOR, UNITS

BINS = 16
WIDTH = 256 / BINS
CENTRES = (np.arange(BINS) + 0.5) * WIDTH
PER_GREY = UNITS / (FLOOR * np.exp(CENTRES / UNITS))
"""Units that one grey level makes at each of `CENTRES`."""
ENOUGH = 200
"""Pixels of a level from which its noise is known."""


def grain(level: Field, noise: Field) -> Field:
    """A table of 256 levels: the noise in units, from that of the scene, pixel by pixel.

    The median over the scene's pixels of about that level. Where the scene has none, it is as
    many grey levels as at the nearest level that the scene has.
    """
    bins = np.clip(level * np.float32(1 / WIDTH), 0, BINS - 1).astype(np.int32)
    known = np.flatnonzero(np.bincount(bins.ravel(), minlength=BINS) >= ENOUGH)
    if not known.size:
        return np.full(256, np.median(noise), np.float32)
    grey = [float(np.median(noise[bins == i])) / PER_GREY[i] for i in known]
    units = np.interp(CENTRES, CENTRES[known], grey) * PER_GREY
    return np.asarray(np.interp(np.arange(256), CENTRES, units), np.float32)


def looked_up(table: Field, level: Field) -> Field:
    """*table* at each pixel's *level*."""
    return cv2.LUT(cv2.convertScaleAbs(level), table)
