"""A thing that stays is reported; light, ghosts and people are not."""

import cv2
import numpy as np
import pytest

DWELL = 10.0
PUT = 15.0
BAG = (150 / 320, 110 / 180, 174 / 320, 130 / 180)


def inside(box, truth=BAG):
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return truth[0] <= x <= truth[2] and truth[1] <= y <= truth[3]


def with_bag(yard, *, until=1e9):
    def film(t):
        picture = yard.picture(t)
        if PUT <= t < until:
            yard.put(picture, 150, 110)
        return picture

    return film


@pytest.mark.parametrize("fps", [0.5, 1, 2, 5])
def test_a_bag_is_reported_after_its_dwell_at_any_frame_rate(yard, watch, reports, fps):
    found = reports(watch(with_bag(yard), 40, fps))
    [(at, seen)] = found.values()
    assert seen.label == "left_object"
    assert inside(seen.box)
    assert PUT + 0.9 * DWELL <= at <= PUT + DWELL + max(3, 2 / fps)
    assert abs(seen.since / 1000 - PUT) <= 2 / fps + 1
    assert 0.5 <= seen.score < 1


def test_it_is_one_report_for_as_long_as_it_lies_there(yard, watch, reports):
    seen = watch(with_bag(yard, until=80), 95)
    assert len(reports(seen)) == 1
    assert all(sight.detections for t, sight in seen if 30 < t < 80)
    assert not any(sight.detections for t, sight in seen if t > 86)


def test_the_dwell_of_the_specification_counts(yard, watch, reports):
    seen = watch(with_bag(yard), 60, detectors=[{"kind": "left_object", "dwell": "30s"}])
    [(at, _)] = reports(seen).values()
    assert PUT + 27 <= at <= PUT + 34


def test_it_is_found_again_behind_passers_by(yard, watch, reports):
    def film(t):
        picture = with_bag(yard)(t)
        yard.walker(picture, (t * 25) % 400 - 40, t)
        return picture

    found = [at for at, seen in reports(watch(film, 75, 5)).values() if inside(seen.box)]
    assert found
    assert found[0] <= PUT + 4 * DWELL


def test_somebody_who_stands_and_sways_is_not_a_thing(yard, watch, reports):
    def film(t):
        picture = yard.picture(t)
        if t > 12:
            yard.walker(picture, 160 + 3 * np.sin(t), t / 4)
        return picture

    assert not reports(watch(film, 70))


def test_what_stood_there_at_the_start_leaves_no_ghost(yard, watch, reports):
    def film(t):
        picture = yard.picture(t)
        if t < 25:
            yard.put(picture, 150, 110, 40, 40)
        return picture

    assert not reports(watch(film, 80))


def test_nothing_is_reported_in_a_mask_or_outside_a_zone(yard, watch, reports):
    left = [[0, 0], [0.4, 0], [0.4, 1], [0, 1]]
    right = [[0.4, 0], [1, 0], [1, 1], [0.4, 1]]
    assert not reports(watch(with_bag(yard), 40, masks=[right]))
    assert reports(watch(with_bag(yard), 40, masks=[left]))
    elsewhere = {"zones": [{"id": "left", "area": left}]}
    here = {"zones": [{"id": "right", "area": right, "dwell": "20s"}]}
    detector = {"kind": "left_object", "dwell": "10s"}
    assert not reports(
        watch(with_bag(yard), 40, **elsewhere, detectors=[{**detector, "zones": ["left"]}])
    )
    found = reports(watch(with_bag(yard), 50, **here, detectors=[{**detector, "zones": ["right"]}]))
    [(at, seen)] = found.values()
    assert seen.zone == "right"
    assert at >= PUT + 18


def test_too_small_and_too_large_is_not_reported(yard, watch, reports):
    detector = {"kind": "left_object", "dwell": "10s"}
    assert not reports(watch(with_bag(yard), 40, detectors=[{**detector, "smallest": 0.05}]))
    assert not reports(watch(with_bag(yard), 40, detectors=[{**detector, "largest": 0.001}]))


def gamma(picture, g):
    return 255 * (np.clip(picture, 0, 255) / 255) ** g


def lamp(picture):
    ys, xs = np.mgrid[0:180, 0:320].astype(np.float32)
    return picture + 80 * np.exp(-(((xs - 200) / 60) ** 2 + ((ys - 100) / 50) ** 2))[:, :, None]


def jpeg(picture):
    _, data = cv2.imencode(".jpg", np.clip(picture, 0, 255).astype(np.uint8), (1, 10))
    return cv2.imdecode(data, cv2.IMREAD_COLOR).astype(np.float32)


def shifted(picture, dx, dy):
    return np.roll(picture, (dy, dx), (0, 1))


def rain(picture, t):
    rng = np.random.default_rng(round(t * 1000))
    wet = picture.copy()
    for x, y in rng.integers(0, (320, 160), (60, 2)):
        cv2.line(wet, (int(x), int(y)), (int(x) + 1, int(y) + 12), (190, 190, 190), 1)
    return wet


PERTURBED = {
    "half the light": lambda p, t: p * 0.5,
    "much more light": lambda p, t: p * 1.7,
    "dusk": lambda p, t: p * max(0.3, 1 - (t - 15) / 40),
    "gamma 0.6": lambda p, t: gamma(p, 0.6),
    "gamma 1.8": lambda p, t: gamma(p, 1.8),
    "a lamp": lambda p, t: lamp(p),
    "a noisy sensor": lambda p, t: (
        p + np.random.default_rng(round(t * 999)).standard_normal((180, 320, 1)) * 12
    ),
    "JPEG at quality 10": lambda p, t: jpeg(p),
    "jitter of a pixel": lambda p, t: shifted(p, round(np.sin(t * 9)), round(np.cos(t * 7))),
    "rain": lambda p, t: rain(p, t),
    "infrared": lambda p, t: np.repeat(p.mean(2, keepdims=True) * 0.9 + 10, 3, 2),
    "headlights": lambda p, t: (
        p + 90 * np.exp(-(((np.arange(320) - (t * 30) % 500) / 40) ** 2))[None, :, None]
    ),
}


@pytest.mark.parametrize("name", PERTURBED)
def test_light_and_weather_are_not_things(yard, watch, reports, name):
    def film(t):
        picture = yard.picture(t)
        return PERTURBED[name](picture, t) if t > 15 else picture

    assert not reports(watch(film, 55))


@pytest.mark.parametrize("name", ["half the light", "gamma 0.6", "JPEG at quality 10", "infrared"])
def test_a_thing_is_found_after_the_light_changed(yard, watch, reports, name):
    def film(t):
        picture = yard.picture(t)
        if t > 30:
            yard.put(picture, 150, 110)
        return PERTURBED[name](picture, t) if t > 15 else picture

    found = reports(watch(film, 60)).values()
    assert [inside(seen.box) for _, seen in found] == [True]


def test_a_dark_thing_before_a_noisy_sensor_lies_still(yard, watch, reports):
    def film(t):
        rng = np.random.default_rng(round(t * 1000))
        picture = yard.picture(t, noise=0)
        if t >= PUT:
            picture[110:130, 150:174] = 14
        return picture + 4 * rng.standard_normal((180, 320, 1)).astype(np.float32)

    found = reports(watch(film, 50))
    assert [inside(seen.box) for _, seen in found.values()] == [True]


def test_a_colourful_scene_that_turns_to_infrared_is_no_thing(yard, watch, reports):
    def film(t):
        picture = yard.picture(t)
        picture[125:] *= np.float32([0.4, 0.8, 1.4])
        return np.repeat(picture.mean(2, keepdims=True), 3, 2) if t > 20 else picture

    assert not reports(watch(film, 60))
