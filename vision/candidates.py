"""Per pixel: what is there that was not, and for how many seconds has it been the same?

One hypothesis per pixel beside the reference (after Porikli 2008's pair of backgrounds and
Lin 2015's long and short model), counted in seconds and not in frames. While somebody walks
past, what stands behind is only forgotten slowly.
"""

import cv2
import numpy as np

from vision.frame import Field, Mask, above
from vision.reference import Look
from vision.register import Shift, moved

SAME = 16.0
"""Units within which a pixel shows what it showed before."""
FORGET = 2.0
"""Seconds of trust lost per second in which the reference is seen again."""
HIDE = 0.2
"""Seconds of trust lost per second in which something else is seen."""


class Candidates:
    """`level`: the look of what is new, in units; `age`: for how long it has been seen, s."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.level: Field = np.zeros(shape, np.float32)
        self.age: Field = np.zeros(shape, np.float32)

    def follow(self, look: Look, foreign: Mask, dt: float, longest: Field | float) -> Mask:
        """Count *dt* seconds; returns where the frame shows the candidate (255)."""
        near = cv2.bitwise_not(above(cv2.absdiff(look.level, self.level), SAME))
        same = cv2.bitwise_and(near, foreign)
        other = cv2.bitwise_and(cv2.bitwise_not(near), foreign)
        step = np.float32(dt)
        gain = np.where(same > 0, step, np.where(other > 0, -HIDE * step, -FORGET * step))
        self.age += gain.astype(np.float32)
        np.clip(self.age, 0, longest, out=self.age)
        self.level += (same > 0) * (look.level - self.level) * np.float32(min(0.5, dt / 4))
        fresh = (other > 0) & (self.age <= 0)
        self.level[fresh] = look.level[fresh]
        return same

    def move(self, by: Shift) -> None:
        """Everything is seen elsewhere."""
        self.level, self.age = moved(self.level, by), moved(self.age, by, border=0.0)

    def drop(self, where: Mask) -> None:
        self.age[where > 0] = 0
