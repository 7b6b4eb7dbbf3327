"""Backtests: a rule, or many forms of it, over the stored past; run beside the gateway."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta

from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheBacktests, TheDesk
from gateway.api.bodies import read
from gateway.api.desk import Desk
from gateway.api.problem import Problem
from gateway.backtest_jobs import Backtest, Occupied
from gateway.backtest_worker import Job
from gateway.backtests import Question
from gateway.model import Duration
from rules.rule import Rule
from rules.variants import variants

router = APIRouter(prefix="/api/v1/backtests", tags=["rules"])

RECENT = int(Duration.parse("30d"))
Value = Annotated[str, Meta(max_length=100)] | float
Values = Value | Annotated[list[Value], Meta(max_length=100)]
ASKED = {"rule": "bin-full", "from": 1787400000000, "set": {"above": "70:95:5", "for": ["5m"]}}
EXAMPLE = {
    "id": "9f86d081884c7d65",
    "rule": "bin-full",
    "state": "running",
    "progress": 0.4,
    "why": "",
    "result": None,
}


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Times are ms since 1970; the last 30 days where they are left out. `set`: a value, several,
    or `first:last:step`; several settings make every combination."""

    rule: str
    start: Annotated[int, Meta(ge=0)] | None = msgspec.field(name="from", default=None)
    end: Annotated[int, Meta(ge=0)] | None = msgspec.field(name="to", default=None)
    set: Annotated[dict[str, Values], Meta(max_length=8)] = {}


@router.post(
    "",
    summary="Begin a backtest",
    status_code=202,
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"example": ASKED}}}
    },
    responses={202: described(Backtest, EXAMPLE, "Begun")[200]},
)
@needs("operator")
async def begin(request: Request, desk: TheDesk, backtests: TheBacktests) -> Response:
    """In a process of its own; ask for it by its id. 409: another one is running."""
    job = _job(desk, await read(request, Asked))
    try:
        made = backtests.start(job.question.variants[0].rule.id, lambda: job)
    except Occupied as other:
        raise Problem(409, f"The backtest {other} is running.") from None
    return answer(made, 202, {"Location": f"/api/v1/backtests/{made.id}"})


@router.get("/{id}", summary="A backtest and its result", responses=described(Backtest, EXAMPLE))
@needs("viewer")
async def look(id: str, backtests: TheBacktests) -> Response:
    """`result` is what `linli rules backtest --json` prints, with the latest 500 of long lists.
    The last 10 are kept, until the gateway stops."""
    found = backtests.find(id)
    if found is None:
        raise Problem(404, "There is no such backtest.")
    return answer(found)


@router.delete("/{id}", summary="Cancel a backtest", status_code=204)
@needs("operator")
async def cancel(id: str, backtests: TheBacktests) -> Response:
    """Ends one that runs; of one that is done, forgets the answer."""
    if not await backtests.cancel(id):
        raise Problem(404, "There is no such backtest.")
    return Response(status_code=204)


def _job(desk: Desk, asked: Asked) -> Job:
    rule = next((rule for rule in desk.rules if rule.id == asked.rule), None)
    if rule is None:
        raise Problem(404, "There is no such rule.")
    if desk.history is None:
        raise Problem(409, "This gateway keeps no past.")
    now = desk.clock.now()
    end = now if asked.end is None else min(asked.end, now)
    start = end - RECENT if asked.start is None else asked.start
    if start >= end:
        raise Problem(400, "from has to be before to; both are ms since 1970.")
    return Job(desk.history, _question(desk, rule, asked.set, start, end))


def _question(
    desk: Desk, rule: Rule, settings: Mapping[str, Values], start: int, end: int
) -> Question:
    try:
        forms = variants(rule, [f"{name}={_text(values)}" for name, values in settings.items()])
    except ValueError as error:
        raise Problem(400, str(error)) from None
    return Question(
        variants=forms,
        others=[other for other in desk.rules if other.id in rule.unless],
        subjects=dict(desk.subjects),
        zone=desk.config.site.zone,
        start=start,
        end=end,
        silences=desk.config.silences,
    )


def _text(values: Values) -> str:
    listed = values if isinstance(values, list) else [values]
    return ",".join(f"{v:g}" if isinstance(v, float) else v for v in listed)
