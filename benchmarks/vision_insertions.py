"""How many left things are found, of real things pasted into real scenes with known truth?

    python -m benchmarks.vision_insertions DIR [--json] [--sheet FILE]

DIR holds `truth.yaml` and its clips. Each scene without events is shown `--each` times, each
time with one thing that appears somewhere at some second and stays. It is lit as the scene is
at that place, is as noisy as the scene is at that brightness, and is hidden by whoever walks
before it. Left out are places where it would be hidden for more than half of the time, or would
differ by less than 25 grey levels from what is behind it. It is at least 16 px high in a
picture 320 wide.

A thing counts as found when it is reported within four dwells. Every other report is a false
alarm; as a scene is shown many times, each of its own false alarms is counted many times.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import cv2
import msgspec
import numpy as np

from benchmarks.vision_scenes import DARK, LEVELS, Cutout, Moment, Scene, cutouts, i420, scene
from gateway.model import Box
from vision.camera import camera
from vision.evaluate import Event, clips
from vision.frame import Field, Plane
from vision.sheet import Sheet, Tile, tile
from vision.watcher import Watcher

SEED = 20
LEARNT = 20.0
"""Seconds before which nothing is put."""
DWELLS = 4
"""Dwells within which it must be reported."""
HIGH = (16, 44)
"""Pixels: the least and the most height."""
CONTRAST = 25.0
"""Grey levels: the least mean difference from what is behind."""
HIDDEN = 0.5
"""The largest share of the time for which half of it may be hidden."""
TRIES = 4000


class Paste(NamedTuple):
    """A thing at its size and place: planes, the upper left corner (even), when it comes."""

    name: str
    y: Field
    u: Field
    v: Field
    alpha: Field
    left: int
    top: int
    put: float

    @property
    def window(self) -> tuple[slice, slice]:
        height, width = self.y.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    def box(self, shape: tuple[int, int]) -> Box:
        (rows, columns), (height, width) = self.window, shape
        return (
            columns.start / width,
            rows.start / height,
            columns.stop / width,
            rows.stop / height,
        )


class Shown(NamedTuple):
    """How one pasted thing went. `delay_s` counts from `put` plus the dwell; None: missed."""

    paste: Paste
    contrast: float
    hidden: float
    delay_s: float | None
    false_alarms: int
    seconds: float


class Row(msgspec.Struct, frozen=True):
    """One scene."""

    scene: str
    pasted: int
    found: int
    median_delay_s: float | None
    longest_delay_s: float | None
    false_alarms: int
    minutes: float


def scaled(thing: Cutout, rng: np.random.Generator) -> tuple[Field, Field, Field, Field]:
    """Planes of *thing* at some even size, perhaps mirrored, a little brighter or darker."""
    high = float(rng.uniform(*HIGH))
    wide = high * thing.y.shape[1] / thing.y.shape[0]
    size = max(8, round(wide / 2) * 2), max(HIGH[0], round(high / 2) * 2)
    half = size[0] // 2, size[1] // 2
    turn = -1 if rng.random() < 0.5 else 1
    y, alpha = (
        cv2.resize(plane[:, ::turn], size, interpolation=cv2.INTER_AREA)
        for plane in (thing.y, thing.alpha)
    )
    u, v = (
        cv2.resize(plane[:, ::turn], half, interpolation=cv2.INTER_AREA)
        for plane in (thing.u, thing.v)
    )
    return np.clip(y * np.float32(rng.uniform(0.7, 1.3)), 16, 235), u, v, alpha


def placed(where: Scene, thing: Cutout, dwell: float, rng: np.random.Generator) -> Paste | None:
    """*thing* somewhere in the lower two thirds, where it can be seen; None: no such place here."""
    height, width = where.empty.shape
    y, u, v, alpha = scaled(thing, rng)
    tall, wide = y.shape
    last = where.moments[-1].at - DWELLS * dwell
    left = int(rng.integers(1, (width - wide) // 2)) * 2
    top = int(rng.integers(max(0, height // 3 - tall) // 2 + 1, (height - tall) // 2)) * 2
    put = float(rng.uniform(LEARNT, last))
    paste = Paste(thing.name, y, u, v, alpha, left, top, put)
    plain = contrast(where, paste) >= CONTRAST
    return paste if plain and hidden(where, paste, dwell) <= HIDDEN else None


def contrast(where: Scene, paste: Paste) -> float:
    """Grey levels: the mean difference from the empty scene."""
    change = np.abs(paste.y - where.empty[paste.window])
    return float(change[paste.alpha > 0.5].mean())


def hidden(where: Scene, paste: Paste, dwell: float) -> float:
    """Share of the time in which more than half of it is hidden."""
    until = paste.put + DWELLS * dwell
    shares = [
        np.mean(moment.hidden[paste.window][paste.alpha > 0.5] > 0)
        for moment in where.moments
        if paste.put <= moment.at <= until
    ]
    return float(np.mean(np.array(shares) > 0.5))


def pasted(where: Scene, moment: Moment, paste: Paste) -> Plane:
    """The frame, I420, with the thing behind whoever is before it."""
    y, u, v = moment.y.copy(), moment.u.copy(), moment.v.copy()
    if moment.at >= paste.put:
        at = paste.window
        rng = np.random.default_rng(round(moment.at * 1000))
        before = cv2.blur(moment.hidden[at], (3, 3)).astype(np.float32) / 255
        alpha = paste.alpha * (1 - before)
        light, was = moment.light[at], y[at].astype(np.float32)
        sigma = np.interp(paste.y * light, LEVELS, where.noise).astype(np.float32)
        noise = sigma * rng.standard_normal(was.shape, np.float32)
        lit = (paste.y + DARK) * light - DARK + noise
        y[at] = np.clip(was + alpha * (lit - was), 0, 255).astype(np.uint8)
        half = tuple(slice(side.start // 2, side.stop // 2) for side in at)
        share = cv2.resize(alpha, paste.u.shape[::-1], interpolation=cv2.INTER_AREA)
        for plane, tint in ((u, paste.u), (v, paste.v)):
            plane[half] = (plane[half] + share * (tint - plane[half])).astype(np.uint8)
    return i420(y, u, v)


def show(where: Scene, paste: Paste, dwell: float) -> Shown:
    """Run the detector over one scene with one thing in it, until it must have been reported."""
    watcher = Watcher(
        camera(
            {
                "id": "pasted",
                "render": "-",
                "detectors": [{"kind": "left_object", "dwell": f"{dwell}s"}],
            }
        )
    )
    until = paste.put + DWELLS * dwell
    truth = Event("left_object", paste.put, paste.put, until, paste.box(where.empty.shape))
    first, false, at = None, set(), 0.0
    for moment in where.moments:
        if moment.at > until:
            break
        at = moment.at
        sight = watcher.see(pasted(where, moment, paste), round(at * 1000) + 1)
        for seen in sight.detections:
            if truth.holds(seen.box, at):
                first = at if first is None else first
            else:
                false.add(seen.track)
    delay = None if first is None else round(first - paste.put - dwell, 2)
    share = hidden(where, paste, dwell)
    return Shown(paste, contrast(where, paste), share, delay, len(false), at)


def shows(
    where: Scene, things: list[Cutout], each: int, dwell: float, seed: int
) -> Iterator[Shown]:
    """*each* things, one after the other, all kinds in turn."""
    rng = np.random.default_rng(seed)
    number = 0
    for _ in range(TRIES):
        if number == each:
            return
        if paste := placed(where, things[number % len(things)], dwell, rng):
            number += 1
            yield show(where, paste, dwell)
    raise ValueError(f"{where.name}: no place was found for {each} things")


def row(name: str, shown: list[Shown]) -> Row:
    delays = [one.delay_s for one in shown if one.delay_s is not None]
    return Row(
        scene=name,
        pasted=len(shown),
        found=len(delays),
        median_delay_s=round(median(delays), 1) if delays else None,
        longest_delay_s=round(max(delays), 1) if delays else None,
        false_alarms=sum(one.false_alarms for one in shown),
        minutes=round(sum(one.seconds for one in shown) / 60, 1),
    )


def missed(where: Scene, one: Shown) -> Tile:
    """A missed thing at its best visible moment."""
    paste = one.paste
    after = [moment for moment in where.moments if moment.at >= paste.put]
    best = min(after, key=lambda moment: float(moment.hidden[paste.window].mean()))
    text = f"{where.name} {paste.put:.0f} s, contrast {one.contrast:.0f}, hidden {one.hidden:.0%}"
    box = paste.box(where.empty.shape)
    return Tile("missed", text, tile(pasted(where, best, paste), box, "missed", text))


def written(one: Row) -> str:
    delay, longest = one.median_delay_s, one.longest_delay_s
    return (
        f"{one.scene:<20} {one.pasted:>6} {one.found:>5} {one.found / one.pasted:>6.0%} "
        f"{'-' if delay is None else delay:>8} {'-' if longest is None else longest:>8} "
        f"{one.false_alarms:>5} {one.minutes:>7}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir", type=Path, metavar="DIR", help="folder with truth.yaml and clips")
    parser.add_argument("--only", default="", help="a scene: part of its name")
    parser.add_argument("--each", type=int, default=20, help="things per scene (20)")
    parser.add_argument("--dwell", type=float, default=10.0, help="seconds (10)")
    parser.add_argument("--fps", type=float, default=2.0, help="pictures per second (2)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="every miss as a picture")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    known = clips(args.dir)
    things = list(cutouts(args.dir, known))
    rows, every, sheet = [], [], Sheet()
    for number, clip in enumerate(clip for clip in known if not clip.events):
        if args.only not in clip.file:
            continue
        where = scene(args.dir, clip, args.fps, LEARNT + (DWELLS + 2) * args.dwell)
        shown = list(shows(where, things, args.each, args.dwell, args.seed + number))
        sheet.tiles += [missed(where, one) for one in shown if one.delay_s is None]
        every += shown
        rows.append(row(clip.file, shown))
        if not args.json:
            print(written(rows[-1]), flush=True)
    total = row("all", every)
    if args.sheet:
        cv2.imwrite(str(args.sheet), sheet.drawn())
    if args.json:
        print(json.dumps([msgspec.to_builtins(one) for one in [*rows, total]], indent=1))
    else:
        print(written(total))
    return 0


if __name__ == "__main__":
    sys.exit(main())
