"""After a restart the scene is the one that was learnt, if the camera still looks at it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.keepsake import KEPT_FOR, packed, unpacked
from vision.watcher import Watcher


def learnt(yard, spec, i420):
    watcher = Watcher(spec(detectors=[{"kind": "left_object", "dwell": "10s"}]))
    for t in np.arange(0, 90, 0.5):
        watcher.see(i420(yard.picture(t)), round(t * 1000) + 1)
    return packed(watcher.keepsake(90_000))


@pytest.fixture(scope="module")
def blob(yard, spec, i420):
    return learnt(yard, spec, i420)


def restarted(yard, spec, i420, blob, film, *, after=3_600_000):
    watcher = Watcher(spec(detectors=[{"kind": "left_object", "dwell": "10s"}]))
    watcher.recalled = unpacked(blob)
    seen = []
    for t in np.arange(0, 40, 0.5):
        seen += watcher.see(i420(film(t)), 90_000 + after + round(t * 1000)).detections
    return {d.track for d in seen}


def dumped(yard):
    def film(t):
        picture = yard.picture(t)
        yard.put(picture, 150, 110)
        return picture

    return film


def test_what_was_dumped_while_it_was_off_is_reported(yard, spec, i420, blob):
    assert len(restarted(yard, spec, i420, blob, dumped(yard))) == 1


def test_an_old_scene_or_one_of_another_place_is_learnt_anew(yard, spec, i420, blob):
    elsewhere = lambda t: np.roll(dumped(yard)(t), (60, 100), (0, 1))  # noqa: E731 - a film
    assert not restarted(yard, spec, i420, blob, elsewhere)
    assert not restarted(yard, spec, i420, blob, dumped(yard), after=KEPT_FOR)


def test_it_is_small(blob):
    assert len(blob) < 600_000


def test_a_scene_is_not_kept_before_it_is_known(yard, spec, i420):
    watcher = Watcher(spec())
    watcher.see(i420(yard.picture(0)), 1)
    assert watcher.keepsake(2) is None


@given(st.binary(max_size=300), st.integers(0, 5000))
def test_a_spoilt_file_is_refused(blob, noise, at):
    for spoilt in (noise, blob[:at], blob[:at] + noise + blob[at + len(noise) :]):
        try:
            found = unpacked(spoilt)
        except ValueError:
            continue
        assert found.reference.level.ndim == 2
