"""Was the camera nudged? By how many pixels has its picture moved against the learnt scene?

Edges are compared, for they do not depend on the light: the root of their strength (so that one
lamp does not decide), by normalised correlation over all shifts of a few pixels, first at half
size and then at full size around the best. Phase correlation was tried and is misled by people.
"""

import cv2
import numpy as np

from vision.frame import Field

REACH = 12
"""Pixels that can be told in each direction."""
ALIKE = 0.5
"""Correlation that the right shift reaches at least."""
BETTER = 0.03
"""By how much it must beat no shift at all."""
REFINE = 2
"""Pixels around the half-size result that are tried at full size."""

Shift = tuple[int, int]
"""dx, dy: the scene's pixel x, y is seen at x + dx, y + dy."""
NONE: Shift = (0, 0)


def shift(now: Field, scene: Field) -> Shift:
    """How far *now* has moved against *scene*; (0, 0) when it has not, or nobody can tell."""
    half = [
        cv2.resize(level, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        for level in (now, scene)
    ]
    scores = _scores(_edges(half[0]), _edges(half[1]), REACH // 2, NONE)
    best = _best(scores)
    if scores.max() < ALIKE or best == NONE:
        return NONE
    if scores.max() < scores[REACH // 2, REACH // 2] + BETTER:
        return NONE
    around = best[0] * 2, best[1] * 2
    fine = _best(_scores(_edges(now), _edges(scene), REFINE, around))
    return around[0] + fine[0], around[1] + fine[1]


def moved(field: Field, by: Shift, border: float | None = None) -> Field:
    """*field* moved *by* a shift; what comes in is *border*, or the edge's own value."""
    dx, dy = by
    height, width = field.shape
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    mode = cv2.BORDER_REPLICATE if border is None else cv2.BORDER_CONSTANT
    return cv2.warpAffine(
        field,
        matrix,
        (width, height),
        flags=cv2.INTER_NEAREST,
        borderMode=mode,
        borderValue=border or 0.0,
    )


def _edges(level: Field) -> Field:
    smooth = cv2.blur(level, (3, 3))
    dx, dy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return cv2.sqrt(cv2.magnitude(dx, dy))


def _scores(now: Field, scene: Field, reach: int, around: Shift) -> Field:
    """Correlations for shifts of -reach to reach, rows are dy, about *around*."""
    height, width = scene.shape
    margin = reach + max(map(abs, around))
    core = scene[margin : height - margin, margin : width - margin]
    y, x = margin + around[1] - reach, margin + around[0] - reach
    window = now[y : y + core.shape[0] + 2 * reach, x : x + core.shape[1] + 2 * reach]
    return cv2.matchTemplate(window, core, cv2.TM_CCOEFF_NORMED)


def _best(scores: Field) -> Shift:
    dy, dx = np.unravel_index(int(scores.argmax()), scores.shape)
    reach = scores.shape[0] // 2
    return int(dx) - reach, int(dy) - reach
