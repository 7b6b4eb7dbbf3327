"""Light, weather and a bumped camera: does a scene in which nothing is left stay silent?

    python -m benchmarks.vision_perturbations DIR [--json]

Three clips without events from DIR/truth.yaml are shown; 20 s after the start something
happens to the picture, and stays so. Every report is a false alarm.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.vision_scenes import Scene, i420, scene
from vision.camera import camera
from vision.evaluate import clips
from vision.frame import Field, to_i420
from vision.watcher import Watcher

SCENES = ("office.mp4", "vtest.avi", "onebyone.mp4")
BEGIN = 20.0
"""Seconds after which it happens."""
SECONDS = 75.0


def grid(picture: Field) -> tuple[Field, Field]:
    """Rows and columns, as fractions."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    return rows / height, columns / width


def gamma(picture: Field, power: float) -> Field:
    return 255 * (picture / 255) ** np.float32(power)


def lamp(picture: Field, _: float) -> Field:
    rows, columns = grid(picture)
    glow = np.exp(-(((columns - 0.6) / 0.19) ** 2) - ((rows - 0.55) / 0.28) ** 2)
    return picture + 80 * glow[:, :, None]


def headlights(picture: Field, t: float) -> Field:
    _, columns = grid(picture)
    return picture + 90 * np.exp(-(((columns - t * 0.1 % 1.6) / 0.12) ** 2))[:, :, None]


def noise(picture: Field, t: float) -> Field:
    rng = np.random.default_rng(round(t * 1000))
    return picture + 12 * rng.standard_normal((*picture.shape[:2], 1), np.float32)


def rain(picture: Field, t: float) -> Field:
    rng = np.random.default_rng(round(t * 1000))
    wet = picture.copy()
    for x, y in rng.integers(0, (picture.shape[1], picture.shape[0]), (60, 2)).tolist():
        cv2.line(wet, (x, y), (x + 1, y + 12), (190, 190, 190), 1)
    return wet


def jpeg(picture: Field, _: float) -> Field:
    _, data = cv2.imencode(".jpg", picture.clip(0, 255).astype(np.uint8), (1, 10))
    return cv2.imdecode(data, cv2.IMREAD_COLOR).astype(np.float32)


def moved(picture: Field, dx: float, dy: float) -> Field:
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    size = picture.shape[1], picture.shape[0]
    return cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)


def jitter(picture: Field, t: float, most: float) -> Field:
    dx, dy = np.random.default_rng(round(t * 1000)).uniform(-most, most, 2)
    return moved(picture, float(dx), float(dy))


def infrared(picture: Field, _: float) -> Field:
    grey = picture @ np.array([0.1, 0.4, 0.5], np.float32)
    return np.repeat((grey * 0.9 + 10)[:, :, None], 3, 2)


def shadow(picture: Field, _: float) -> Field:
    dark = picture.copy()
    height, width = picture.shape[:2]
    corners = np.array([[0.3, 0.55], [0.55, 0.5], [0.6, 0.85], [0.35, 0.9]]) * (width, height)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [corners.astype(np.int32)], 255)
    dark[mask > 0] *= 0.55
    return dark


PERTURBED: dict[str, Callable[[Field, float], Field]] = {
    "as it is": lambda p, t: p,
    "gain x 0.5": lambda p, t: p * 0.5,
    "gain x 1.7": lambda p, t: p * 1.7,
    "gamma 0.6": lambda p, t: gamma(p, 0.6),
    "gamma 1.8": lambda p, t: gamma(p, 1.8),
    "ramp to x 0.3": lambda p, t: p * max(0.3, 1 - (t - BEGIN) / 45),
    "lamp": lamp,
    "headlights": headlights,
    "noise, 12 levels": noise,
    "rain": rain,
    "JPEG, quality 10": jpeg,
    "jitter of 1 px": lambda p, t: jitter(p, t, 1),
    "jitter of 3 px": lambda p, t: jitter(p, t, 3),
    "infrared": infrared,
    "hard shadow x 0.55": shadow,
    "nudge of 6, 3 px": lambda p, t: moved(p, 6, 3),
}


def alarms(where: Scene, change: Callable[[Field, float], Field], dwell: float) -> int:
    """How many things are reported in *where* when *change* happens to it."""
    detector = {"kind": "left_object", "dwell": f"{dwell}s"}
    watcher = Watcher(camera({"id": "perturbed", "render": "-", "detectors": [detector]}))
    seen = set()
    for moment in where.moments:
        if moment.at > SECONDS:
            break
        picture = i420(moment.y, moment.u, moment.v)
        if moment.at > BEGIN:
            bgr = cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420).astype(np.float32)
            picture = to_i420(change(bgr, moment.at).clip(0, 255).astype(np.uint8))
        sight = watcher.see(picture, round(moment.at * 1000) + 1)
        seen |= {found.track for found in sight.detections}
    return len(seen)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir", type=Path, metavar="DIR", help="folder with truth.yaml and clips")
    parser.add_argument("--dwell", type=float, default=10.0, help="seconds (10)")
    parser.add_argument("--fps", type=float, default=2.0, help="pictures per second (2)")
    parser.add_argument("--json", action="store_true", help="for programs")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    known = {clip.file: clip for clip in clips(args.dir)}
    scenes = [scene(args.dir, known[name], args.fps, SECONDS) for name in SCENES]
    table = {
        name: {where.name: alarms(where, change, args.dwell) for where in scenes}
        for name, change in PERTURBED.items()
    }
    if args.json:
        print(json.dumps(table, indent=1))
    else:
        print(f"{'':<20}", *(f"{name:>14}" for name in SCENES))
        for name, row in table.items():
            print(f"{name:<20}", *(f"{count:>14}" for count in row.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
