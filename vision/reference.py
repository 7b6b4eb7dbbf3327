"""What the scene looks like when nothing is there: level, noise, tint and how long it was seen."""

from typing import NamedTuple, Self

import cv2
import numpy as np

from vision.frame import Field, Frame, Mask
from vision.grain import grain, looked_up
from vision.level import level_of
from vision.register import Shift, moved


class Look(NamedTuple):
    """One frame as the reference would be lit: what the later stages compare.

    `level` h x w in units; `u`, `v` are h/2 x w/2 in grey levels.
    """

    level: Field
    u: Field
    v: Field


class Reference:
    """The learnt empty scene, per pixel.

    `level`, `u`, `v`: what is seen there; `noise`: mean absolute deviation in units;
    `support`: for how many seconds it has been seen.
    """

    LONGEST = 3600.0
    """Seconds up to which support is counted."""
    SLOWEST = 60.0
    """Seconds: the longest time constant of the level."""
    NOISE_TIME = 20.0
    """Seconds: the time constant of the noise."""
    QUIETEST, THRESHOLD, NOISES = 4.0, 14.0, 3.0
    SWAY, SWAY_NOISES = 8.0, 2.5
    TINT, TINT_NOISES, TINT_QUIETEST = 7.0, 3.5, 1.5

    def __init__(
        self, level: Field, noise: Field, support: Field, u: Field, v: Field, tint_noise: Field
    ) -> None:
        self.level, self.noise, self.support = level, noise, support
        self.u, self.v, self.tint_noise = u, v, tint_noise
        self._low = self._high = self.level
        self._limit = self.noise
        self._stale = 0.0
        self._refresh()

    @classmethod
    def of(cls, frame: Frame) -> Self:
        """The scene is what *frame* shows, until something else is seen for longer."""
        level = level_of(frame.y)
        u, v = frame.u.astype(np.float32), frame.v.astype(np.float32)
        noise, tint_noise = np.full_like(level, cls.QUIETEST), np.full_like(u, cls.TINT_QUIETEST)
        return cls(level, noise, np.zeros_like(level), u, v, tint_noise)

    def differs(self, look: Look) -> Mask:
        """Where *look* is not the reference.

        Half of the contrast to the next pixel is tolerated (an envelope of +-0.5 px), for
        a camera on a pole is never quite still.
        """
        above = cv2.subtract(look.level, self._high)
        below = cv2.subtract(self._low, look.level)
        by_level = cv2.compare(cv2.max(above, below), self._limit, cv2.CMP_GT)
        tint = cv2.add(cv2.absdiff(look.u, self.u), cv2.absdiff(look.v, self.v))
        sure = cv2.compare(cv2.blur(tint, (3, 3)), self._tint_limit, cv2.CMP_GT)
        sharp = cv2.compare(tint, self._tint_limit * np.float32(0.7), cv2.CMP_GT)
        by_tint = cv2.bitwise_and(sure, sharp)
        height, width = look.level.shape
        whole = cv2.resize(by_tint, (width, height), interpolation=cv2.INTER_NEAREST)
        return cv2.bitwise_or(by_level, whole)

    def learn(self, look: Look, same: Mask, dt: float) -> None:
        """Let *look* sink in where it is the *same* (255); *dt* seconds have passed."""
        here = same.astype(np.float32) * np.float32(1 / 255)
        self.support += here * np.float32(dt)
        np.minimum(self.support, self.LONGEST, out=self.support)
        rate = here * (np.float32(dt) / (np.minimum(self.support, self.SLOWEST) + np.float32(dt)))
        change = look.level - self.level
        self.level += rate * change
        slow = here * np.float32(dt / (self.NOISE_TIME + dt))
        self.noise += slow * (np.minimum(np.abs(change), 20) * np.float32(1.25) - self.noise)
        height, width = self.u.shape
        half = cv2.resize(rate, (width, height), interpolation=cv2.INTER_NEAREST)
        du, dv = look.u - self.u, look.v - self.v
        self.u += half * du
        self.v += half * dv
        half_slow = cv2.resize(slow, (width, height), interpolation=cv2.INTER_NEAREST)
        self.tint_noise += half_slow * (np.minimum(np.abs(du) + np.abs(dv), 12) - self.tint_noise)
        self._stale += dt
        if self._stale > min(2.0, 0.2 * float(self.support.max())):
            self._refresh()

    def adopt(self, look: Look, where: Mask, support: Field | float) -> None:
        """Take *look* as the empty scene in *where*: a ghost has gone, the light is new."""
        inside = where > 0
        self.level[inside] = look.level[inside]
        self.noise[inside] = np.maximum(self.noise[inside], self.QUIETEST)
        self.support[inside] = support if isinstance(support, float) else support[inside]
        height, width = self.u.shape
        half = cv2.resize(where, (width, height), interpolation=cv2.INTER_NEAREST) > 0
        self.u[half], self.v[half] = look.u[half], look.v[half]
        self._refresh()

    def move(self, by: Shift) -> None:
        """Everything is seen elsewhere; what comes in at the border is not known yet."""
        self.level, self.noise = moved(self.level, by), moved(self.noise, by)
        self.support = moved(self.support, by, border=0.0)
        half = by[0] // 2, by[1] // 2
        self.u, self.v = moved(self.u, half), moved(self.v, half)
        self.tint_noise = moved(self.tint_noise, half)
        self._refresh()

    def unrest(self, level: Field) -> Field:
        """Units by which a pixel of *level* that shows a still thing may change: as much as the
        scene did there, or as the sensor makes anything of that brightness stir."""
        return cv2.max(self._sway, looked_up(self._grain, level))

    def _refresh(self) -> None:
        kernel = np.ones((3, 3), np.uint8)
        half = np.float32(0.5)
        self._low = (self.level + cv2.erode(self.level, kernel)) * half
        self._high = (self.level + cv2.dilate(self.level, kernel)) * half
        self._limit = np.maximum(self.THRESHOLD, self.NOISES * self.noise)
        self._sway = np.maximum(self.SWAY, self.SWAY_NOISES * self.noise)
        self._tint_limit = np.maximum(self.TINT, self.TINT_NOISES * self.tint_noise)
        self._grain = grain(self.level, self.noise) * np.float32(self.SWAY_NOISES)
        self._stale = 0.0
