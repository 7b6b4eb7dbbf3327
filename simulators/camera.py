"""Rendered scenes for demos and tests: a picture is a pure function of scene, seed and time.

    street_corner   passers-by; a rubbish bag is put down at 20 s and left
    bin_area        bins; a bag at 25 s, a box beside it at 60 s
    exit_corridor   an emergency exit; two cartons are stacked before it at 30 s

Everything is taken away at 210 s and begins again at 240 s. Nothing here looks like a
photograph; what matters to a detector is: texture, noise, soft light that changes, shadows,
people who walk through and hide what lies there, and a thing that stays.
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""h x w x 3, blue green red."""

WIDTH, HEIGHT = 640, 360
PERIOD = 240.0
"""Seconds after which a scene begins again."""
NOISE = 2.5
"""Grey levels: standard deviation of the sensor's noise."""
Colour = tuple[int, int, int]
Point = tuple[float, float]


class Thing(NamedTuple):
    """Something put down. `foot`: middle of its lower edge in pixels; times in seconds."""

    look: str
    foot: Point
    width: int
    height: int
    put: float
    taken: float = 210.0


class Walk(NamedTuple):
    """Somebody walks from `start` to `end` (feet, pixels), in seconds `begin` to `finish`."""

    start: Point
    end: Point
    begin: float
    finish: float
    coat: Colour
    carries: str = ""

    def at(self, t: float) -> Point:
        share = (t - self.begin) / (self.finish - self.begin)
        x1, y1, x2, y2 = *self.start, *self.end
        return x1 + (x2 - x1) * share, y1 + (y2 - y1) * share


class Stage:
    """One scene. `picture(t)` is the same for the same seed and second."""

    def __init__(
        self, ground: Picture, things: tuple[Thing, ...], walks: tuple[Walk, ...], seed: int
    ) -> None:
        self._ground = ground.astype(np.float32)
        self._things, self._walks, self._seed = things, walks, seed
        self._slope = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None, :, None]

    def picture(self, t: float) -> Picture:
        """The picture at *t* seconds since the start of the scene."""
        now = t % PERIOD
        canvas = self._ground.copy()
        lying = [thing for thing in self._things if thing.put <= now < thing.taken]
        walking = [walk for walk in self._walks if walk.begin <= now < walk.finish]
        actors: list[tuple[float, Callable[[], None]]] = []
        for thing in lying:
            actors.append((thing.foot[1], lambda thing=thing: _draw_thing(canvas, thing)))  # type: ignore[misc] # mypy knows no bound lambda
        for walk in walking:
            actors.append((walk.at(now)[1], lambda walk=walk: _draw_walker(canvas, walk, now)))  # type: ignore[misc] # mypy knows no bound lambda
        for _, draw in sorted(actors, key=lambda actor: actor[0]):
            draw()
        return self._exposed(canvas, t)

    def _exposed(self, canvas: NDArray[np.float32], t: float) -> Picture:
        """Clouds, a drifting light from one side, and noise."""
        cloud = 1 + 0.07 * np.sin(t / 17 + self._seed) + 0.03 * np.sin(t / 5.3)
        side = 1 + np.float32(0.08 * np.sin(t / 29)) * self._slope
        rng = np.random.default_rng((self._seed, int(t * 1000)))
        noise = rng.standard_normal((HEIGHT // 2, WIDTH // 2), np.float32) * np.float32(NOISE)
        grain = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
        lit = canvas * (np.float32(cloud) * side) + grain[:, :, None]
        return np.clip(lit, 0, 255).astype(np.uint8)


def stage(name: str, seed: int = 1) -> Stage:
    """The scene called *name*. Raises `KeyError` for one that is not known."""
    return SCENES[name](seed)


def _street_corner(seed: int) -> Stage:
    ground = _ground(seed, horizon=120, wall=(128, 140, 150), floor=(116, 118, 120), tile=46)
    cv2.rectangle(ground, (470, 20), (560, 150), (70, 80, 92), -1)
    cv2.rectangle(ground, (40, 30), (150, 100), (150, 138, 120), -1)
    things = (Thing("bag", (392, 252), 52, 46, put=20),)
    carrier = (
        Walk((-30, 250), (362, 254), 8, 20, (60, 60, 110), carries="bag"),
        Walk((362, 254), (700, 300), 22, 33, (60, 60, 110)),
        Walk((700, 262), (420, 256), 200, 210, (40, 120, 160)),
        Walk((420, 256), (-40, 262), 210, 224, (40, 120, 160), carries="bag"),
    )
    return Stage(ground, things, carrier + _passers(seed, 200, 330), seed)


def _bin_area(seed: int) -> Stage:
    ground = _ground(seed + 7, horizon=150, wall=(96, 112, 134), floor=(128, 128, 124), tile=60)
    for i, colour in enumerate(((70, 120, 60), (120, 84, 50), (60, 60, 64))):
        x = 120 + i * 96
        cv2.rectangle(ground, (x, 118), (x + 74, 222), colour, -1)
        cv2.rectangle(ground, (x - 4, 108), (x + 78, 122), tuple(c // 2 for c in colour), -1)
    things = (
        Thing("bag", (452, 240), 58, 50, put=25),
        Thing("box", (520, 250), 62, 48, put=60),
    )
    carriers = (
        Walk((700, 262), (480, 246), 16, 25, (90, 60, 50), carries="bag"),
        Walk((480, 246), (700, 300), 27, 36, (90, 60, 50)),
        Walk((700, 280), (548, 256), 52, 60, (50, 50, 50), carries="box"),
        Walk((548, 256), (700, 320), 62, 69, (50, 50, 50)),
    )
    return Stage(ground, things, carriers + _passers(seed + 7, 280, 345), seed)


def _exit_corridor(seed: int) -> Stage:
    ground = _ground(seed + 13, horizon=170, wall=(176, 182, 184), floor=(140, 146, 152), tile=52)
    cv2.rectangle(ground, (250, 40), (390, 196), (92, 130, 96), -1)
    cv2.rectangle(ground, (250, 40), (390, 196), (60, 80, 62), 4)
    cv2.line(ground, (320, 44), (320, 194), (60, 80, 62), 3)
    cv2.rectangle(ground, (286, 12), (354, 34), (60, 170, 60), -1)
    things = (
        Thing("box", (292, 232), 76, 62, put=30),
        Thing("box", (362, 238), 70, 82, put=34),
    )
    carriers = (
        Walk((-40, 300), (262, 238), 18, 30, (110, 70, 50), carries="box"),
        Walk((262, 238), (-40, 310), 31, 42, (110, 70, 50)),
        Walk((700, 300), (396, 244), 24, 34, (60, 90, 60), carries="box"),
        Walk((396, 244), (700, 320), 35, 46, (60, 90, 60)),
    )
    return Stage(ground, things, carriers + _passers(seed + 13, 290, 350), seed)


SCENES: dict[str, Callable[[int], Stage]] = {
    "street_corner": _street_corner,
    "bin_area": _bin_area,
    "exit_corridor": _exit_corridor,
}
EXIT_AREA = ((0.38, 0.5), (0.62, 0.5), (0.66, 0.7), (0.34, 0.7))
"""The floor before the door of exit_corridor: a zone for the `blocked` detector."""


def _passers(seed: int, nearest: float, farthest: float) -> tuple[Walk, ...]:
    """Passers-by all the time, some of whom walk before what lies there."""
    rng = np.random.default_rng(seed)
    walks, t = [], 2.0
    while t < PERIOD - 14:
        y1, y2 = rng.uniform(nearest, farthest, 2)
        ends = ((-40.0, y1), (WIDTH + 40.0, y2))
        if rng.random() < 0.5:
            ends = ends[::-1]
        coat = tuple(int(c) for c in rng.integers(30, 200, 3))
        walks.append(Walk(ends[0], ends[1], t, t + rng.uniform(8, 13), coat))  # type: ignore[arg-type] # three ints
        t += rng.uniform(5, 12)
    return tuple(walks)


def _ground(seed: int, horizon: int, wall: Colour, floor: Colour, tile: int) -> Picture:
    """A wall above paving in perspective, both with texture."""
    rng = np.random.default_rng(seed)
    picture = np.empty((HEIGHT, WIDTH, 3), np.float32)
    picture[:horizon], picture[horizon:] = wall, floor
    for size, weight in ((8, 9.0), (32, 6.0), (160, 7.0)):
        small = rng.standard_normal((HEIGHT * size // WIDTH + 1, size)).astype(np.float32)
        field = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        picture += weight * field[:, :, None]
    ground = np.clip(picture, 0, 255).astype(np.uint8)
    dark = tuple(int(c * 0.8) for c in floor)
    for x in range(-WIDTH, 2 * WIDTH, tile):
        cv2.line(ground, (WIDTH // 2 + (x - WIDTH // 2) // 2, horizon), (x, HEIGHT), dark, 1)
    for i in range(1, 12):
        y = horizon + int((HEIGHT - horizon) * (i / 12) ** 1.6)
        cv2.line(ground, (0, y), (WIDTH, y), dark, 1)
    cv2.line(ground, (0, horizon), (WIDTH, horizon), tuple(int(c * 0.6) for c in wall), 2)
    return ground


def _scale(y: float) -> float:
    """Pixels of a person's height whose feet are at *y*."""
    return 44 + 0.34 * y


def _draw_walker(canvas: NDArray[np.float32], walk: Walk, t: float) -> None:
    x, y = walk.at(t)
    tall = _scale(y)
    speed = abs(walk.end[0] - walk.start[0]) / (walk.finish - walk.begin)
    swing = np.sin(t * max(4.0, speed / 6)) * tall * 0.13
    _shade(canvas, (x + tall * 0.2, y), tall * 0.34, tall * 0.07)
    dark = tuple(c * 0.5 for c in walk.coat)
    hip, shoulder = (round(x), round(y - tall * 0.46)), (round(x), round(y - tall * 0.8))
    for side in (swing, -swing):
        cv2.line(canvas, hip, (round(x + side), round(y)), dark, max(2, round(tall * 0.09)))
        hand = (round(x - side * 0.8), round(y - tall * 0.45))
        cv2.line(canvas, shoulder, hand, walk.coat, max(2, round(tall * 0.07)))
    middle = (round(x), round(y - tall * 0.64))
    cv2.ellipse(canvas, middle, (round(tall * 0.12), round(tall * 0.2)), 0, 0, 360, walk.coat, -1)
    cv2.circle(canvas, (round(x), round(y - tall * 0.92)), round(tall * 0.08), (110, 140, 180), -1)
    if walk.carries:
        held = Thing(walk.carries, (x + tall * 0.16, y - tall * 0.2), 40, 36, 0)
        _draw_thing(canvas, held, shadow=False)


def _draw_thing(canvas: NDArray[np.float32], thing: Thing, *, shadow: bool = True) -> None:
    x, y = thing.foot
    w, h = thing.width, thing.height
    if shadow:
        _shade(canvas, (x + w * 0.15, y - 2), w * 0.62, h * 0.14)
    left, top, right, foot = round(x - w / 2), round(y - h), round(x + w / 2), round(y)
    if thing.look == "box":
        cv2.rectangle(canvas, (left, top), (right, foot), (84, 128, 168), -1)
        cv2.rectangle(canvas, (left, top), (right, top + h // 5), (104, 150, 190), -1)
        cv2.rectangle(canvas, (left, top), (right, foot), (50, 84, 110), 1)
        cv2.line(canvas, (round(x), top), (round(x), foot), (120, 170, 206), 4)
        return
    centre = (round(x), round(y - h * 0.4))
    cv2.ellipse(canvas, centre, (w // 2, round(h * 0.42)), 0, 0, 360, (46, 40, 36), -1)
    cv2.ellipse(canvas, (round(x), top + h // 6), (w // 7, h // 5), 0, 0, 360, (52, 46, 42), -1)
    for i in range(3):
        fold = (round(x - w * 0.25 + i * w * 0.22), round(y - h * (0.5 + 0.08 * i)))
        cv2.line(canvas, fold, (fold[0] + w // 10, fold[1] + h // 4), (108, 100, 92), 2)


def _shade(canvas: NDArray[np.float32], centre: Point, rx: float, ry: float) -> None:
    """A soft shadow: darkens what lies below it by up to a third."""
    x1, x2 = max(0, int(centre[0] - 2 * rx)), min(WIDTH, int(centre[0] + 2 * rx) + 1)
    y1, y2 = max(0, int(centre[1] - 2 * ry)), min(HEIGHT, int(centre[1] + 2 * ry) + 1)
    if x1 >= x2 or y1 >= y2:
        return
    ys, xs = np.mgrid[y1:y2, x1:x2].astype(np.float32)
    away = ((xs - centre[0]) / rx) ** 2 + ((ys - centre[1]) / ry) ** 2
    canvas[y1:y2, x1:x2] *= 1 - np.float32(0.33) * np.exp(-away)[:, :, None]
