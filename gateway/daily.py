"""Once a day: how many incidents stayed on this box, told to the sinks that want it.

The count of a day is an envelope like any other, in the form of an incident that is over:

    id daily-east-2026-11-20, kind daily_count, status resolved
    title  2026-11-20: 本地处理 5 件 5 handled here
    reasons  noise: 4, closed 3 · exposed_waste: 1, closed 1

Its id is the day's, so it is told once, however often the box was started that day; days at whose
end it was switched off are told later. Without anything to count nothing is told.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from gateway.incidents import CLOSED
from gateway.model import Duration, Incident, Millis, Notice, Place, Reason
from gateway.ports import Clock, Inbox
from gateway.store.failures import StoreFailed

KIND = "daily_count"
LOOK_BACK = 7
"""Days that are still told after the box was off."""
AFTER_MIDNIGHT = Duration.parse("5m")
"""So that what was closed at the last minute is counted as closed."""
RETRY = Duration.parse("1m")


class Cases(Protocol):
    async def between(self, start: Millis, end: Millis) -> Sequence[Sequence[Incident]]: ...


class Site(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def zone(self) -> ZoneInfo: ...
    @property
    def place(self) -> Place: ...


async def count_days(
    site: Site, sinks: Sequence[str], cases: Cases, inbox: Inbox, clock: Clock
) -> None:
    """Hand in the counts of the days that are over, for ever."""
    while True:
        try:
            for day in _over(clock.now(), site.zone):
                if stayed := await _stayed(cases, *_span(day, site.zone)):
                    await inbox.put([Notice(count(site, day, stayed), tuple(sinks))])
            wake = _next(clock.now(), site.zone)
        except StoreFailed:  # the pump says so, and mends it
            wake = clock.now() + RETRY
        await clock.sleep_until(wake)


async def _stayed(cases: Cases, start: Millis, end: Millis) -> list[Incident]:
    """What was opened in the span and told to nobody."""
    latest = [history[-1] for history in await cases.between(start, end)]
    return [one for one in latest if one.sinks == () and start <= one.opened_at < end]


def count(site: Site, day: date, stayed: Sequence[Incident]) -> Incident:
    """What is told of *day*, on which *stayed* were opened and told to nobody."""
    start, end = _span(day, site.zone)
    return Incident(
        id=f"daily-{site.id}-{day}",
        kind=KIND,
        rule=KIND,
        key=site.id,
        title=f"{day}: 本地处理 {len(stayed)} 件 {len(stayed)} handled here",
        severity="info",
        status="resolved",
        place=site.place,
        opened_at=start,
        updated_at=end,
        since=start,
        closed_at=end,
        reasons=tuple(_reasons(stayed)),
    )


def _reasons(stayed: Iterable[Incident]) -> Iterator[Reason]:
    opened = Counter(incident.kind for incident in stayed)
    closed = Counter(incident.kind for incident in stayed if incident.status in CLOSED)
    for kind, n in opened.most_common():
        yield Reason(f"{kind}: {n}, closed {closed[kind]}", quantity=kind, value=float(n), unit="1")


def _over(now: Millis, zone: ZoneInfo) -> Iterator[date]:
    """The last days that are over, the oldest first."""
    today = datetime.fromtimestamp((now - AFTER_MIDNIGHT) / 1000, zone).date()
    for ago in range(LOOK_BACK, 0, -1):
        yield today - timedelta(days=ago)


def _next(now: Millis, zone: ZoneInfo) -> Millis:
    today = datetime.fromtimestamp((now - AFTER_MIDNIGHT) / 1000, zone).date()
    return _span(today, zone)[1] + AFTER_MIDNIGHT


def _span(day: date, zone: ZoneInfo) -> tuple[Millis, Millis]:
    """From midnight to midnight, in the site's own time."""
    ends = (datetime(d.year, d.month, d.day, tzinfo=zone) for d in (day, day + timedelta(days=1)))
    start, end = (round(midnight.timestamp() * 1000) for midnight in ends)
    return start, end
