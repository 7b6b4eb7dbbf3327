"""Incidents: what is wrong, what was, and what people decide about it."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheCaller, TheDesk
from gateway.api.bodies import read
from gateway.api.desk import Desk
from gateway.api.facts import OPEN
from gateway.api.handing import hand_in
from gateway.api.problem import Problem
from gateway.model import Action, Incident, Phase, Status

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"])

Deed = Literal["acknowledge", "in_progress", "resolve", "void", "reopen"]
PHASES: dict[Deed, Phase] = {
    "acknowledge": "acknowledged",
    "in_progress": "in_progress",
    "resolve": "resolved",
    "void": "void",
    "reopen": "reopened",
}
EXAMPLE = {
    "id": "0f8ce0b6-6a5c-5e0c-9d1c-6f8e1a4f2f10",
    "kind": "waste_dumped",
    "rule": "waste-at-station",
    "key": "cam-2",
    "title": "Waste dumped at Waste station",
    "severity": "major",
    "status": "open",
    "opened_at": 1790000000000,
    "updated_at": 1790000000000,
    "since": 1789999820000,
    "seq": 0,
    "reasons": [{"text": "An object has lain in zone bins for 3 min and belongs to nobody"}],
    "devices": ["cam-2"],
    "handled_by": "",
    "note": "",
}


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why. A false alarm needs it."""

    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class History(msgspec.Struct, frozen=True):
    """An incident as it is, and every version that it had, the oldest first."""

    incident: Incident
    versions: list[Incident]


NOTE = {
    "requestBody": {
        "required": False,
        "content": {"application/json": {"example": {"note": "The cleaners are on their way."}}},
    }
}


@router.get("", summary="Incidents", responses=described(list[Incident], [EXAMPLE]))
@needs("viewer")
async def incidents(
    desk: TheDesk,
    status: Annotated[list[Status] | None, Query(description="open ones when left out")] = None,
    every: Annotated[bool, Query(alias="all", description="closed ones too")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=0, description="opened before, ms since 1970")] = None,
) -> Response:
    """The newest first; for the next page ask for those `before` the last one's `opened_at`."""
    wanted = None if every else tuple(status or OPEN)
    return answer(list(await desk.store.incidents(wanted, limit, before)))


@router.get(
    "/{id}",
    summary="One incident with its history",
    responses=described(History, {"incident": EXAMPLE, "versions": [EXAMPLE]}),
)
@needs("viewer")
async def incident(id: str, desk: TheDesk) -> Response:
    return answer(await _history(desk, id))


@router.post(
    "/{id}/{deed}",
    summary="Acknowledge, begin, resolve, call it a false alarm, reopen",
    openapi_extra=NOTE,
    responses=described(History, {"incident": EXAMPLE, "versions": [EXAMPLE]}, "On disk"),
)
@needs("operator")
async def decide(
    id: str, deed: Deed, request: Request, desk: TheDesk, caller: TheCaller
) -> Response:
    """409 when the incident is not in a state for that: only a closed one can be reopened, and
    a closed one cannot be anything else."""
    said = await read(request, Note)
    known = (await _history(desk, id)).incident
    phase = PHASES[deed]
    if (known.status in OPEN) == (phase == "reopened") or known.status == phase:
        raise Problem(409, f"This incident is {known.status.replace('_', ' ')} already.")
    if phase == "void" and not said.note.strip():
        raise Problem(400, "Say why it is a false alarm.")
    action = Action(known.id, phase, caller.name, said.note.strip(), desk.clock.now())
    await hand_in(desk.inbox, [action])
    return answer(await _history(desk, id))


async def _history(desk: Desk, id: str) -> History:
    versions = list(await desk.store.incident(id))
    if not versions:
        raise Problem(404, "There is no such incident.")
    return History(versions[-1], versions)
