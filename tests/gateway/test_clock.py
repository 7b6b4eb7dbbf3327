import time

import pytest

from gateway.clock import EARLIEST, SystemClock


class Hands:
    """The wall clock and the monotonic one, both in ns, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.ticks = EARLIEST * 1_000_000, 5_000_000_000
        monkeypatch.setattr(time, "time_ns", lambda: self.wall)
        monkeypatch.setattr(time, "monotonic_ns", lambda: self.ticks)

    def pass_time(self, ms: int) -> None:
        self.wall += ms * 1_000_000
        self.ticks += ms * 1_000_000


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    return Hands(monkeypatch)


def test_time_is_the_walls_while_that_goes_on(hands: Hands) -> None:
    clock = SystemClock()
    hands.pass_time(1234)
    assert clock.now() == EARLIEST + 1234
    assert clock.synced


def test_when_the_wall_jumps_back_time_goes_on_at_its_own_pace(hands: Hands) -> None:
    clock = SystemClock()
    before = clock.now()
    hands.wall -= 3_600_000 * 1_000_000
    assert clock.now() == before
    for _ in range(10):
        hands.pass_time(100)
        clock.now()
    assert clock.now() == before + 1000


def test_parts_of_a_millisecond_are_not_lost(hands: Hands) -> None:
    clock = SystemClock()
    before = clock.now()
    hands.wall -= 10**15
    for _ in range(1000):
        hands.ticks += 700_000
        clock.now()
    assert clock.now() == before + 700


def test_a_restart_goes_on_behind_the_journal(hands: Hands) -> None:
    clock = SystemClock()
    clock.not_before(EARLIEST + 60_000)
    assert clock.now() == EARLIEST + 60_000
    hands.pass_time(61_000)
    assert clock.now() >= EARLIEST + 61_000


def test_a_clock_of_1970_has_not_been_set(hands: Hands) -> None:
    hands.wall = 1000
    assert not SystemClock().synced
