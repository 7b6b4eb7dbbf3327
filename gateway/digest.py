"""What a day or a week was like: how many incidents, how soon people came, what was for nothing.

    spans -> grids -> counts and medians;  rules -> share of false alarms

Pure: histories of incidents go in, as the store keeps them. A median is of the incidents that were
first handled, or closed, within the span. Nobody's name is in it: it counts work, not workers.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from gateway.model import Incident, Millis

By = Literal["day", "week"]
History = Sequence[Incident]
"""All versions of one incident, the oldest first."""
MOST_SPANS = 400


class Counts(msgspec.Struct, frozen=True):
    """`acknowledge` and `resolve` are medians in ms from the opening to the first person's deed,
    and to the end; None where there was none."""

    opened: int
    resolved: int
    void: int
    """Called a false alarm."""
    open: int
    """Not closed at the end of the span."""
    acknowledge: Millis | None
    resolve: Millis | None
    silent: int
    """Devices that were reported as silent."""


class Span(msgspec.Struct, frozen=True):
    start: Millis
    end: Millis
    total: Counts
    grids: dict[str, Counts]


class RuleShare(msgspec.Struct, frozen=True):
    """`share`: of those closed by then, how many were false alarms; None where none was closed."""

    rule: str
    opened: int
    closed: int
    void: int
    share: float | None


class Digest(msgspec.Struct, frozen=True):
    start: Millis
    end: Millis
    by: By
    total: Counts
    grids: dict[str, Counts]
    spans: list[Span]
    rules: list[RuleShare]
    silent: list[str]
    """Devices that were reported as silent."""


def digest(
    histories: Iterable[History],
    spans: Sequence[tuple[Millis, Millis]],
    by: By,
    silence: Collection[str] = (),
    grid: str = "",
) -> Digest:
    """*spans* follow each other; *silence* are the ids of rules that tell of silent devices; only
    what lies in *grid* counts, if it is given."""
    known = [h for h in histories if not grid or h[-1].place.grid == grid]
    start, end = spans[0][0], spans[-1][1]
    within = [h for h in known if _lasts(h, start, end)]
    return Digest(
        start,
        end,
        by,
        _counts(within, start, end, silence),
        _by_grid(within, start, end, silence),
        [
            Span(a, z, _counts(within, a, z, silence), _by_grid(within, a, z, silence))
            for a, z in spans
        ],
        sorted(_rules(within, start, end), key=lambda r: (-(r.share or 0), -r.opened, r.rule)),
        sorted(_silent(within, start, end, silence)),
    )


def spans(start: Millis, end: Millis, by: By, zone: ZoneInfo) -> list[tuple[Millis, Millis]]:
    """Whole days or weeks (from Monday) of *zone* that cover *start* to *end*; a day may have 23
    or 25 hours. The last `MOST_SPANS` of them."""
    step = timedelta(days=7 if by == "week" else 1)
    edge = _midnight(start, zone)
    if by == "week":
        edge -= timedelta(days=edge.weekday())
    found = []
    while (at := _millis(edge, zone)) < end:
        edge += step
        found.append((at, _millis(edge, zone)))
    return found[-MOST_SPANS:]


def _midnight(at: Millis, zone: ZoneInfo) -> datetime:
    local = datetime.fromtimestamp(at / 1000, zone)
    return datetime(local.year, local.month, local.day)  # noqa: DTZ001 - a date of the place


def _millis(day: datetime, zone: ZoneInfo) -> Millis:
    return round(day.replace(tzinfo=zone).timestamp() * 1000)


def _lasts(history: History, start: Millis, end: Millis) -> bool:
    last = history[-1]
    return last.opened_at < end and (last.closed_at is None or last.closed_at >= start)


def _counts(
    histories: Iterable[History], start: Millis, end: Millis, silence: Collection[str]
) -> Counts:
    here = [h for h in histories if _lasts(h, start, end)]
    ended = [h[-1] for h in here if _closed(h[-1], start, end)]
    resolved = [i for i in ended if i.status == "resolved"]
    first = [at for h in here if (at := _handled(h)) is not None and start <= at[1] < end]
    opened = [h for h in here if start <= h[-1].opened_at]
    return Counts(
        len(opened),
        len(resolved),
        len(ended) - len(resolved),
        len(here) - len(ended),
        _median(at - since for since, at in first),
        _median(i.closed_at - i.opened_at for i in resolved if i.closed_at is not None),
        len(_silent(here, start, end, silence)),
    )


def _by_grid(
    histories: Iterable[History], start: Millis, end: Millis, silence: Collection[str]
) -> dict[str, Counts]:
    grouped: dict[str, list[History]] = {}
    for history in histories:
        if _lasts(history, start, end):
            grouped.setdefault(history[-1].place.grid, []).append(history)
    return {grid: _counts(grouped[grid], start, end, silence) for grid in sorted(grouped)}


def _closed(incident: Incident, start: Millis, end: Millis) -> bool:
    return incident.closed_at is not None and start <= incident.closed_at < end


def _handled(history: History) -> tuple[Millis, Millis] | None:
    """When it was opened, and when a person first did something about it."""
    return next(((v.opened_at, v.updated_at) for v in history if v.handled_by), None)


def _median(lengths: Iterable[Millis]) -> Millis | None:
    known = list(lengths)
    return round(median(known)) if known else None


def _rules(histories: Iterable[History], start: Millis, end: Millis) -> Iterable[RuleShare]:
    grouped: dict[str, list[Incident]] = {}
    for history in histories:
        grouped.setdefault(history[-1].rule, []).append(history[-1])
    for rule, incidents in grouped.items():
        ended = [i for i in incidents if _closed(i, start, end)]
        void = sum(i.status == "void" for i in ended)
        opened = sum(start <= i.opened_at < end for i in incidents)
        yield RuleShare(rule, opened, len(ended), void, void / len(ended) if ended else None)


def _silent(
    histories: Iterable[History], start: Millis, end: Millis, silence: Collection[str]
) -> set[str]:
    return {
        device
        for history in histories
        if history[-1].rule in silence and _lasts(history, start, end)
        for device in history[-1].devices
    }
