"""What platforms say of incidents, and what an operator does about those that were refused."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from gateway.answered import REFUSED, last_answer
from gateway.api.access import needs, signed
from gateway.api.answers import answer, described
from gateway.api.asking import TheCaller, TheDesk, TheHeard
from gateway.api.bodies import raw, read
from gateway.api.desk import Desk
from gateway.api.handing import hand_in
from gateway.api.problem import Problem
from gateway.callbacks import Forged, Letter, Unreadable
from gateway.model import Answer, Incident
from gateway.ports import SinkSpec

router = APIRouter(prefix="/api/v1/platforms", tags=["platforms"])

MOST = 64 * 1024
"""Bytes of an answer."""
LOOKED_AT = 1000
"""Incidents, the newest, among which refused ones are sought."""
DEAD = 1000
SIGNED = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "example": {
                    "incident": "0f8ce0b6-6a5c-5e0c-9d1c-6f8e1a4f2f10",
                    "state": "assigned",
                    "reference": "SR-17",
                    "text": "street 7",
                }
            }
        },
    }
}


class Refused(msgspec.Struct, frozen=True):
    """An incident that a platform did not take, and what it said last."""

    incident: Incident
    answer: Answer


class Correction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was put right, for those who read the history."""

    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""


EXAMPLE = {
    "incident": {
        "id": "0f8ce0b6-6a5c-5e0c-9d1c-6f8e1a4f2f10",
        "kind": "waste_dumped",
        "title": "Waste dumped at Waste station",
    },
    "answer": {
        "incident": "0f8ce0b6-6a5c-5e0c-9d1c-6f8e1a4f2f10",
        "sink": "city",
        "state": "rejected",
        "reference": "SR-17",
        "text": "not in our district",
        "at": 1790000000000,
    },
}


@router.post(
    "/{sink}/answers",
    summary="What a platform says: accepted, assigned, rejected, closed",
    openapi_extra=SIGNED,
    status_code=204,
)
@signed
async def hear(sink: str, request: Request, desk: TheDesk, heard: TheHeard) -> Response:
    """Signed as Standard Webhooks with the destination's `answers` secret, or as the `callback` of
    its template says. The body as in the example, or as `data` of a CloudEvent whose `subject` is
    the incident. 401 for what nobody signed; to send the same again does no harm."""
    spec = _platform(desk, sink)
    letter = Letter(dict(request.headers), await raw(request, MOST), desk.clock.now())
    try:
        answers = list(spec.hear(letter))
    except Forged:
        desk.health.count("answers_forged", part=sink)
        raise Problem(401, "The signature is missing, wrong or too old.") from None
    except Unreadable as problem:
        raise Problem(400, f"This cannot be read: {problem}") from problem
    if not heard.before(sink, letter):
        for one in answers:
            if not await desk.store.incident(one.incident):
                raise Problem(404, "There is no such incident.")
        await hand_in(desk.inbox, answers)
        heard.note(sink, letter)
    thanks = spec.thanks
    return Response(*thanks) if thanks else Response(status_code=204)


@router.get(
    "/refused",
    summary="Incidents that a platform did not take",
    responses=described(list[Refused], [EXAMPLE]),
)
@needs("viewer")
async def refused(
    desk: TheDesk, limit: Annotated[int, Query(ge=1, le=LOOKED_AT)] = 100
) -> Response:
    """The newest first, once for each platform, until they are sent again and taken."""
    found = [
        Refused(incident, last)
        for incident in await desk.store.incidents(limit=LOOKED_AT)
        for sink in dict.fromkeys(one.sink for one in incident.answers)
        if (last := last_answer(incident, sink)) and last.state in REFUSED
    ]
    return answer(found[:limit])


@router.post("/{sink}/incidents/{id}/resend", summary="Send again", status_code=204)
@needs("operator")
async def resend(
    sink: str, id: str, request: Request, desk: TheDesk, caller: TheCaller
) -> Response:
    """As it is now, and as if it were new there. 409 unless that platform refused it last."""
    _platform(desk, sink)
    said = await read(request, Correction)
    versions = await desk.store.incident(id)
    if not versions:
        raise Problem(404, "There is no such incident.")
    last = last_answer(versions[-1], sink)
    if last is None or last.state not in REFUSED:
        raise Problem(409, "That platform has not refused it.")
    text = f"{caller.name}: {said.note.strip()}".removesuffix(": ")
    await hand_in(desk.inbox, [Answer(id, sink, "resent", text=text)])
    old = [one.envelope for one in await desk.store.outbox.dead(sink, DEAD)]
    await desk.store.outbox.done(sink, [one.id for one in old if one.incident.id == id])
    await desk.audit.record(caller.name, "incident.resent", id, last.state, sink)
    return Response(status_code=204)


def _platform(desk: Desk, id: str) -> SinkSpec:
    for spec in desk.config.sinks:
        if spec.id == id:
            return spec
    raise Problem(404, "There is no such destination.")
