"""A nudge of the camera is measured, followed, and reported as nothing."""

import numpy as np
import pytest

from vision.level import level_of
from vision.register import NONE, moved, shift


def level(picture):
    return level_of(np.clip(picture.mean(2), 0, 255).astype(np.uint8))


@pytest.mark.parametrize("by", [(6, 3), (-4, 2), (0, -8), (2, 1), (11, -11)])
def test_a_shift_is_measured_in_other_light_and_with_people(yard, by):
    scene = yard.picture(1)
    now = np.roll(yard.picture(2), by[::-1], (0, 1)) * 0.6
    yard.walker(now, 200, 2)
    assert shift(level(now), level(scene)) == by


def test_no_shift_is_none_whatever_the_light(yard):
    scene, now = yard.picture(1), yard.picture(2) * 0.5
    yard.walker(now, 100, 1)
    yard.walker(now, 160, 2)
    assert shift(level(now), level(scene)) == NONE
    assert shift(level(now * 0 + 60), level(scene)) == NONE


def test_moved_fields_line_up():
    field = np.arange(48, dtype=np.float32).reshape(6, 8)
    assert np.array_equal(moved(field, (2, 1))[1:, 2:], field[:-1, :-2])
    assert not moved(field, (2, 1), border=0.0)[0].any()


@pytest.mark.parametrize("by", [(6, 3), (3, -2)])
def test_a_nudge_is_nothing_to_report_and_things_are_still_found(yard, watch, reports, by):
    def film(t):
        picture = yard.picture(t)
        if t > 45:
            yard.put(picture, 150, 110)
        return np.roll(picture, by[::-1], (0, 1)) if t > 20 else picture

    found = reports(watch(film, 75)).values()
    assert len(found) == 1
    [(at, seen)] = found
    assert at > 50
    assert abs((seen.box[0] + seen.box[2]) / 2 * 320 - 162 - by[0]) < 6
