"""What has a region become: a thing that is there, a thing that is gone, or other light?

Three looks at the region as it was learnt and as it is, all in log luma, so that light only
adds: does its texture correlate with what was there (light keeps texture); does its outline
show edges that were not there (a thing has an outline); or did edges go (a thing was taken,
or somebody who stood there when the scene was learnt has left).
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.frame import Field, Mask
from vision.regions import Region
from vision.scenery import View

Flags = NDArray[np.bool_]

SAME_TEXTURE = 0.75
"""Correlation above which it is the same surface in other light."""
VERY_ALIKE, NEW_THING = 0.8, 0.3
"""With this much of a new outline it must be very much alike to be the same surface."""
SMALL_TEXTURE, SMALL_THING = 0.6, 0.5
"""The same two for a region of fewer than `SMALL` pixels, whose texture is coarse."""
COVERED = 0.65
"""Correlation below which a texture that was there is hidden: half an outline suffices."""
TEXTURE = 5.0
"""Units: standard deviation below which a surface has no texture to compare."""
STEEP = 0.3
"""Of the change within the region, per pixel: the outline of a thing is at least so steep, for
optics spread a step over three or four pixels; light fades."""
EDGE = (4.0, 8.0)
"""Units per pixel: the least and the most that is asked of an edge."""
OUTLINE = 0.15
"""Share of the outline that must have new or lost edges."""
CLEARLY = 1.35
"""By how much lost edges must outweigh new ones before a thing counts as taken away."""
SMALL_OUTLINE = 0.4
"""The same for a region of fewer than `SMALL` pixels."""
SUPPORT = 10.0
"""Seconds of support that an absorbed region begins with."""
DOUBT = 0.35
"""Share of the outline that full doubt asks for on top."""
SMALL = 100
"""Pixels below which a region must differ twice as much."""
BLOWN = 226.0
"""Units, grey level 249: a surface that was overexposed changes with every cloud."""
FAINT = 10.5
"""Units: a mean change below this is a cloud, or nothing."""
SLOPES = 1.25
"""The old outline, brighter or darker."""
EVEN = 6.0
"""Units: standard deviation of a change that is the same everywhere."""
NET, FULL = 0.2, 0.3
"""Share of the picture from which a region's box counts as much of it, and the share of its
box that a thing of that size fills at least."""
FREE = 0.3
"""Share of the outline that must be free of the scene's own edges to decide alone."""
MARGIN = 4
"""Pixels around the region."""


class Verdict(NamedTuple):
    """`kind`: object, removed or light. `alike`: correlation with what was there, -1 to 1.
    `new`, `lost`: shares of the outline with edges that came and went."""

    kind: str
    alike: float
    new: float
    lost: float


def verdict(region: Region, view: View, doubt: float = 0.0) -> Verdict:
    """Judge *region* by the candidate it shows, not by who stands before it just now.

    *doubt*, 0 to 1: the light is changing in many places, so more of an outline is asked.
    """
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
    change = float(np.abs(now - was)[mask > 0].mean())
    textured = _textured(region, alike, new)
    covered = alike < COVERED and float(was[mask > 0].std()) > 1.6 * TEXTURE
    least = SMALL_OUTLINE if region.area < SMALL else OUTLINE / 2 if covered else OUTLINE
    limit = least + DOUBT * doubt
    faint = _faint(region, float(was[mask > 0].mean()))
    light = change < faint or textured or max(new, lost) < limit or _torn(region, view)
    if light or _shifted(now, was, mask):
        return Verdict("light", alike, new, lost)
    if lost > CLEARLY * new and lost >= OUTLINE:
        return Verdict("removed", alike, new, lost)
    return Verdict("object", alike, new, lost)


def _textured(region: Region, alike: float, new: float) -> bool:
    """Whether it shows the texture that was there, so far as a small region can show one."""
    if region.area < SMALL:
        return alike > SMALL_TEXTURE and new < SMALL_THING
    return alike > SAME_TEXTURE and (new < NEW_THING or alike > VERY_ALIKE)


def _torn(region: Region, view: View) -> bool:
    """A net of edges over much of the picture: light, or what a nudge left over."""
    height, width = view.foreign.shape
    box = region.w * region.h
    return box > NET * height * width and region.area < FULL * box


def _faint(region: Region, level: float) -> float:
    """Units: the mean change below which *region* shows nothing."""
    if level > BLOWN:
        return 2 * FAINT
    return FAINT * (2 if region.area < SMALL else 1)


def absorb(region: Region, view: View) -> None:
    """Take what *region* shows for the empty scene: it is light, or what was behind a thing."""
    inside = np.zeros(view.foreign.shape, np.uint8)
    inside[region.window] = region.mask
    kernel = np.ones((3, 3), np.uint8)
    where = cv2.bitwise_and(cv2.dilate(inside, kernel), view.shown)
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
    return even and float(_slope(now)[band].mean()) < SLOPES * float(_slope(was)[band].mean())


def outline(now: Field, was: Field, mask: Mask) -> tuple[float, float]:
    """Shares of the outline of *mask* with edges that are new, and that are lost.

    Where the scene has an edge of its own, a thing's outline and the limit of a sunny wall
    look alike; so the free part of the outline decides, where there is enough of it.
    """
    kernel = np.ones((3, 3), np.uint8)
    inner = cv2.erode(mask, kernel, iterations=2)
    band = cv2.subtract(cv2.dilate(mask, kernel, iterations=2), inner) > 0
    change = float(np.abs(now - was)[mask > 0].mean())
    edge = min(max(STEEP * change, EDGE[0]), EDGE[1])
    here, there, step = _slope(now), _slope(was), _slope(now - was)
    return _gained(here, there, step, band, edge), _gained(there, here, step, band, edge)


def _gained(here: Field, there: Field, step: Field, band: Flags, edge: float) -> float:
    """Share of *band* with an edge that is *here* and not *there*."""
    kernel = np.ones((3, 3), np.uint8)
    around = cv2.dilate(there, kernel)
    free = band & (around < 0.5 * edge)
    if np.count_nonzero(free) >= FREE * np.count_nonzero(band):
        risen = (step > edge) & (here > around)
        return float((cv2.dilate(risen.astype(np.uint8), kernel) > 0)[free].mean())
    risen = here > 1.5 * around + edge
    return float((cv2.dilate(risen.astype(np.uint8), kernel) > 0)[band].mean())


def _slope(level: Field) -> Field:
    """Units per pixel."""
    smooth = cv2.blur(level, (3, 3))
    dx, dy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return cv2.magnitude(dx, dy) * np.float32(0.25)
