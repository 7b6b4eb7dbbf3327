"""Destinations: what waits, what was refused, and what is to become of it."""

from fastapi import APIRouter, Response

from gateway.api import facts
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheDesk

router = APIRouter(prefix="/api/v1/sinks", tags=["sinks"])

EXAMPLE = {
    "id": "city",
    "state": "retrying",
    "detail": "503 Service Unavailable; trying again in 20 s",
    "since": 1789999900000,
    "waiting": 3,
    "dead": 0,
    "oldest": 1789999760000,
}


@router.get("", summary="All destinations", responses=described(list[facts.Sink], [EXAMPLE]))
@needs("viewer")
async def sinks(desk: TheDesk) -> Response:
    return answer(await facts.sinks(desk))
