from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.timestamps import EARLIEST, FUTURE, NONE, SUSPECT, Stamp, stamp
from tests.devices.cases import NOW

MOMENT = 1_648_731_311_000


@pytest.mark.parametrize(
    "raw",
    [
        1648731311,
        1648731311.0,
        "1648731311",
        "1648731311.000",
        1648731311000,
        1648731311000000,
        1648731311000000000,
        "2022-03-31T12:55:11Z",
        "2022-03-31T14:55:11+02:00",
        "20220331T125511Z",
        "2022-03-31 12:55:11",
        "20220331125511",
        "2022-03-31T20:55:11 Asia/Shanghai",
    ],
)
def test_one_instant_in_many_forms(raw: object) -> None:
    assert stamp(raw, NOW) == Stamp(MOMENT)


@pytest.mark.parametrize("raw", [None, "", True, "@0.1s", "@-3s"])
def test_nothing_said(raw: object) -> None:
    assert stamp(raw, NOW) == NONE


@pytest.mark.parametrize(
    "raw",
    [0, 6, 1321890, -1, 1e30, float("inf"), "1970-01-01T00:00:06", "1111-11-11T11:11:11Z", "never",
     "9999-12-31T23:59:59Z", NOW + FUTURE + 1, "2021-13-01", [], {},
     "2026-01-01T00:00 Asia/Nowhere", "2026-01-01T00:00 ../etc"],
)  # fmt: skip
def test_impossible(raw: object) -> None:
    assert stamp(raw, NOW) == SUSPECT


def test_local_time_is_the_sites() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    assert stamp("2022-03-31T20:55:11", NOW, zone) == Stamp(MOMENT)


def test_an_hour_that_comes_twice_is_the_first() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    assert stamp("2025-10-26T02:30:00", NOW, zone).at == first.timestamp() * 1000


def test_a_clock_slightly_ahead_is_believed() -> None:
    assert stamp(NOW + FUTURE, NOW) == Stamp(NOW + FUTURE)


def test_without_a_time_of_arrival_nothing_is_future() -> None:
    assert stamp("2036-02-07T06:28:16Z", 0).at is not None


@given(st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.binary(max_size=4)))
def test_anything(raw: object) -> None:
    at, quality = stamp(raw, NOW)
    assert at is None or EARLIEST <= at <= NOW + FUTURE
    assert quality in (0, SUSPECT.quality)


@given(st.integers(EARLIEST, NOW))
def test_all_scales_agree(at: int) -> None:
    seconds = at // 1000
    if seconds < 10**9:
        return  # 2001-09-09: before it, a number of seconds has nine digits; still told apart
    assert stamp(seconds, NOW).at == seconds * 1000
    assert stamp(at, NOW).at == at
    assert stamp(at * 1000, NOW).at == at
    assert stamp(at * 1_000_000, NOW).at == pytest.approx(at, abs=1)
