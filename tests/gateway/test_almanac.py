"""The end of the calendar is told in time, and only to who needs it."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from gateway import almanac
from gateway.health import PartsHealth
from gateway.model import Millis
from rules.kinds.threshold import Threshold
from rules.rule import Rule
from rules.schedule import Schedule
from rules.selector import Names, Select
from rules.silences import SilenceSpec
from rules.workdays import YEARS

ZONE = ZoneInfo("Asia/Shanghai")
END = round(datetime(max(YEARS) + 1, 1, 1, tzinfo=ZONE).timestamp() * 1000)


class Site(NamedTuple):
    rules: tuple[Rule, ...] = ()
    silences: tuple[SilenceSpec, ...] = ()


def rule(hours: str) -> Rule:
    select = Select(quantity=Names(["t"]))
    return Threshold(id="r", incident="x", select=select, above=1, schedule=Schedule.parse(hours))


BY_DAYS = Site((rule("workdays 08:00-18:00"),))
HUSHED = SilenceSpec(id="s", every=Schedule.parse("freedays"), owner="Wang", reason="closed")


@pytest.mark.parametrize(
    ("site", "at", "year"),
    [
        (BY_DAYS, END - 61 * almanac.DAY, None),
        (BY_DAYS, END - 59 * almanac.DAY, max(YEARS) + 1),
        (BY_DAYS, END + almanac.DAY, max(YEARS) + 1),
        (Site(silences=(HUSHED,)), END, max(YEARS) + 1),
        (Site((rule("mon-fri 08:00-18:00"),)), END, None),
        (Site(), END, None),
    ],
)
def test_a_year_that_is_not_known_is_told_before(site: Site, at: Millis, year: int | None) -> None:
    assert almanac.unknown_year(site, at, ZONE) == year


class Stop(Exception):
    """Ends what would go on for ever."""


class Clock:
    """Shows the given instants, one after each sleep."""

    synced = True

    def __init__(self, *instants: Millis) -> None:
        self._left = list(instants)

    def now(self) -> Millis:
        return self._left[0]

    async def sleep_until(self, when: Millis) -> None:
        assert when == self.now() + almanac.DAY
        del self._left[0]
        if not self._left:
            raise Stop


async def test_health_says_it_from_two_weeks_before() -> None:
    health = PartsHealth(Clock(END))
    with pytest.raises(Stop):
        await almanac.watch(lambda: BY_DAYS, ZONE, Clock(END - 15 * almanac.DAY), health)
    assert health.parts["calendar"].state == "ok"
    with pytest.raises(Stop):
        await almanac.watch(lambda: BY_DAYS, ZONE, Clock(END - almanac.DAY), health)
    assert health.parts["calendar"].state == "failed"
    assert str(max(YEARS) + 1) in health.parts["calendar"].detail
