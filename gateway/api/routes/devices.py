"""Devices: what is alive, what it says, and what it said."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from gateway.api import facts
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheDesk
from gateway.api.desk import Desk
from gateway.api.problem import Problem
from gateway.model import Duration, Subject

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])

DAY = int(Duration.parse("1d"))
EXAMPLE = {
    "id": "bin-03",
    "name": "Bin 03",
    "state": "ok",
    "seen": 1790000000000,
    "period": 600000,
    "place": {"site": "demo", "codes": [], "lat": 39.91, "lon": 116.4, "address": "Building 3"},
    "tags": ["bin"],
    "values": [{"quantity": "fill", "value": 93.0, "unit": "%", "at": 1790000000000, "quality": 0}],
}
SERIES = {
    "device": "bin-03",
    "quantity": "fill",
    "start": 1789990000000,
    "end": 1790000000000,
    "at": [1789990000000],
    "min": [91.0],
    "mean": [92.1],
    "max": [93.0],
    "count": [7],
}


@router.get("", summary="All devices", responses=described(list[facts.Device], [EXAMPLE]))
@needs("viewer")
async def devices(desk: TheDesk) -> Response:
    return answer(list(facts.devices(desk)))


@router.get("/{id}", summary="One device", responses=described(facts.Device, EXAMPLE))
@needs("viewer")
async def device(id: str, desk: TheDesk) -> Response:
    return answer(facts.device(desk, _subject(desk, id), desk.clock.now()))


@router.get(
    "/{id}/series",
    summary="What it measured",
    responses={200: {"content": {"application/json": {"example": SERIES}}}},
)
@needs("viewer")
async def series(
    id: str,
    desk: TheDesk,
    quantity: str,
    start: Annotated[int | None, Query(description="ms since 1970; a day before end")] = None,
    end: Annotated[int | None, Query(description="ms since 1970; now")] = None,
    points: Annotated[int, Query(ge=1, le=5000)] = 600,
) -> Response:
    """At most *points* spans of equal length, each with its least, mean and greatest value and
    how many readings it stands for: a short peak is never thinned away."""
    subject = _subject(desk, id)
    end = desk.clock.now() if end is None else end
    start = end - DAY if start is None else start
    if not 0 <= start < end < 2**53:
        raise Problem(400, "start has to be before end; both are ms since 1970.")
    found = await desk.store.series(subject.id, quantity, start, end, points)
    columns = {
        name: getattr(found, name).tolist() for name in ("at", "min", "mean", "max", "count")
    }
    about = {"device": id, "quantity": quantity, "start": start, "end": end}
    return answer(about | columns)


def _subject(desk: Desk, id: str) -> Subject:
    if not any(spec.id == id for spec in desk.config.devices) or id not in desk.subjects:
        raise Problem(404, "There is no such device.")
    return desk.subjects[id]
