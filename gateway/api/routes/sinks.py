"""Destinations: what waits, what was refused, and what is to become of it."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Response

from gateway.api import facts
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheCaller, TheDesk
from gateway.api.desk import Desk
from gateway.api.problem import Problem
from gateway.model import Millis

router = APIRouter(prefix="/api/v1/sinks", tags=["sinks"])

MOST = 1000
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
    """A message that a destination refused for good: one version of one incident."""

    id: str
    incident: str
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


@router.get("", summary="All destinations", responses=described(list[facts.Sink], [EXAMPLE]))
@needs("viewer")
async def sinks(desk: TheDesk) -> Response:
    return answer(await facts.sinks(desk))


@router.get("/{id}/dead", summary="What was refused", responses=described(list[Letter], [LETTER]))
@needs("operator")
async def dead(
    id: str, desk: TheDesk, limit: Annotated[int, Query(ge=1, le=MOST)] = 100
) -> Response:
    """The oldest first. They stay until somebody sends them again or gives them up."""
    return answer(await _letters(desk, id, limit))


@router.post("/{id}/dead/{letter}/{deed}", summary="Send again, or give up", status_code=204)
@needs("operator")
async def decide(
    id: str, letter: str, deed: Literal["retry", "discard"], desk: TheDesk, caller: TheCaller
) -> Response:
    """`retry` puts it back at its place in the line; `discard` gives it up for good."""
    if deed == "retry":
        if not await desk.store.outbox.revive(_known(desk, id), letter):
            raise Problem(404, "It is not among those that were refused.")
    else:
        if letter not in {found.id for found in await _letters(desk, id, MOST)}:
            raise Problem(404, "It is not among those that were refused.")
        await desk.store.outbox.done(id, [letter])
    desk.health.count("dead_letters_decided", part=id, why=deed)
    return Response(status_code=204)


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
        for d in await desk.store.outbox.dead(_known(desk, id), limit)
    ]


def _known(desk: Desk, id: str) -> str:
    if not any(sink.id == id for sink in desk.config.sinks):
        raise Problem(404, "There is no such destination.")
    return id
