"""Days and weeks in numbers."""

import asyncio
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Response

from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheDesk
from gateway.api.desk import Desk
from gateway.api.routes.incidents import as_file
from gateway.api.spans import From, To, local, span
from gateway.digest import By, Counts, Digest, digest, spans
from gateway.model import Duration
from gateway.sheets import sheet
from rules.kinds.silence import Silence

router = APIRouter(tags=["numbers"])

USUAL = {"day": Duration.parse("7d"), "week": Duration.parse("8w")}
MINUTE = Duration.parse("1m")
COUNTS = {
    "opened": 5,
    "resolved": 3,
    "void": 1,
    "open": 2,
    "acknowledge": 240000,
    "resolve": 3600000,
    "silent": 1,
}
EXAMPLE = {
    "start": 1789920000000,
    "end": 1790006400000,
    "by": "day",
    "total": COUNTS,
    "grids": {"110101001001001": COUNTS},
    "spans": [{"start": 1789920000000, "end": 1790006400000, "total": COUNTS, "grids": {}}],
    "rules": [
        {"rule": "waste-at-station", "opened": 4, "closed": 4, "void": 1, "share": 0.25},
    ],
    "silent": ["bin-03"],
}
COLUMNS = (
    *("from", "to", "grid", "opened", "resolved", "false alarms", "open at the end"),
    *("minutes to the first deed (median)", "minutes to the end (median)", "silent devices"),
)
RULES = ("rule", "opened", "closed", "false alarms", "share of false alarms")

Step = Annotated[By, Query(description="day or week, at the place")]
Grid = Annotated[str, Query(max_length=64, description="only this grid")]


@router.get("/api/v1/digest", summary="What it was like", responses=described(Digest, EXAMPLE))
@needs("viewer")
async def numbers(
    desk: TheDesk, start: From = None, end: To = None, by: Step = "day", grid: Grid = ""
) -> Response:
    """Whole days or weeks of the place that cover the span; the last 7 days, or 8 weeks, when no
    `from` is given. Medians in ms, of those first handled or closed within the span."""
    return answer(await _digest(desk, start, end, by, grid))


@router.get(
    "/api/v1/digest.csv",
    summary="The same as a table",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"example": ",".join(COLUMNS)}}}},
)
@needs("viewer")
async def table(
    desk: TheDesk,
    start: From = None,
    end: To = None,
    by: Step = "day",
    grid: Grid = "",
    rules: Annotated[bool, Query(description="a row per rule instead of per grid")] = False,
) -> Response:
    found = await _digest(desk, start, end, by, grid)
    if rules:
        body = sheet(RULES, ((r.rule, r.opened, r.closed, r.void, r.share) for r in found.rules))
    else:
        body = sheet(COLUMNS, _rows(desk, found))
    return as_file(body, f"digest-{by}{'-rules' * rules}.csv", "text/csv; charset=utf-8")


def _rows(desk: Desk, found: Digest) -> Iterator[tuple[object, ...]]:
    zone = desk.config.site.zone
    for part in found.spans:
        when = local(part.start, zone), local(part.end, zone)
        for grid, counts in part.grids.items():
            yield (*when, grid, *_cells(counts))


def _cells(counts: Counts) -> tuple[object, ...]:
    minutes = (
        "" if length is None else round(length / MINUTE, 1)
        for length in (counts.acknowledge, counts.resolve)
    )
    return (counts.opened, counts.resolved, counts.void, counts.open, *minutes, counts.silent)


async def _digest(desk: Desk, start: int | None, end: int | None, by: By, grid: str) -> Digest:
    edges = span(start, end, desk.clock.now(), USUAL[by])
    covered = spans(*edges, by, desk.config.site.zone)
    silence = frozenset(rule.id for rule in desk.rules if isinstance(rule, Silence))
    histories = await desk.store.cases.between(covered[0][0], covered[-1][1])
    return await asyncio.to_thread(digest, histories, covered, by, silence, grid)
