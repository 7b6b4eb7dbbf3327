import pytest

from devices.plausibility import Plausibility
from gateway.model import Quality, Reading


def reading(quantity: str, value: float | str, at: int = 0, device: str = "d") -> Reading:
    return Reading(device, quantity, value, at)


def marked(plausibility: Plausibility, *readings: Reading) -> list[bool]:
    return [bool(r.quality & Quality.IMPLAUSIBLE) for r in plausibility.judge(readings)]


@pytest.mark.parametrize(("before", "doubtful"), [(None, True), (21.0, True), (80.0, False)])
def test_what_a_ds18b20_says_when_it_wakes(before: float | None, doubtful: bool) -> None:
    plausibility = Plausibility()
    if before is not None:
        marked(plausibility, reading("temperature", before))
    assert marked(plausibility, reading("temperature", 85.0)) == [doubtful]


def test_a_counter_that_jumps() -> None:
    plausibility = Plausibility()
    hour = 3_600_000
    assert marked(plausibility, reading("energy", 10.0, 0)) == [False]
    assert marked(plausibility, reading("energy", 60.0, hour)) == [False]
    assert marked(plausibility, reading("energy", 600.0, 2 * hour)) == [True]
    assert marked(plausibility, reading("energy", 0.0, 3 * hour)) == [False], "a reset"


def test_another_device_is_another_counter() -> None:
    plausibility = Plausibility()
    marked(plausibility, reading("energy", 10.0))
    assert marked(plausibility, reading("energy", 10_000.0, device="other")) == [False]


def test_fine_dust_is_a_part_of_coarse() -> None:
    found = marked(Plausibility(), reading("pm2_5", 99.0), reading("pm10", 10.0))
    assert found == [True, False]
    assert marked(Plausibility(), reading("pm2_5", 9.0), reading("pm10", 10.0)) == [False, False]


def test_words_are_left_alone() -> None:
    assert marked(Plausibility(), reading("energy", "n/a"), reading("pm10", 1.0)) == [False, False]
