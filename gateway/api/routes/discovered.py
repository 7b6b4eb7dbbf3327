"""Devices that speak and are not registered."""

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query, Response

from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheDesk
from gateway.discovered import Stranger

router = APIRouter(prefix="/api/v1/discovered", tags=["devices"])

EXAMPLE = {
    "dialect": "zigbee2mqtt",
    "address": "0x00158d0001a2b3c4",
    "topic": "zigbee2mqtt/0x00158d0001a2b3c4",
    "first": 1790000000000,
    "last": 1790000600000,
    "messages": 12,
    "samples": {"temperature": 21.5, "humidity": 48.0},
}


@router.get("", summary="Devices to admit", responses=described(list[Stranger], [EXAMPLE]))
@needs("viewer")
async def discovered(desk: TheDesk, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> Response:
    """Who spoke last comes first. To admit one, enter it in devices.yaml with this dialect and
    address."""
    return answer(list(islice(desk.discovered, limit)))
