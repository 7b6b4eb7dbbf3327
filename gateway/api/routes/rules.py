"""Rules: what is watched for, and what another limit would have told of the past."""

from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Query, Request, Response

from gateway.api import rulebook
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheDesk, TheTrials
from gateway.api.bodies import read
from gateway.api.desk import Desk
from gateway.api.problem import Problem
from gateway.model import Duration, Millis
from gateway.parameters import changed
from gateway.trial_desk import Busy, TooLong, TrialFailed
from gateway.trials import Outcome, Trial
from rules.rule import Rule

router = APIRouter(prefix="/api/v1/rules", tags=["rules"])

DAY = int(Duration.parse("1d"))
WEEK = 7 * DAY
LONGEST = 31 * DAY
"""Of a trial's span."""
Language = Annotated[
    Literal["en", "zh"] | None, Query(description="of the sentence; the site's when left out")
]
RULE = {
    "id": "bin-full",
    "kind": "threshold",
    "title": "{name} overflows",
    "incident": "overflowing_bin",
    "severity": "minor",
    "enabled": True,
    "sentence": "Any device: fill level above 90 %, for 30 min. Over once below 60 %.",
    "for": 1800000,
    "keep_for": 0,
    "schedule": "",
    "by": "device",
    "select": {"quantity": ["fill_level"]},
    "week": {"incidents": 12, "false_alarms": 2},
}
PAGE = {
    "rule": RULE,
    "note": "",
    "parameters": [{"name": "above", "kind": "number", "value": 90, "least": None, "most": None}],
    "quantities": ["fill_level"],
    "units": {"fill_level": "%"},
    "devices": ["bin-03"],
}
SPAN = {"key": "bin-03", "opened": 1789990000000, "closed": None, "severity": "minor", "why": ""}
TOLD = {"incidents": 1, "per_day": [1], "confirmed": 0, "false_alarms": 0, "spans": [SPAN]}
OUTCOME = {
    "start": 1789913600000,
    "end": 1790000000000,
    "days": [1789913600000],
    "old": TOLD,
    "new": TOLD,
    "of_confirmed": 0,
    "of_false_alarms": 0,
    "readings": 144,
}


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters to try (numbers; durations as text, `10m`, or in seconds), over a span of the
    past (the last day where it is left out), of one device or of all."""

    set: dict[str, float | str]
    start: Annotated[int, msgspec.Meta(ge=0)] | None = msgspec.field(name="from", default=None)
    end: Annotated[int, msgspec.Meta(ge=0)] | None = msgspec.field(name="to", default=None)
    device: str = ""


BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"example": {"set": {"above": 80, "for": "10m"}, "device": ""}}
        },
    }
}


@router.get("", summary="All rules", responses=described(list[rulebook.Entry], [RULE]))
@needs("viewer")
async def rules(desk: TheDesk, language: Language = None) -> Response:
    lately = await rulebook.told(desk.store, desk.clock.now() - WEEK)
    tongue = language or desk.config.site.language
    return answer([rulebook.entry(rule, tongue, lately) for rule in desk.rules])


@router.get("/{id}", summary="One rule", responses=described(rulebook.Page, PAGE))
@needs("viewer")
async def rule(id: str, desk: TheDesk, language: Language = None) -> Response:
    found = _rule(desk, id)
    lately = await rulebook.told(desk.store, desk.clock.now() - WEEK)
    return answer(rulebook.page(desk, found, language or desk.config.site.language, lately))


@router.post(
    "/{id}/try",
    summary="What other values would have told",
    openapi_extra=BODY,
    responses=described(Outcome, OUTCOME, "Old against new; nothing is changed"),
)
@needs("operator")
async def try_out(id: str, request: Request, desk: TheDesk, trials: TheTrials) -> Response:
    """The same engine as live, over what is stored: at most 31 days, one trial at a time. 429:
    another one is running. 504: it took too long; ask for a shorter span, or for one device."""
    trial = _trial(desk, _rule(desk, id), await read(request, Change))
    try:
        return answer(await trials.judge(trial))
    except Busy:
        raise Problem(429, "Another trial is running.", {"Retry-After": "1"}) from None
    except TooLong:
        raise Problem(504, "It took too long. Choose a shorter span or one device.") from None
    except TrialFailed:
        raise Problem(503, "The past cannot be read. Look at the gateway's log.") from None


def _rule(desk: Desk, id: str) -> Rule:
    for rule in desk.rules:
        if rule.id == id:
            return rule
    raise Problem(404, "There is no such rule.")


def _trial(desk: Desk, rule: Rule, change: Change) -> Trial:
    if desk.history is None:
        raise Problem(409, "This gateway keeps no past.")
    start, end = _span(change, desk.clock.now())
    if change.device and change.device not in rulebook.judged(desk, rule):
        raise Problem(400, "This rule does not judge that device by itself.")
    return Trial(
        desk.history,
        rule,
        _changed(rule, change.set),
        [other for other in desk.rules if other.id in rule.unless],
        dict(desk.subjects),
        ZoneInfo(desk.config.site.time_zone),
        start,
        end,
        change.device,
        desk.config.silences,
    )


def _span(change: Change, now: Millis) -> tuple[Millis, Millis]:
    end = now if change.end is None else min(change.end, now)
    start = end - DAY if change.start is None else change.start
    if not 0 <= end - LONGEST <= start < end:
        raise Problem(400, "from has to be before to, by at most 31 days; both are ms since 1970.")
    return start, end


def _changed(rule: Rule, settings: Mapping[str, float | str]) -> Rule:
    try:
        return changed(rule, settings)
    except ValueError as e:
        raise Problem(400, str(e)) from None
