"""Messages that could not be read."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response

from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheDesk
from gateway.model import Quarantined

router = APIRouter(prefix="/api/v1/quarantine", tags=["quarantine"])

EXAMPLE = {
    "at": 1790000000000,
    "source": "listener",
    "topic": "tele/x/SENSOR",
    "reason": "not JSON",
    "payload": "/wB7",
}


@router.get("", summary="What could not be read", responses=described(list[Quarantined], [EXAMPLE]))
@needs("operator")
async def quarantine(desk: TheDesk, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Response:
    """The newest first. `payload` is base64: it may be anything."""
    found = await desk.store.quarantined(limit)
    return answer([msgspec.to_builtins(message) for message in found])
