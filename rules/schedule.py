"""Hours of the week in which a rule watches."""

import re
from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from gateway.model import Millis
from rules.workdays import is_workday

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKDAYS, FREEDAYS = 7, 8
"""Stand among the days of a span for those of the calendar."""
_CALENDAR = {"workdays": WORKDAYS, "freedays": FREEDAYS}
_HOURS = re.compile(r"(\d\d?):(\d\d)-(\d\d?):(\d\d)")
_MIDNIGHT = 24 * 60
REACH = 16
"""Days to look ahead and back. The longest holidays so far had 9 days."""


class Span(NamedTuple):
    """From a minute of certain days (0 is Monday) to a minute of the same or the next day."""

    days: frozenset[int]
    start: int
    end: int


class Window(NamedTuple):
    """Whether it is active from `start` until `end`, two instants."""

    active: bool
    start: Millis
    end: Millis


class Schedule(tuple[Span, ...]):
    """Hours of the week, in the site's time zone. Local hours stay local when clocks change.
    `workdays` and `freedays` go by the Chinese calendar with its worked weekends (调休).

    >>> len(Schedule.parse("22:00-06:00")), len(Schedule.parse(["mon-fri 08:00-18:00", "sat"]))
    (1, 2)
    """

    @classmethod
    def parse(cls, raw: Any) -> Self:
        """Read `22:00-06:00`, `mon-fri 08:00-18:00`, `workdays`, or a list of such."""
        listed = [raw] if isinstance(raw, str) else raw
        if not isinstance(listed, list | tuple) or not listed:
            raise ValueError(f"{raw!r} are no hours; write 22:00-06:00 or mon-fri 08:00-18:00")
        return cls(_span(item) for item in listed)

    @property
    def by_calendar(self) -> bool:
        """Whether it goes by working days, of which only some years are known."""
        return any(span.days & {WORKDAYS, FREEDAYS} for span in self)

    def window(self, now: Millis, zone: ZoneInfo) -> Window:
        """Whether it is active at *now*, since when, and until when."""
        today = datetime.fromtimestamp(now / 1000, zone).date()
        edges = _edges(self, today, zone)
        at = bisect_right(edges, now)
        return Window(at % 2 == 1, edges[at - 1], edges[at])


@lru_cache(maxsize=256)
def _edges(schedule: tuple[Span, ...], today: date, zone: ZoneInfo) -> tuple[Millis, ...]:
    """Start, end, start, end … of what is active from some weeks before *today* to some weeks
    after: longer than any holidays, and every kind of day comes before and after."""
    spans = sorted(
        (_instant(day, span.start, zone), _instant(day, span.end, zone))
        for n in range(-REACH, REACH + 1)
        for day in [today + timedelta(days=n)]
        for span in schedule
        if _is_on(day, span)
    )
    merged: list[list[Millis]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return tuple(edge for span in merged for edge in span)


def _is_on(day: date, span: Span) -> bool:
    if day.weekday() in span.days:
        return True
    kind = WORKDAYS if is_workday(day) else FREEDAYS
    return kind in span.days


def _instant(day: date, minute: int, zone: ZoneInfo) -> Millis:
    """A local minute of *day* as an instant; one that clocks skip comes that much later."""
    local = datetime.combine(day + timedelta(days=minute // _MIDNIGHT), time(), zone)
    local = local.replace(hour=minute % _MIDNIGHT // 60, minute=minute % 60)
    return round(local.astimezone(UTC).timestamp() * 1000)


def _span(text: Any) -> Span:
    wrong = f"{text!r} are no hours; write 22:00-06:00, mon-fri 08:00-18:00, or sat,sun"
    if not isinstance(text, str):
        raise ValueError(wrong)
    *days, last = text.lower().split() or [""]
    hours = _HOURS.fullmatch(last)
    if len(days) > 1 or not (hours or last) or (days and not hours):
        raise ValueError(wrong)
    if not hours:
        return Span(_days(last, wrong), 0, _MIDNIGHT)
    h1, m1, h2, m2 = map(int, hours.groups())
    start, end = h1 * 60 + m1, h2 * 60 + m2
    if m1 > 59 or m2 > 59 or start >= _MIDNIGHT or end > _MIDNIGHT:
        raise ValueError(wrong)
    every = _days(days[0], wrong) if days else frozenset(range(7))
    return Span(every, start, end if end > start else end + _MIDNIGHT)


def _days(text: str, wrong: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        if part in _CALENDAR:
            found.add(_CALENDAR[part])
            continue
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            raise ValueError(wrong)
        start, end = DAYS.index(first), DAYS.index(last or first)
        found.update(range(start, end + 1) if end >= start else {*range(start, 7), *range(end + 1)})
    return frozenset(found)
