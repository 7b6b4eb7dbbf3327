"""Silences and maintenance on a calendar: when each of them holds."""

from collections.abc import Iterator
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Query, Response

from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheDesk
from gateway.api.problem import Problem
from gateway.model import Duration, Millis
from rules.schedule import Schedule
from rules.silences import SilenceSpec

router = APIRouter(prefix="/api/v1/calendar", tags=["silences"])

LONGEST = int(Duration.parse("62d"))
MOST = 500
"""Spans told of one silence."""


class Entry(msgspec.Struct, frozen=True):
    """A silence and the spans (ms, start and end) in which it holds; without `until` a span ends
    with what was asked for. `recurring`: it holds at hours of the week."""

    id: str
    rules: list[str]
    devices: list[str]
    place: list[str]
    grid: list[str]
    owner: str
    reason: str
    recurring: bool
    spans: list[tuple[Millis, Millis]]


EXAMPLE = {
    "id": "street-works",
    "rules": ["noise-*"],
    "devices": [],
    "place": [],
    "grid": [],
    "owner": "Wang Min",
    "reason": "Street works",
    "recurring": False,
    "spans": [[1790000000000, 1790100000000]],
}


@router.get("", summary="When silences hold", responses=described(list[Entry], [EXAMPLE]))
@needs("viewer")
async def calendar(
    desk: TheDesk,
    start: Annotated[int, Query(alias="from", ge=0, description="ms since 1970")],
    end: Annotated[int, Query(alias="to", ge=0, description="ms since 1970")],
) -> Response:
    """At most 62 days. Those that do not hold then are told too, without spans."""
    if not start < end <= start + LONGEST or end >= 2**53:
        raise Problem(400, "from has to be before to, by at most 62 days; both are ms since 1970.")
    zone = desk.config.site.zone
    return answer([_entry(one, start, end, zone) for one in desk.config.silences])


def _entry(spec: SilenceSpec, start: Millis, end: Millis, zone: ZoneInfo) -> Entry:
    spans = [span for span, _ in zip(_spans(spec, start, end, zone), range(MOST), strict=False)]
    return Entry(
        spec.id,
        list(spec.rules),
        list(spec.devices),
        list(spec.place),
        list(spec.grid),
        spec.owner,
        spec.reason,
        spec.every is not None,
        spans,
    )


def _spans(
    spec: SilenceSpec, start: Millis, end: Millis, zone: ZoneInfo
) -> Iterator[tuple[Millis, Millis]]:
    first = start if spec.start is None else max(start, spec.start.instant(zone))
    last = end if spec.until is None else min(end, spec.until.instant(zone))
    if spec.every is None:
        if first < last:
            yield first, last
        return
    yield from _hours(spec.every, first, last, zone)


def _hours(
    every: Schedule, first: Millis, last: Millis, zone: ZoneInfo
) -> Iterator[tuple[Millis, Millis]]:
    at = first
    while at < last:
        window = every.window(at, zone)
        if window.active:
            yield max(window.start, first), min(window.end, last)
        at = max(window.end, at + 1)
