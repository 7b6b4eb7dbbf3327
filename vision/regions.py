"""Groups pixels that stay into regions, and follows each region's life.

A region begins where candidates reach 35 % of the dwell next to some at 50 % (hysteresis,
so that one thing is one region). It ends when the scene behind it is seen again.
"""

from collections.abc import Iterator
from itertools import count

import cv2
import msgspec
import numpy as np

from gateway.model import Millis
from vision.frame import Field, Mask, above
from vision.scenery import View

WEAK, STRONG = 0.35, 0.5
"""Shares of the dwell at which a pixel joins a region, and at which it starts one."""
SMALLEST = 40
"""Pixels of a frame: less is not an object (16 px high and thin, or 7 x 7)."""
SAME = 0.3
"""Overlap from which a region found is one that is followed."""
TYPICAL = 70
"""Percentile of the pixels' ages that is the region's: some are hidden now and then."""
THINNEST = 3
RING = 5
"""Pixels around a region: that is where somebody's limbs are."""
STIR = 0.03
"""Share of a region that may change within a second while it counts as still. Things were
seen below 0.01, people who stand still at 0.03 to 0.15."""
SHIVER = 0.25
"""The same for a whole thing that is broader than high, for that is nobody who stands: an
engine idles, a tarpaulin flutters."""
BROAD = 300
"""Pixels from which a region is large enough to tell its shape."""
BUSY = 0.1
"""As `STIR`, for the ring: somebody is at it."""
PART = 0.35
"""Share of itself by which what a region is connected to may be larger, while it is whole."""
VISIBLE = 0.7
"""Share of a region that must be seen to say that it sways by itself."""
GONE = 2.0
"""Seconds for which the scene behind must be seen before a region ends."""


class Region(msgspec.Struct):
    """One thing that stays. `x, y, w, h` in pixels; `mask` h x w of the box, 0/255."""

    track: int
    since: Millis
    x: int
    y: int
    w: int
    h: int
    mask: Mask
    age: float = 0.0
    """Seconds: for how long its better pixels have been the same."""
    quiet: float = 0.0
    """Seconds of stillness, less those of swaying."""
    visible: float = 0.0
    """Share of it that is seen now."""
    seen: float = 0.0
    """Share of it that was seen a look ago: what passes before it is not its own swaying."""
    exposed: float = 0.0
    """Seconds for which the scene behind it has been seen again."""
    edge: bool = False
    """It goes on beyond the picture: a train, a tree, somebody at the edge."""
    verdict: str = ""
    """What a detector made of it; '' while it waits."""

    @property
    def window(self) -> tuple[slice, slice]:
        return slice(self.y, self.y + self.h), slice(self.x, self.x + self.w)

    @property
    def area(self) -> int:
        return int(cv2.countNonZero(self.mask))


class Regions:
    """Finds and follows the regions of one camera for one dwell, in seconds."""

    def __init__(self, dwell: float) -> None:
        self._dwell = dwell
        self._tracks: list[Region] = []
        self._ids = count(1)

    def follow(self, view: View, ignored: Mask | None = None) -> list[Region]:
        """The regions alive at *view*; ones that have a verdict stay until they are gone.

        Work is done about once a second, when there is a second to judge.
        """
        if view.stirred is None:
            return self._tracks
        age = view.candidates.age
        weak = above(age, WEAK * self._dwell)
        if ignored is not None:
            weak = cv2.bitwise_and(weak, cv2.bitwise_not(ignored))
        if cv2.countNonZero(weak) or self._tracks:
            self._match(view, list(_components(weak, age, STRONG * self._dwell)))
        for region in self._tracks:
            self._judge(region, view)
        if any(not region.verdict for region in self._tracks):
            self._watch(view, view.stirred)
        self._tracks = [region for region in self._tracks if region.exposed < GONE]
        return self._tracks

    @property
    def alive(self) -> list[Region]:
        return self._tracks

    def forget(self, region: Region) -> None:
        self._tracks.remove(region)

    def _match(self, view: View, left: list[Region]) -> None:
        """Each old region takes the found one it shares most with; the rest is new."""
        for old in self._tracks:
            best = max(left, key=lambda new: overlap(old, new), default=None)
            if best is None or overlap(old, best) < SAME:
                continue
            left.remove(best)
            if not old.verdict:
                old.x, old.y, old.w, old.h, old.mask = best.x, best.y, best.w, best.h, best.mask
        for new in left:
            if all(inside(new, old) < 0.5 for old in self._tracks):
                new.track, new.since = next(self._ids), view.at - int(new.age * 1000)
                self._tracks.append(new)

    def _judge(self, region: Region, view: View) -> None:
        rows, columns = region.window
        area = region.area
        ages = view.candidates.age[rows, columns][region.mask > 0]
        region.age = float(np.percentile(ages, TYPICAL))
        region.seen = region.visible
        region.visible = _share(view.shown[rows, columns], region.mask, area)
        behind = 1 - _share(view.foreign[rows, columns], region.mask, area)
        region.exposed = region.exposed + view.lapse if behind > 0.6 else 0.0

    def _watch(self, view: View, stirred: Mask) -> None:
        """A still thing gains quiet time, and one that sways loses it. While somebody is busy
        beside it, it gains half; a still part of something that stirs (shoes) gains none."""
        blobs = _blobs(view.foreign)
        for region in self._tracks:
            if region.verdict:
                continue
            rows, columns = region.window
            stir = _share(stirred[rows, columns], region.mask, region.area)
            whole, stirs, region.edge = _belongs(region, blobs, stirred)
            broad = region.w >= region.h and region.area >= BROAD
            if stir <= max(SHIVER if whole and broad else STIR, 1 / region.area):
                busy = around(region, stirred) - stir > BUSY
                region.quiet += view.lapse * (0.0 if stirs else 0.5 if busy else 1.0)
            elif min(region.visible, region.seen) > VISIBLE:
                region.quiet -= view.lapse
            region.quiet = min(max(region.quiet, 0.0), self._dwell)


def _blobs(foreign: Mask) -> tuple[Field, Field]:
    """Everything foreign in connected pieces, small gaps closed: labels and their statistics."""
    closed = cv2.morphologyEx(foreign, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
    return labels, stats


def _belongs(region: Region, blobs: tuple[Field, Field], stirred: Mask) -> tuple[bool, bool, bool]:
    """Whether *region* is nearly all of its blob, whether the rest of the blob stirs, and
    whether the blob goes on beyond the picture."""
    labels, stats = blobs
    own = labels[region.window][region.mask > 0]
    label = int(np.bincount(own).argmax())
    if label == 0:
        return True, False, False
    x, y, w, h, area = (int(value) for value in stats[label])
    blob = (labels[y : y + h, x : x + w] == label) & (stirred[y : y + h, x : x + w] > 0)
    rows, columns = region.window
    inner = np.count_nonzero((labels[region.window] == label) & (stirred[rows, columns] > 0))
    whole = area < (1 + PART) * region.area + 20
    stirs = not whole and int(np.count_nonzero(blob) - inner) > BUSY * region.area
    height, width = labels.shape
    return whole, stirs, x <= 1 or y <= 1 or x + w >= width - 1 or y + h >= height - 1


def _share(of: Mask, mask: Mask, area: int) -> float:
    return cv2.countNonZero(cv2.bitwise_and(of, mask)) / area


def _components(weak: Mask, age: Field, strong: float) -> Iterator[Region]:
    closed = cv2.morphologyEx(weak, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    n, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
    for i in range(1, n):
        x, y, w, h, area = (int(value) for value in stats[i])
        if area < SMALLEST or min(w, h) < THINNEST or area < 0.15 * w * h:
            continue
        inside_box = labels[y : y + h, x : x + w] == i
        ages = age[y : y + h, x : x + w][inside_box]
        if np.count_nonzero(ages >= strong) < 0.25 * area:
            continue
        yield Region(0, 0, x, y, w, h, inside_box.astype(np.uint8) * 255, float(np.median(ages)))


def around(region: Region, of: Mask) -> float:
    """Pixels of *of* in the region's box and the ring around it, as a share of the region."""
    height, width = of.shape
    y1, y2 = max(0, region.y - RING), min(height, region.y + region.h + RING)
    x1, x2 = max(0, region.x - RING), min(width, region.x + region.w + RING)
    return cv2.countNonZero(of[y1:y2, x1:x2]) / region.area


def overlap(a: Region, b: Region) -> float:
    """Intersection over union of two masks."""
    shared = _shared(a, b)
    return shared / (a.area + b.area - shared)


def inside(a: Region, b: Region) -> float:
    """Share of *a*'s box within *b*'s."""
    w = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    h = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    return max(0, w) * max(0, h) / (a.w * a.h)


def _shared(a: Region, b: Region) -> int:
    x1, x2 = max(a.x, b.x), min(a.x + a.w, b.x + b.w)
    y1, y2 = max(a.y, b.y), min(a.y + a.h, b.y + b.h)
    if x1 >= x2 or y1 >= y2:
        return 0
    one = a.mask[y1 - a.y : y2 - a.y, x1 - a.x : x2 - a.x]
    two = b.mask[y1 - b.y : y2 - b.y, x1 - b.x : x2 - b.x]
    return int(cv2.countNonZero(cv2.bitwise_and(one, two)))
