"""The sensor's noise, told for brightnesses that the scene has, and for those it has not."""

import numpy as np

from vision.grain import grain, looked_up
from vision.level import FLOOR, UNITS, level_of


def scene(greys, sigma=3.0):
    """Level and noise of stripes of *greys* before a sensor with *sigma* grey levels of noise."""
    luma = np.repeat(np.array(greys, np.uint8), 40)[None, :].repeat(60, 0)
    return level_of(luma), (UNITS * sigma / (luma + FLOOR)).astype(np.float32)


def test_what_is_dark_stirs_more_than_what_is_bright():
    table = grain(*scene([20, 60, 120, 200]))
    dark, bright = (float(table[int(level_of(np.uint8([[g]]))[0, 0])]) for g in (20, 200))
    assert 5.0 < dark < 9.0
    assert 0.9 < bright < 1.6


def test_a_level_that_the_scene_has_not_is_told_from_the_nearest_that_it_has():
    every, bright = grain(*scene([20, 60, 120, 200])), grain(*scene([120, 200]))
    level = int(level_of(np.uint8([[20]]))[0, 0])
    assert abs(bright[level] - every[level]) < 0.3 * every[level]


def test_a_scene_too_small_to_tell_has_one_noise():
    table = grain(np.full((5, 5), 100, np.float32), np.full((5, 5), 4, np.float32))
    assert set(table.tolist()) == {4.0}


def test_levels_beyond_the_table_are_those_at_its_ends():
    table = np.arange(256, dtype=np.float32)
    assert looked_up(table, np.array([[300.0, 0.0]], np.float32)).tolist() == [[255.0, 0.0]]
