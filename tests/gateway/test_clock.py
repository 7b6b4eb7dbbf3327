import time

import pytest

from gateway import clock as module
from gateway.clock import EARLIEST, LEAP, PROOF, SystemClock
from gateway.model import Shift

YEAR = 365 * 86_400_000


class Hands:
    """The wall clock and the monotonic one, both in ns, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.ticks = EARLIEST * 1_000_000, 5_000_000_000
        monkeypatch.setattr(time, "time_ns", lambda: self.wall)
        monkeypatch.setattr(time, "monotonic_ns", lambda: self.ticks)

    def pass_time(self, ms: int) -> None:
        self.wall += ms * 1_000_000
        self.ticks += ms * 1_000_000

    def set(self, ms: int) -> None:
        self.wall = ms * 1_000_000

    def leap(self, ms: int) -> None:
        self.wall += ms * 1_000_000


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    return Hands(monkeypatch)


def started() -> SystemClock:
    clock = SystemClock()
    clock.now()
    return clock


def test_time_is_the_walls_while_that_goes_on(hands: Hands) -> None:
    clock = started()
    hands.pass_time(1234)
    hands.leap(40)  # a time service at work
    assert clock.now() == EARLIEST + 1274
    assert clock.synced
    assert clock.corrected() is None


def test_when_the_wall_jumps_back_time_goes_on_at_its_own_pace(hands: Hands) -> None:
    clock = started()
    before = clock.now()
    hands.leap(-LEAP // 2)
    assert clock.now() == before
    for _ in range(10):
        hands.pass_time(100)
        clock.now()
    assert clock.now() == before + 1000
    assert clock.synced


def test_parts_of_a_millisecond_are_not_lost(hands: Hands) -> None:
    clock = started()
    before = clock.now()
    hands.wall -= 10**15
    for _ in range(1000):
        hands.ticks += 700_000
        clock.now()
    assert clock.now() == before + 700


def test_a_restart_goes_on_behind_the_journal(hands: Hands) -> None:
    clock = started()
    clock.not_before(EARLIEST + 60_000)
    assert clock.now() == EARLIEST + 60_000
    hands.pass_time(61_000)
    assert clock.now() >= EARLIEST + 61_000
    assert clock.synced


def test_a_clock_of_1970_has_not_been_set_until_it_leaps_ahead(hands: Hands) -> None:
    hands.set(1000)
    clock = started()
    assert not clock.synced
    hands.pass_time(5000)
    assert clock.now() == 6000
    hands.set(EARLIEST + YEAR)
    assert clock.now() == EARLIEST + YEAR
    assert clock.synced
    assert clock.corrected() == Shift(1000, 6001, EARLIEST + YEAR - 6000)
    assert clock.corrected() is None


def test_a_second_start_in_1970_is_no_better_than_the_first(hands: Hands) -> None:
    hands.set(1000)
    clock = started()
    clock.not_before(500_000)
    assert clock.now() == 500_000
    assert not clock.synced
    hands.pass_time(5000)
    clock.now()
    hands.set(EARLIEST)
    assert clock.now() == EARLIEST
    assert clock.corrected() == Shift(500_001, 505_001, EARLIEST - 505_000)


def test_a_box_that_wakes_where_it_was_switched_off_is_behind_its_journal(hands: Hands) -> None:
    journal = EARLIEST + YEAR
    clock = started()
    clock.not_before(journal)
    assert not clock.synced
    hands.pass_time(5000)
    assert clock.now() == journal + 5000
    hands.set(journal + 3 * LEAP)
    assert clock.now() == journal + 3 * LEAP
    assert clock.corrected() == Shift(journal + 1, journal + 5001, 3 * LEAP - 5000)


@pytest.mark.parametrize("leap", [10 * YEAR, -10 * YEAR])
def test_a_leap_of_years_is_not_followed_and_may_end(hands: Hands, leap: int) -> None:
    hands.leap(20 * YEAR)
    clock = started()
    before = clock.now()
    hands.leap(leap)
    hands.pass_time(30_000)
    assert clock.now() == before + 30_000
    assert not clock.synced
    hands.leap(-leap)
    hands.pass_time(1000)
    assert clock.now() == before + 31_000
    assert clock.synced
    assert clock.corrected() == Shift(before + 1, before + 30_001, 0)


def test_a_leap_ahead_that_lasts_is_believed_and_what_came_meanwhile_is_moved(
    hands: Hands,
) -> None:
    clock = started()
    hands.leap(YEAR)
    clock.now()
    hands.pass_time(PROOF - 1000)
    assert clock.now() < EARLIEST + LEAP
    hands.pass_time(1000)
    assert clock.now() == EARLIEST + YEAR + PROOF
    assert clock.corrected() == Shift(EARLIEST + 1, EARLIEST + PROOF - 1000 + 1, YEAR)


def test_a_leap_back_that_lasts_is_never_followed(hands: Hands) -> None:
    hands.leap(YEAR)
    clock = started()
    before = clock.now()
    hands.leap(-YEAR // 2)
    for _ in range(10):
        hands.pass_time(PROOF)
        clock.now()
    assert clock.now() == before + 10 * PROOF
    assert not clock.synced


def test_a_time_service_that_has_not_set_the_clock_yet_is_waited_for(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = [True]
    monkeypatch.setattr(module, "_waits_for_time", lambda: waits[0])
    clock = started()
    hands.pass_time(5000)
    assert not clock.synced
    waits[0] = False
    hands.leap(300)
    assert clock.now() == EARLIEST + 5300
    assert clock.synced
