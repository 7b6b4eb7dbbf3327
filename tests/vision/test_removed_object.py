"""A thing of the scene that is gone is reported until it is back; what comes is not."""

import pytest

DWELL, TAKEN = 10.0, 60.0
REMOVED = {"kind": "removed_object", "dwell": "10s"}
LEFT = {"kind": "left_object", "dwell": "10s"}


def inside(box):
    x, y = (box[0] + box[2]) / 2 * 320, (box[1] + box[3]) / 2 * 180
    return 150 <= x <= 190 and 100 <= y <= 140


def crate(picture, x=150, y=100, w=36, h=40):
    """A slatted crate, in the tones of the walls behind."""
    picture[y : y + h, x : x + w] = (60, 70, 110)
    for slat in range(y, y + h, 10):
        picture[slat : slat + 4, x + 3 : x + w - 3] = (150, 130, 90)


def film_of(yard, *, back=1e9, bag=1e9):
    """A crate stands there from the start, is taken at `TAKEN`; a bag comes elsewhere."""

    def film(t):
        picture = yard.picture(t)
        if not TAKEN <= t < back:
            crate(picture)
        if t >= bag:
            yard.put(picture, 240, 120)
        return picture

    return film


@pytest.mark.parametrize("fps", [1, 2, 5])
def test_what_was_taken_is_reported_after_its_dwell(yard, watch, reports, fps):
    found = reports(watch(film_of(yard), 90, fps, detectors=[REMOVED]))
    [(at, seen)] = found.values()
    assert seen.label == "removed_object"
    assert inside(seen.box)
    assert TAKEN + 0.9 * DWELL <= at <= TAKEN + DWELL + 3
    assert seen.why.startswith("missing here for")
    assert 0.5 <= seen.score < 1


def test_the_report_ends_when_it_is_back(yard, watch, reports):
    seen = watch(film_of(yard, back=110), 125, detectors=[REMOVED])
    assert len(reports(seen)) == 1
    assert all(sight.detections for t, sight in seen if 75 < t < 110)
    assert not any(sight.detections for t, sight in seen if t > 116)


def test_a_thing_that_comes_is_none_that_is_gone(yard, watch, reports):
    assert not reports(watch(film_of(yard, back=0, bag=20), 60, detectors=[REMOVED]))


def test_somebody_who_walks_past_takes_nothing(yard, watch, reports):
    def film(t):
        picture = film_of(yard, back=0)(t)
        yard.walker(picture, (t * 25) % 400 - 40, t)
        return picture

    assert not reports(watch(film, 60, detectors=[REMOVED]))


@pytest.mark.parametrize("light", [0.5, 1.6])
def test_light_takes_nothing(yard, watch, reports, light):
    def film(t):
        return film_of(yard, back=0)(t) * (light if t > 30 else 1)

    assert not reports(watch(film, 75, detectors=[REMOVED]))


@pytest.mark.parametrize("detectors", [[LEFT, REMOVED], [REMOVED, LEFT]])
def test_either_detector_leaves_the_other_its_own(yard, watch, reports, detectors):
    """Both dwells end at once; neither takes what the other waits for as part of the scene."""
    seen = watch(film_of(yard, bag=TAKEN), 100, detectors=detectors)
    assert {d.label for _, d in reports(seen).values()} == {"left_object", "removed_object"}
    assert len(seen[-1][1].detections) == 2


def test_the_slower_detector_still_finds_what_the_faster_passed_over(yard, watch, reports):
    slow = {**REMOVED, "dwell": "25s"}
    [(at, seen)] = reports(watch(film_of(yard), 100, detectors=[LEFT, slow])).values()
    assert seen.label == "removed_object"
    assert TAKEN + 22 <= at <= TAKEN + 30


def test_only_in_its_zone(yard, watch, reports):
    zones = [
        {"id": "left", "area": [[0, 0], [0.4, 0], [0.4, 1], [0, 1]]},
        {"id": "right", "area": [[0.4, 0], [1, 0], [1, 1], [0.4, 1]]},
    ]
    elsewhere, here = ({**REMOVED, "zones": [zone]} for zone in ("left", "right"))
    assert not reports(watch(film_of(yard), 85, zones=zones, detectors=[elsewhere]))
    [(_, seen)] = reports(watch(film_of(yard), 85, zones=zones, detectors=[here])).values()
    assert seen.zone == "right"
