"""Log luma (Weber's law): a lamp that doubles the light adds a constant, so one threshold serves
by day and by night. 82 units are a factor of e.
"""

import cv2
import numpy as np

from vision.frame import Field, Plane

FLOOR = 16.0
"""Grey levels added before the logarithm: sensor noise in the dark must not be stretched."""
UNITS = 82.0
_LEVELS = (UNITS * np.log((np.arange(256) + FLOOR) / FLOOR)).astype(np.float32)


def level_of(luma: Plane) -> Field:
    """Log luma in units of 1/82 e-fold: 0 (black) to 232 (white)."""
    return cv2.LUT(luma, _LEVELS)
