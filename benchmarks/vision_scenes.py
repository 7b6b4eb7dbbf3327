"""Real scenes and real things to paste into them, from clips whose truth is known.

Things are cut out of the clips in which something was left: where the median of the frames in
which it lies there differs from the median of the frames before. Scenes are the clips in which
nothing happens; one that is too short is played forth and back.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.evaluate import Clip, Event, pictures
from vision.frame import Field, Mask, Plane, from_i420

SAMPLES = 31
"""Frames that a median is taken of."""
DARK = 16.0
"""Grey levels added before a ratio is taken."""
LUMA, TINT = 22.0, 14.0
"""Grey levels from the empty scene at which somebody is in the way."""
LEVELS = np.arange(16, 240, 16)
"""Grey levels at which a scene's noise is told: it is not the same in the dark."""
NORMAL = 0.954
"""Median of the difference of two normal deviates, in standard deviations."""
BRIGHTEST = 3.0
"""The largest local change of light, and its reciprocal the least."""
SOLID = 0.7
"""Share of its hull that a cut-out fills at least; what is torn was not cut out well."""
REACH = (61, 61)
"""Pixels: the neighbourhood whose light is the local light."""


class Cutout(NamedTuple):
    """A thing in its clip's own pixels: luma, chroma at full size, and opacity 0 to 1."""

    name: str
    y: Field
    u: Field
    v: Field
    alpha: Field


class Moment(NamedTuple):
    """One frame of a scene. `light`: against the empty scene, per pixel; `hidden`: 255 where
    somebody or something else is before the empty scene."""

    at: float
    y: Plane
    u: Plane
    v: Plane
    light: Field
    hidden: Mask


class Scene(NamedTuple):
    """A clip at working scale, its empty scene (the median), and its noise: grey levels at each
    of `LEVELS`."""

    name: str
    moments: tuple[Moment, ...]
    empty: Field
    noise: Field


def i420(y: Plane, u: Plane, v: Plane) -> Plane:
    """The planes in one array, as a decoder gives them."""
    height, width = y.shape
    chroma = np.stack([u, v]).reshape(height // 2, width)
    return np.ascontiguousarray(np.vstack([y, chroma]))


def full(picture: Plane) -> NDArray[np.uint8]:
    """*picture* (I420) as h x w x 3 of Y, U, V."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    chroma = picture[height:].reshape(2, height // 2, width // 2)
    planes = [picture[:height], *(cv2.resize(plane, (width, height)) for plane in chroma)]
    return np.dstack(planes)


def median(frames: list[NDArray[np.uint8]]) -> Field:
    step = max(1, len(frames) // SAMPLES)
    return np.median(np.stack(frames[::step]), axis=0).astype(np.float32)


def cutouts(folder: Path, known: Iterable[Clip]) -> Iterator[Cutout]:
    """Every left thing that can be cut out well."""
    for clip in known:
        for event in clip.events:
            if event.kind == "left_object":
                thing = cutout(folder, clip, event)
                if solidity(thing.alpha) >= SOLID:
                    yield thing


def solidity(alpha: Field) -> float:
    """Share of its convex hull that a thing fills."""
    outlines, _ = cv2.findContours(
        (alpha > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    hull = cv2.contourArea(cv2.convexHull(np.concatenate(outlines)))
    return float(np.count_nonzero(alpha > 0.5) / max(1.0, hull))


def cutout(folder: Path, clip: Clip, event: Event) -> Cutout:
    """What lies at *event*'s place in the second half of its stay."""
    settled = (event.put_s + event.gone_s) / 2
    before, during = [], []
    x1, y1, x2, y2 = event.box
    for at, picture in pictures(folder / clip.file, clip, 3.0):
        if event.put_s - 3 < at < settled or at > event.gone_s - 0.3:
            continue
        whole = full(picture)
        height, width = whole.shape[:2]
        mx, my = 0.2 * (x2 - x1), 0.2 * (y2 - y1)
        rows = slice(max(0, int((y1 - my) * height)), int((y2 + my) * height))
        part = whole[rows, max(0, int((x1 - mx) * width)) : int((x2 + mx) * width)]
        (before if at < settled else during).append(part)
    there, empty = median(during), median(before)
    change = np.abs(there - empty)
    differs = (change[..., 0] > LUMA) | (change[..., 1] + change[..., 2] > TINT)
    alpha = _thing(differs.astype(np.uint8) * 255)
    rows, columns = (slice(n.min(), n.max() + 1) for n in np.nonzero(alpha > 0.5))
    y, u, v = (np.ascontiguousarray(there[rows, columns, i]) for i in range(3))
    return Cutout(clip.file, y, u, v, np.ascontiguousarray(alpha[rows, columns]))


def _thing(differs: Mask) -> Field:
    """The largest piece, filled, with a soft edge."""
    size = max(3, min(differs.shape) // 12) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, kernel)
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    whole = np.zeros_like(differs)
    cv2.drawContours(whole, [max(outlines, key=cv2.contourArea)], -1, 255, -1)
    smooth = cv2.morphologyEx(whole, cv2.MORPH_OPEN, kernel)
    return cv2.blur(smooth, (3, 3)).astype(np.float32) / 255


def scene(folder: Path, clip: Clip, fps: float, seconds: float) -> Scene:
    """*clip* at working scale for at least *seconds*."""
    frames = [
        (at, from_i420(picture, round(at * 1000)))
        for at, picture in pictures(folder / clip.file, clip, fps)
    ]
    empty, u, v = (
        median([getattr(frame, plane) for _, frame in frames]) for plane in ("y", "u", "v")
    )
    moments = []
    for at, frame in frames:
        tint = np.abs(frame.u - u) + np.abs(frame.v - v)
        light, hidden = _light(frame.y.astype(np.float32), empty, tint)
        moments.append(Moment(at, frame.y, frame.u, frame.v, light, hidden))
    noise = _noise(moments, empty)
    return Scene(clip.file, tuple(_long_enough(_steady(moments), fps, seconds)), empty, noise)


def _noise(moments: list[Moment], empty: Field) -> Field:
    """Grey levels by which a pixel changes of itself from frame to frame, at each of `LEVELS`."""
    rest = [moment.y - (empty + DARK) * moment.light for moment in moments[::4]]
    steps = np.median([np.abs(b - a) for a, b in pairwise(rest)], axis=0) / NORMAL
    bins = [np.abs(empty - level) < LEVELS[1] - LEVELS[0] for level in LEVELS]
    known = [i for i, inside in enumerate(bins) if np.count_nonzero(inside) > 200]
    return np.interp(
        LEVELS, LEVELS[known], [float(np.median(steps[bins[i]])) for i in known]
    ).astype(np.float32)


def _steady(moments: list[Moment]) -> list[Moment]:
    """The light of each without the error that somebody who passes makes in one frame."""
    found = []
    for i, moment in enumerate(moments):
        around = moments[max(0, i - 2) : i + 3]
        light = np.median(np.stack([other.light for other in around]), axis=0)
        found.append(moment._replace(light=light.astype(np.float32)))
    return found


def _light(y: Field, empty: Field, tint: Field) -> tuple[Field, Mask]:
    """The local light, and who is in the way; found together, for each needs the other."""
    tinted = cv2.resize(tint, y.shape[::-1], interpolation=cv2.INTER_NEAREST) > TINT
    free = np.ones_like(y)
    for _ in range(3):
        light = cv2.blur((y + DARK) * free, REACH) + 1
        light /= cv2.blur((empty + DARK) * free, REACH) + 1
        light = np.clip(light, 1 / BRIGHTEST, BRIGHTEST)
        other = (np.abs(y + DARK - (empty + DARK) * light) > LUMA) | tinted
        free = 1 - other.astype(np.float32)
    kernel = np.ones((3, 3), np.uint8)
    hidden = cv2.morphologyEx(other.astype(np.uint8) * 255, cv2.MORPH_OPEN, kernel)
    hidden = cv2.morphologyEx(hidden, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    return light, cv2.dilate(hidden, kernel)


def _long_enough(moments: list[Moment], fps: float, seconds: float) -> Iterator[Moment]:
    """Forth and back, so that nothing jumps."""
    order = list(range(len(moments)))
    while len(order) < seconds * fps:
        order += order[-2:0:-1] if order[-1] else order[1:]
        order = order[: max(len(moments), int(seconds * fps) + 1)]
        if len(moments) < 2:
            break
    for number, i in enumerate(order):
        yield moments[i]._replace(at=number / fps)
