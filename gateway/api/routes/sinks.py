"""Destinations: what waits, what was refused, and what is to become of it."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from gateway.api import facts
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheCaller, TheDesk
from gateway.api.bodies import read
from gateway.api.desk import Desk
from gateway.api.problem import Problem
from gateway.model import Millis, Reading

router = APIRouter(prefix="/api/v1/sinks", tags=["sinks"])

MOST = 1000
Deed = Literal["retry", "discard"]
EXAMPLE = {
    "id": "city",
    "state": "retrying",
    "detail": "503 Service Unavailable; trying again in 20 s",
    "since": 1789999900000,
    "waiting": 3,
    "dead": 0,
    "oldest": 1789999760000,
}


class Letter(msgspec.Struct, frozen=True):
    """What a destination refused for good: one version of one incident, or one reading."""

    id: str
    incident: str
    """'' for a reading."""
    title: str
    phase: str
    reason: str
    at: Millis


LETTER = {
    "id": "0f8ce0b6-6a5c-5e0c-9d1c-6f8e1a4f2f10-0",
    "incident": "0f8ce0b6-6a5c-5e0c-9d1c-6f8e1a4f2f10",
    "title": "Waste dumped at Waste station",
    "phase": "opened",
    "reason": "400 Bad Request: unknown grid code",
    "at": 1790000000000,
}


class Why(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Giving up needs it: what was not sent will never be."""

    reason: Annotated[str, msgspec.Meta(max_length=2000)] = ""


WHY = {
    "requestBody": {
        "required": False,
        "content": {"application/json": {"example": {"reason": "A test; the city has it."}}},
    }
}


class Decided(msgspec.Struct, frozen=True):
    """How many there were."""

    decided: int


@router.get("", summary="All destinations", responses=described(list[facts.Sink], [EXAMPLE]))
@needs("viewer")
async def sinks(desk: TheDesk) -> Response:
    return answer(await facts.sinks(desk))


@router.get("/{id}/dead", summary="What was refused", responses=described(list[Letter], [LETTER]))
@needs("operator")
async def dead(
    id: str, desk: TheDesk, limit: Annotated[int, Query(ge=1, le=MOST)] = 100
) -> Response:
    """The oldest first. They stay until somebody sends them again or gives them up; of readings
    the last 10,000."""
    found = _readings if _takes_readings(desk, id) else _letters
    return answer(await found(desk, id, limit))


@router.post(
    "/{id}/dead/{letter}/{deed}",
    summary="Send again, or give up",
    status_code=204,
    openapi_extra=WHY,
)
@needs("operator")
async def decide(
    id: str, letter: str, deed: Deed, request: Request, desk: TheDesk, caller: TheCaller
) -> Response:
    """`retry` puts it back at its place in the line; `discard` gives it up for good, and needs a
    reason."""
    reason = await _why(request, deed)
    decided = _decide_reading if _takes_readings(desk, id) else _decide_letter
    if not await decided(desk, id, letter, deed):
        raise Problem(404, "It is not among those that were refused.")
    desk.health.count("dead_letters_decided", part=id, why=deed)
    await desk.audit.record(caller.name, f"letter.{deed}", f"{id} {letter}", "", reason)
    return Response(status_code=204)


@router.post(
    "/{id}/dead/{deed}",
    summary="Send all again, or give all up",
    openapi_extra=WHY,
    responses=described(Decided, {"decided": 3}),
)
@needs("operator")
async def decide_all(
    id: str, deed: Deed, request: Request, desk: TheDesk, caller: TheCaller
) -> Response:
    """For what a time series refused; reports of incidents are decided one by one."""
    if not _takes_readings(desk, id):
        raise Problem(409, "Reports of incidents are decided one by one.")
    reason = await _why(request, deed)
    refused = desk.store.refused
    n = await (refused.retry(id) if deed == "retry" else refused.discard(id))
    desk.health.count("dead_letters_decided", n, part=id, why=deed)
    await desk.audit.record(caller.name, f"letter.{deed}", f"{id}: all {n}", "", reason)
    return answer(Decided(n))


async def _why(request: Request, deed: Deed) -> str:
    reason = (await read(request, Why)).reason.strip()
    if deed == "discard" and not reason:
        raise Problem(400, "Say why it is given up.")
    return reason


async def _decide_letter(desk: Desk, id: str, letter: str, deed: str) -> bool:
    if deed == "retry":
        return await desk.store.outbox.revive(id, letter)
    if letter not in {found.id for found in await _letters(desk, id, MOST)}:
        return False
    await desk.store.outbox.done(id, [letter])
    return True


async def _decide_reading(desk: Desk, id: str, letter: str, deed: str) -> bool:
    if not letter.isdecimal():
        return False
    refused = desk.store.refused
    return bool(await (refused.retry if deed == "retry" else refused.discard)(id, [int(letter)]))


async def _letters(desk: Desk, id: str, limit: int) -> list[Letter]:
    return [
        Letter(
            d.envelope.id,
            d.envelope.incident.id,
            d.envelope.incident.title,
            d.envelope.phase,
            d.reason,
            d.at,
        )
        for d in await desk.store.outbox.dead(id, limit)
    ]


async def _readings(desk: Desk, id: str, limit: int) -> list[Letter]:
    return [
        Letter(str(one.id), "", _told(one.reading), "reading", one.reason, one.at)
        for one in await desk.store.refused.dead(id, limit)
    ]


def _told(reading: Reading) -> str:
    return f"{reading.device} {reading.quantity} {reading.value} {reading.unit}".rstrip()


def _takes_readings(desk: Desk, id: str) -> bool:
    """Whether it is a time series; raises Problem when there is no such destination."""
    if any(sink.id == id for sink in desk.config.reading_sinks):
        return True
    if not any(sink.id == id for sink in desk.config.sinks):
        raise Problem(404, "There is no such destination.")
    return False
