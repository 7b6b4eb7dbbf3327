"""What has a region become: a thing that is there, a thing that is gone, or other light?

Three looks at the region as it was learnt and as it is, all in log luma, so that light only
adds: does its texture correlate with what was there (light keeps texture); does its outline
show edges that were not there (a thing has an outline); or did edges go (a thing was taken,
or somebody who stood there when the scene was learnt has left).
"""

from typing import NamedTuple

import cv2
import numpy as np

from vision.frame import Field, Mask
from vision.regions import Region
from vision.scenery import View

SAME_TEXTURE = 0.75
"""Correlation above which it is the same surface in other light."""
TEXTURE = 5.0
"""Units: standard deviation below which a surface has no texture to compare."""
EDGE = 10.0
"""Units per pixel: an edge that was not there rises by at least this much."""
OUTLINE = 0.15
"""Share of the outline that must have new or lost edges."""
CLEARLY = 1.35
"""By how much lost edges must outweigh new ones before a thing counts as taken away."""
SUPPORT = 10.0
"""Seconds of support that an absorbed region begins with."""
EVEN = 6.0
"""Units: standard deviation of a change that is the same everywhere."""
MARGIN = 4
"""Pixels around the region."""


class Verdict(NamedTuple):
    """`kind`: object, removed or light. `alike`: correlation with what was there, -1 to 1.
    `new`, `lost`: shares of the outline with edges that came and went."""

    kind: str
    alike: float
    new: float
    lost: float


def verdict(region: Region, view: View) -> Verdict:
    """Judge *region* by the candidate it shows, not by who stands before it just now."""
    height, width = view.look.level.shape
    y1, y2 = max(0, region.y - MARGIN), min(height, region.y + region.h + MARGIN)
    x1, x2 = max(0, region.x - MARGIN), min(width, region.x + region.w + MARGIN)
    mask = np.zeros((y2 - y1, x2 - x1), np.uint8)
    mask[region.y - y1 :, region.x - x1 :][: region.h, : region.w] = region.mask
    was = view.reference.level[y1:y2, x1:x2]
    now = view.look.level[y1:y2, x1:x2].copy()
    stays = (mask > 0) & (view.candidates.age[y1:y2, x1:x2] > 1)
    now[stays] = view.candidates.level[y1:y2, x1:x2][stays]
    alike = likeness(now, was, mask)
    new, lost = outline(now, was, mask)
    if alike > SAME_TEXTURE or max(new, lost) < OUTLINE or _shifted(now, was, mask):
        return Verdict("light", alike, new, lost)
    if lost > CLEARLY * new:
        return Verdict("removed", alike, new, lost)
    return Verdict("object", alike, new, lost)


def absorb(region: Region, view: View) -> None:
    """Take what *region* shows for the empty scene: it is light, or what was behind a thing."""
    where = np.zeros(view.foreign.shape, np.uint8)
    where[region.window] = region.mask
    kernel = np.ones((3, 3), np.uint8)
    where = cv2.bitwise_and(cv2.dilate(where, kernel), view.shown)
    view.reference.adopt(view.look, where, SUPPORT)
    view.candidates.drop(where)


def likeness(now: Field, was: Field, mask: Mask) -> float:
    """The best correlation within *mask* over shifts of a pixel; 0 for flat surfaces."""
    inside = mask > 0
    there = was[inside]
    if there.std() < TEXTURE:
        return 0.0
    best = -1.0
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            here = np.roll(now, (dy, dx), (0, 1))[inside]
            a, b = here - here.mean(), there - there.mean()
            best = max(best, float((a * b).mean() / (a.std() * b.std() + 1e-3)))
    return best


def _shifted(now: Field, was: Field, mask: Mask) -> bool:
    """The same flat surface, brighter or darker by the same everywhere, with the old outline:
    a wall in the sun."""
    kernel = np.ones((3, 3), np.uint8)
    band = cv2.subtract(cv2.dilate(mask, kernel, iterations=2), cv2.erode(mask, kernel)) > 0
    even = float((now - was)[mask > 0].std()) < EVEN
    return even and float(_slope(now)[band].mean()) < 1.1 * float(_slope(was)[band].mean())


def outline(now: Field, was: Field, mask: Mask) -> tuple[float, float]:
    """Shares of the outline of *mask* with edges that are new, and that are lost."""
    kernel = np.ones((3, 3), np.uint8)
    band = cv2.subtract(cv2.dilate(mask, kernel, iterations=2), cv2.erode(mask, kernel)) > 0
    here, there = _slope(now), _slope(was)
    new = here > 1.5 * cv2.dilate(there, kernel) + EDGE
    lost = there > 1.5 * cv2.dilate(here, kernel) + EDGE
    wide = cv2.dilate(np.stack([new, lost], -1).astype(np.uint8), kernel) > 0
    return float(wide[band, 0].mean()), float(wide[band, 1].mean())


def _slope(level: Field) -> Field:
    """Units per pixel."""
    smooth = cv2.blur(level, (3, 3))
    dx, dy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return cv2.magnitude(dx, dy) * np.float32(0.25)
