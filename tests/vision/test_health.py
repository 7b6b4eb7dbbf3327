"""A camera that does not see well says so within 15 seconds, and one that does says nothing."""

import cv2
import numpy as np
import pytest

from vision.frame import to_i420
from vision.watcher import Watcher

BAD = {
    "covered": lambda p, t: p * 0 + 60 + np.random.default_rng(int(t * 9)).normal(0, 2, p.shape),
    "defocused": lambda p, t: cv2.GaussianBlur(p, (0, 0), 2.5),
    "moved": lambda p, t: np.roll(p, (40, 90), (0, 1)),
    "dark": lambda p, t: p * 0.02,
    "overexposed": lambda p, t: p * 0 + 255,
}
BEGINS = 30.0


def states(yard, spec, change, seconds=60.0, fps=2.0):
    watcher = Watcher(spec())
    for t in np.arange(0, seconds, 1 / fps):
        picture = yard.picture(t)
        picture = change(picture, t) if t >= BEGINS else picture
        bgr = np.clip(picture, 0, 255).astype(np.uint8)
        yield t, watcher.see(to_i420(bgr), round(t * 1000) + 1)


@pytest.mark.parametrize("trouble", BAD)
def test_each_trouble_is_named_within_15_seconds(yard, spec, trouble):
    seen = [(t, sight.health) for t, sight in states(yard, spec, BAD[trouble])]
    assert {health for t, health in seen if t < BEGINS} == {""}
    first = next(t for t, health in seen if health)
    assert first <= BEGINS + 15
    assert seen[-1][1] == trouble


def test_a_frozen_picture_is_noticed_within_a_minute(yard, spec):
    still = yard.picture(1)
    seen = list(states(yard, spec, lambda p, t: still, 100))
    first = next(t for t, sight in seen if sight.health == "frozen")
    assert BEGINS + 30 <= first <= BEGINS + 60


def test_nothing_is_reported_while_it_does_not_see(yard, spec):
    for _, sight in states(yard, spec, BAD["moved"], 120):
        assert not sight.detections


def test_it_is_well_again_soon_after(yard, spec):
    def change(picture, t):
        return BAD["covered"](picture, t) if t < 60 else picture

    seen = {t: sight.health for t, sight in states(yard, spec, change, 80)}
    assert seen[55] == "covered"
    assert not seen[75]


@pytest.mark.parametrize("light", [0.35, 0.6, 1.6])
def test_other_light_is_no_trouble(yard, spec, light):
    assert {s.health for _, s in states(yard, spec, lambda p, t: p * light)} == {""}


def test_a_camera_that_stays_moved_learns_its_new_scene(yard, spec):
    seen = list(states(yard, spec, BAD["moved"], 200))
    assert any(sight.health == "moved" for _, sight in seen)
    assert seen[-1][1].health == ""
