"""Devices that speak and are not registered: to admit, or to hear of no more."""

from itertools import islice
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheCaller, TheDesk, TheSpec
from gateway.api.bodies import raw
from gateway.api.desk import Desk, Registrar
from gateway.api.problem import Problem
from gateway.discovered import Stranger
from gateway.registrar import Closed, Unheard, Wish, Wrong

router = APIRouter(prefix="/api/v1/discovered", tags=["devices"])

EXAMPLE = {
    "id": "5a1c9be0d2f3",
    "dialect": "zigbee2mqtt",
    "address": "0x00158d0001a2b3c4",
    "topic": "zigbee2mqtt/0x00158d0001a2b3c4",
    "first": 1790000000000,
    "last": 1790000600000,
    "messages": 12,
    "samples": {"temperature": 21.5, "humidity": 48.0},
    "units": {"temperature": "Cel", "humidity": "%"},
    "kept": 24,
    "sender": "",
}
WISH = {
    "id": "climate-03",
    "name": "Stairwell 3",
    "place": {"lat": 39.9087, "lon": 116.3975, "address": "Building 3"},
    "tags": ["climate"],
}
BODY = {
    "requestBody": {
        "required": True,
        "description": "How to enter it; all of it may be left out: {}.",
        "content": {"application/json": {"example": WISH}},
    }
}


class Admitted(msgspec.Struct, frozen=True):
    """`id`: how rules and people call the device from now on."""

    id: str


@router.get("", summary="Devices to admit", responses=described(list[Stranger], [EXAMPLE]))
@needs("viewer")
async def discovered(desk: TheDesk, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> Response:
    """Who spoke last comes first. `kept` readings are stored when it is admitted."""
    return answer(list(islice(desk.discovered, limit)))


@router.post(
    "/{id}/admit",
    summary="Enter a device",
    openapi_extra=BODY,
    responses=described(Admitted, {"id": "climate-03"}, "Entered in devices.yaml, and live"),
)
@needs("operator")
async def admit(
    id: str, request: Request, desk: TheDesk, caller: TheCaller, spec: TheSpec
) -> Response:
    """Writes devices.yaml. What the device said meanwhile is stored as late data: shown, and
    judged by no rule. Whoever sent it so far is the only one who may send for it."""
    try:
        body = await raw(request, spec.max_body)
        wish = msgspec.json.decode(body or b"{}", type=Wish, dec_hook=_parse)
        admitted = await _registrar(desk).admit(id, wish, caller.name)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(400, str(error)) from None
    except (Unheard, Wrong, Closed) as error:
        raise _refused(error) from None
    await desk.audit.record(caller.name, "device.admit", admitted, "", id)
    return answer(Admitted(admitted))


@router.post("/{id}/ignore", summary="Hear of a device no more", status_code=204)
@needs("operator")
async def ignore(id: str, desk: TheDesk, caller: TheCaller) -> Response:
    """Writes an entry under `ignore` in devices.yaml; take it out there to hear of it again."""
    try:
        await _registrar(desk).ignore(id, caller.name)
    except (Unheard, Wrong, Closed) as error:
        raise _refused(error) from None
    await desk.audit.record(caller.name, "device.ignore", id)
    return Response(status_code=204)


def _registrar(desk: Desk) -> Registrar:
    if desk.registrar is None:
        raise _refused(Closed())
    return desk.registrar


def _refused(error: Exception) -> Problem:
    if isinstance(error, Unheard):
        return Problem(404, "Nobody of that id waits to be admitted.")
    if isinstance(error, Wrong):
        return Problem(422, str(error))
    return Problem(409, "This gateway's site cannot be changed from here.")


def _parse(wanted: type, value: object) -> object:
    """Durations read themselves."""
    return wanted.parse(value)  # type: ignore[attr-defined]  # the only kind that comes here has it
