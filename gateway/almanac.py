"""Says in time that the calendar of working days ends: in `linli check`, `linli doctor`, health.

The State Council names the holidays of a year in the November before. For a year that
`rules.workdays` does not know, weekends are free and every other day is worked, which is wrong on
some thirty days.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from gateway.model import Duration, Millis
from gateway.ports import Clock, Health
from rules.rule import Rule
from rules.schedule import Schedule
from rules.silences import SilenceSpec
from rules.workdays import YEARS

PART = "calendar"
AHEAD = Duration.parse("60d")
"""So long before the year begins, `check` says that it is not known …"""
SOON = Duration.parse("14d")
"""… and so long before, health."""
DAY = Duration.parse("1d")


class Site(Protocol):
    """The parts of a loaded site that go by the calendar."""

    @property
    def rules(self) -> Iterable[Rule]: ...
    @property
    def silences(self) -> Iterable[SilenceSpec]: ...


def unknown_year(site: Site, now: Millis, zone: ZoneInfo, ahead: int = AHEAD) -> int | None:
    """The first year until *ahead* that is not known, where something goes by working days."""
    if not any(schedule.by_calendar for schedule in _schedules(site)):
        return None
    years = (datetime.fromtimestamp(at / 1000, zone).year for at in (now, now + ahead))
    return next((year for year in years if year not in YEARS), None)


def warning(year: int) -> str:
    return (
        f"public holidays of {year} are not known here: its working days are guessed from "
        "weekends; install a newer version of Linli"
    )


async def watch(site: Callable[[], Site], zone: ZoneInfo, clock: Clock, health: Health) -> None:
    """Look once a day, for ever."""
    while True:
        year = unknown_year(site(), clock.now(), zone, SOON)
        if year is None:
            health.report(PART, "ok", f"known until the end of {max(YEARS)}")
        else:
            health.report(PART, "failed", warning(year))
        await clock.sleep_until(clock.now() + DAY)


def _schedules(site: Site) -> Iterable[Schedule]:
    yield from (rule.schedule for rule in site.rules if rule.schedule is not None)
    yield from (one.every for one in site.silences if one.every is not None)
