"""Does the camera still see its scene? Covered, defocused, moved, frozen, dark, overexposed.

Three measures against the learnt scene, none of which depends on the light:

- *sharpness*: fine detail as a share of coarse detail, against what it was; defocus kills the
  fine detail first (normal 0.75 to 1.11 of it; out of focus by 1.5 px below 0.36);
- *kept*: the share of the scene's strongest edges that are still there (normal above 0.66;
  covered or sprayed 0);
- *votes*: of 3 x 3 blocks, the share whose edges correlate with the scene's (normal above
  0.67; turned by a quarter of the picture 0).
"""

import cv2
import msgspec
import numpy as np

from vision.frame import Field, Plane, above
from vision.level import level_of
from vision.measures import BRIGHT, DARK, DETAIL, FROZEN, KEPT, SHARPNESS, VOTES, Measures
from vision.scenery import View

EVERY = 2.0
"""Seconds between two judgements."""
SURE = 8.0
"""Seconds for which the same trouble must be seen before it is said."""
WELL = 4.0
"""Seconds without trouble after which it is over."""
LEARN = 12.0
"""Seconds of good sight before the scene is known well enough to compare."""
BLUR = (0, 0)


class Health:
    """Feed it every view of one camera; it says what is wrong, or ''."""

    def __init__(self) -> None:
        self._since_judged = self._still = self._known = 0.0
        self._sharpness = 0.0
        self._last: Plane | None = None
        self._trouble, self._for = "", 0.0
        self.state = ""
        self.measures: Measures | None = None
        """Of the last judgement."""

    def judge(self, view: View) -> str:
        """`covered`, `defocused`, `moved`, `frozen`, `dark`, `overexposed`, or '' when well."""
        self._notice_freeze(view)
        self._since_judged += view.dt
        if self._since_judged >= EVERY:
            self._settle(self._trouble_in(view), self._since_judged)
            self._since_judged = 0.0
        return self.state

    def _notice_freeze(self, view: View) -> None:
        y = view.frame.y
        same = self._last is not None and bool(np.array_equal(y[::4], self._last))
        self._still = self._still + view.dt if same else 0.0
        self._last = y[::4].copy()

    def _settle(self, trouble: str, dt: float) -> None:
        """A trouble is said when it lasts, and taken back when it is over for a while."""
        self._for = self._for + dt if trouble == self._trouble else dt
        self._trouble = trouble
        if trouble == "frozen" or self._for >= (SURE if trouble else WELL):
            self.state = trouble

    def _trouble_in(self, view: View) -> str:
        low, high = (float(n) for n in np.percentile(view.frame.y[::4, ::4], (5, 95)))
        measures = Measures(self._still, high, low)
        now, scene = level_of(view.frame.y), view.reference.level
        sharp = sharpness(now)
        if self._known >= LEARN:
            measures = msgspec.structs.replace(
                measures,
                sharpness=sharp / self._sharpness if self._sharpness else 1.0,
                kept=_kept(now, scene),
                detail=_detail(now) / max(_detail(scene), 1e-6),
                votes=votes(now, scene),
            )
        self.measures, trouble = measures, _trouble(measures)
        if not trouble and self._known < LEARN:
            self._known += EVERY
            self._sharpness = max(self._sharpness, sharp)
        elif not trouble and (measures.kept or 0) > 0.7:
            self._sharpness += 0.02 * (sharp - self._sharpness)
        return trouble


def _trouble(m: Measures) -> str:
    if m.still >= FROZEN:
        return "frozen"
    if m.brightest < DARK:
        return "dark"
    if m.darkest > BRIGHT:
        return "overexposed"
    if m.sharpness is None or m.kept is None or m.detail is None or m.votes is None:
        return ""
    if m.kept < KEPT and m.detail < DETAIL:
        return "covered"
    if m.sharpness < SHARPNESS:
        return "defocused"
    return "moved" if m.votes <= VOTES else ""


def sharpness(level: Field) -> float:
    """Fine detail (below 1.5 px) as a share of coarse detail (1.5 to 4 px)."""
    fine = cv2.blur(level, (3, 3))
    coarse = cv2.GaussianBlur(fine, BLUR, 4)
    return float(cv2.norm(level, fine, cv2.NORM_L1) / (cv2.norm(fine, coarse, cv2.NORM_L1) + 1))


def _detail(level: Field) -> float:
    return float(np.std(level[::2, ::2] - cv2.blur(level, (31, 31))[::2, ::2]))


def _edges(level: Field) -> Field:
    small = cv2.resize(level, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cv2.magnitude(cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1))


def _kept(now: Field, scene: Field) -> float:
    """Share of the scene's strongest tenth of edges that are there now, within a pixel."""
    is_now, was = cv2.dilate(_edges(now), np.ones((3, 3), np.uint8)), _edges(scene)
    strong = above(was, max(20.0, float(np.percentile(was, 90)))) > 0
    if np.count_nonzero(strong) < 50:
        return 1.0
    return float(np.mean(is_now[strong] > 0.4 * was[strong]))


def votes(now: Field, scene: Field) -> float:
    """Share of 3 x 3 blocks in which the roots of the edges correlate above 0.3.

    Blocks without structure have no vote; 1 where none has.
    """
    roots = np.sqrt(_edges(now)), np.sqrt(_edges(scene))
    height, width = roots[0].shape
    said = []
    for i in range(9):
        rows = slice(i // 3 * height // 3, (i // 3 + 1) * height // 3)
        columns = slice(i % 3 * width // 3, (i % 3 + 1) * width // 3)
        a, b = (root[rows, columns] - root[rows, columns].mean() for root in roots)
        if b.std() > 0.8:
            said.append(float((a * b).mean() / (a.std() * b.std() + 1e-3)) > 0.3)
    return float(np.mean(said)) if said else 1.0
