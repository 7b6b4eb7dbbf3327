"""Rendered scenes: the same for the same second, and what is put down is there."""

import numpy as np
import pytest

from simulators.camera import HEIGHT, PERIOD, SCENES, WIDTH, stage

PUT = {
    "street_corner": (20, (392, 230)),
    "bin_area": (25, (452, 222)),
    "exit_corridor": (34, (362, 200)),
}


@pytest.mark.parametrize("scene", SCENES)
def test_a_picture_is_a_pure_function_of_time(scene):
    one, two = stage(scene).picture(42.5), stage(scene).picture(42.5)
    assert one.shape == (HEIGHT, WIDTH, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(one, two)
    assert not np.array_equal(one, stage(scene).picture(43))


@pytest.mark.parametrize("scene", SCENES)
def test_another_seed_is_another_place(scene):
    assert not np.array_equal(stage(scene, 1).picture(1), stage(scene, 2).picture(1))


@pytest.mark.parametrize("scene", SCENES)
def test_a_thing_stays_where_it_is_put_until_it_is_taken(scene):
    put, (x, y) = PUT[scene]
    place = (slice(y - 6, y + 6), slice(x - 6, x + 6))

    def seen(t):
        """The usual colour there around *t*; passers-by are outvoted."""
        return np.median([stage(scene).picture(t + i)[place].mean((0, 1)) for i in range(15)], 0)

    empty, lying, taken = seen(0), seen(put + 60), seen(PERIOD - 16)
    assert np.abs(lying - empty).max() > 30
    assert np.abs(taken - empty).max() < 20


def test_it_begins_again():
    first, second = (stage("bin_area").picture(t).astype(int) for t in (100.0, 100.0 + PERIOD))
    assert np.abs(first - second).mean() < 40
