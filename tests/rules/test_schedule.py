"""Hours of the week, as instants."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import workdays
from rules.schedule import DAYS, Schedule

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("hours", "local", "active"),
    [
        ("22:00-06:00", "2024-05-01 21:59:59", False),
        ("22:00-06:00", "2024-05-01 22:00", True),
        ("22:00-06:00", "2024-05-02 05:59:59", True),
        ("22:00-06:00", "2024-05-02 06:00", False),
        ("mon-fri 08:00-18:00", "2024-05-03 12:00", True),
        ("mon-fri 08:00-18:00", "2024-05-04 12:00", False),
        ("fri 22:00-06:00", "2024-05-04 03:00", True),
        ("fri 22:00-06:00", "2024-05-05 03:00", False),
        ("sat,sun", "2024-05-05 23:59", True),
        ("sat,sun", "2024-05-06 00:00", False),
        ("sun-mon 00:00-24:00", "2024-05-06 23:00", True),
        ("00:00-24:00", "2024-05-06 00:00", True),
        ("workdays 08:00-18:00", "2026-02-13 12:00", True),
        ("workdays 08:00-18:00", "2026-02-14 12:00", True),
        ("workdays 08:00-18:00", "2026-02-16 12:00", False),
        ("workdays", "2026-02-20 12:00", False),
        ("freedays", "2026-02-20 12:00", True),
        ("freedays", "2026-02-28 12:00", False),
        ("freedays,mon", "2026-03-02 12:00", True),
        ("workdays", "2031-03-03 12:00", True),
    ],
)
def test_active(hours: str, local: str, active: bool) -> None:
    assert Schedule.parse(hours).window(at(local, SHANGHAI), SHANGHAI).active is active


def test_nights_are_shorter_and_longer_when_clocks_change() -> None:
    night = Schedule.parse("22:00-06:00")
    spring = night.window(at("2024-03-31 01:00", BERLIN), BERLIN)
    autumn = night.window(at("2024-10-27 01:00", BERLIN), BERLIN)
    assert (spring.end - spring.start, autumn.end - autumn.start) == (7 * 3600_000, 9 * 3600_000)


@pytest.mark.parametrize(
    "wrong",
    ["", "22:00", "22-06", "24:00-06:00", "08:61-09:00", "mo 08:00-09:00", 5, [], ["x y"]],
)
def test_wrong_hours_are_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="are no hours"):
        Schedule.parse(wrong)


spans = st.builds(
    lambda day, h1, h2: f"{day} {h1:02}:00-{h2:02}:30", st.sampled_from(DAYS),
    st.integers(0, 23), st.integers(0, 23),
)  # fmt: skip


@given(
    st.lists(spans, min_size=1, max_size=4),
    st.datetimes(datetime(2024, 3, 20), datetime(2024, 11, 10)),
    st.sampled_from([SHANGHAI, BERLIN]),
)
def test_a_window_is_the_same_from_everywhere_inside(
    hours: list[str], local: datetime, zone: ZoneInfo
) -> None:
    schedule = Schedule.parse(hours)
    now = at(local.isoformat(), zone)
    window = schedule.window(now, zone)
    assert window.start <= now < window.end
    assert schedule.window(window.end - 1, zone).active is window.active
    if window.end - window.start < timedelta(days=8) / timedelta(milliseconds=1):
        assert schedule.window(window.end, zone).active is not window.active


def test_long_holidays_are_seen_across() -> None:
    window = Schedule.parse("workdays 08:00-18:00").window(
        at("2026-02-18 12:00", SHANGHAI), SHANGHAI
    )
    assert window.start == at("2026-02-14 18:00", SHANGHAI)
    assert window.end == at("2026-02-24 08:00", SHANGHAI)


@pytest.mark.parametrize("year", sorted(workdays.YEARS))
def test_the_calendar_of_a_year_is_whole(year: int) -> None:
    """Holidays stand on weekdays, worked days on weekends; the law knows 11 or 13 holidays."""
    free = [day for day in workdays.FREE if day.year == year]
    worked = [day for day in workdays.WORKED if day.year == year]
    assert all(day.weekday() < 5 for day in free)
    assert all(day.weekday() >= 5 for day in worked)
    assert len(free) - len(worked) in range(9, 15)
