"""What people decide about an incident, and what they add to it."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from gateway import photo
from gateway.api.access import needs
from gateway.api.answers import answer
from gateway.api.asking import TheCaller, TheDesk
from gateway.api.bodies import raw, read
from gateway.api.desk import Desk
from gateway.api.facts import OPEN
from gateway.api.handing import hand_in
from gateway.api.problem import Problem
from gateway.api.routes.incidents import HISTORY, history
from gateway.model import Action, Phase

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"])

MOST_PHOTOS = 12
"""Of people, for one incident."""
Deed = Literal["acknowledge", "in_progress", "resolve", "void", "reopen"]
PHASES: dict[Deed, Phase] = {
    "acknowledge": "acknowledged",
    "in_progress": "in_progress",
    "resolve": "resolved",
    "void": "void",
    "reopen": "reopened",
}


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why. A false alarm needs it."""

    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""


NOTE = {
    "requestBody": {
        "required": False,
        "content": {"application/json": {"example": {"note": "The cleaners are on their way."}}},
    }
}
JPEG = {
    "requestBody": {
        "required": True,
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/{id}/note", summary="Add a note", openapi_extra=NOTE, responses=HISTORY)
@needs("operator")
async def note(id: str, request: Request, desk: TheDesk, caller: TheCaller) -> Response:
    """Whatever the incident's state; nothing is decided by it."""
    said = (await read(request, Note)).note.strip()
    if not said:
        raise Problem(400, "Write something.")
    return await _act(desk, id, "updated", caller.name, said)


@router.post("/{id}/photo", summary="Add a photo", openapi_extra=JPEG, responses=HISTORY)
@needs("operator")
async def add_photo(
    id: str,
    request: Request,
    desk: TheDesk,
    caller: TheCaller,
    note: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """A JPEG of at most 8 MiB, which the operator took. It is made smaller and encoded anew, so
    that nothing of what a telephone writes into a picture is left. It is not masked."""
    known = (await history(desk, id)).incident
    if sum(one.role == "photo" for one in known.evidence) >= MOST_PHOTOS:
        raise Problem(409, f"This incident has {MOST_PHOTOS} photos already.")
    body = await raw(request, photo.MOST)
    try:
        kept = await photo.keep(desk.root, body, desk.clock.now())
    except photo.BadPhoto as why:
        raise Problem(400, f"This picture cannot be taken: {why}.") from None
    action = Action(
        known.id, "updated", caller.name, note.strip(), desk.clock.now(), evidence=(kept,)
    )
    await hand_in(desk.inbox, [action])
    await desk.audit.record(caller.name, "incident.photo", known.id, "", kept.sha256)
    return answer(await history(desk, id))


@router.post(
    "/{id}/{deed}",
    summary="Acknowledge, begin, resolve, call it a false alarm, reopen",
    openapi_extra=NOTE,
    responses=HISTORY,
)
@needs("operator")
async def decide(
    id: str, deed: Deed, request: Request, desk: TheDesk, caller: TheCaller
) -> Response:
    """409 when the incident is not in a state for that: only a closed one can be reopened, and
    a closed one cannot be anything else. `in_progress` also takes over what another one has."""
    said = (await read(request, Note)).note.strip()
    known = (await history(desk, id)).incident
    phase = PHASES[deed]
    taken_over = phase == "in_progress" and known.handled_by != caller.name
    same = known.status == phase and not taken_over
    if (known.status in OPEN) == (phase == "reopened") or same:
        raise Problem(409, f"This incident is {known.status.replace('_', ' ')} already.")
    if phase == "void" and not said:
        raise Problem(400, "Say why it is a false alarm.")
    return await _act(desk, id, phase, caller.name, said)


async def _act(desk: Desk, id: str, phase: Phase, who: str, said: str) -> Response:
    before = (await history(desk, id)).incident
    await hand_in(desk.inbox, [Action(before.id, phase, who, said, desk.clock.now())])
    after = await history(desk, id)
    what = "incident.note" if phase == "updated" else f"incident.{phase}"
    await desk.audit.record(who, what, id, before.status, said or after.incident.status)
    return answer(after)
