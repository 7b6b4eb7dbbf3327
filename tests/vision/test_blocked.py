"""A drawn zone is blocked by whatever stands in it, and free when it is gone."""

import pytest

ZONE = [[0.4, 0.5], [0.6, 0.5], [0.6, 0.8], [0.4, 0.8]]
EXIT = {"zones": [{"id": "exit", "area": ZONE}]}
DETECTOR = {"kind": "blocked", "zones": ["exit"], "dwell": "10s"}


def stacked(yard, *, size=(40, 34), until=1e9):
    def film(t):
        picture = yard.picture(t)
        if 15 <= t < until:
            yard.put(picture, 140, 100, *size)
        return picture

    return film


@pytest.mark.parametrize("fps", [1, 5])
def test_it_is_reported_and_taken_back(yard, watch, fps):
    seen = watch(stacked(yard, until=60), 80, fps, **EXIT, detectors=[DETECTOR])
    told = [t for t, sight in seen if sight.detections]
    assert 15 + 9 <= told[0] <= 15 + 10 + 5
    assert 60 <= told[-1] <= 70
    [one] = {d.track: d for _, sight in seen for d in sight.detections}.values()
    assert (one.label, one.zone) == ("blocked", "exit")
    assert "limit" in one.why


def test_passers_by_do_not_block(yard, watch):
    def film(t):
        picture = yard.picture(t)
        yard.walker(picture, (t * 25) % 400 - 40, t, y=140)
        return picture

    seen = watch(film, 80, 2, **EXIT, detectors=[DETECTOR])
    assert not any(sight.detections for _, sight in seen)


def test_a_small_thing_leaves_the_way_free(yard, watch):
    seen = watch(stacked(yard, size=(8, 8)), 50, 2, **EXIT, detectors=[DETECTOR])
    assert not any(sight.detections for _, sight in seen)


def test_the_zones_own_dwell_counts(yard, watch):
    zones = [{"id": "exit", "area": ZONE, "dwell": "30s"}]
    seen = watch(stacked(yard), 60, 2, zones=zones, detectors=[DETECTOR])
    assert next(t for t, sight in seen if sight.detections) >= 15 + 28
