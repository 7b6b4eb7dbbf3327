"""Cameras: how well each sees, what it sees, and its last picture."""

from fastapi import APIRouter, Request, Response

from gateway.api import facts
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheDesk
from gateway.api.problem import Problem

router = APIRouter(prefix="/api/v1/cameras", tags=["cameras"])

EXAMPLE = {
    "id": "cam-2",
    "name": "Waste station",
    "state": "ok",
    "at": 1790000000000,
    "fps": 5.0,
    "place": {"site": "demo", "codes": [], "lat": None, "lon": None, "address": "Building 2"},
    "detections": [
        {
            "label": "left_object",
            "score": 0.91,
            "box": [0.36, 0.63, 0.48, 0.83],
            "track": "t1",
            "zone": "bins",
            "since": 1789999820000,
            "why": "",
            "evidence": [],
        }
    ],
}


@router.get("", summary="All cameras", responses=described(list[facts.Camera], [EXAMPLE]))
@needs("viewer")
async def cameras(desk: TheDesk) -> Response:
    return answer(list(facts.cameras(desk)))


@router.get(
    "/{id}/picture.jpg",
    summary="The last picture, privacy areas painted over",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}},
)
@needs("viewer")
async def picture(id: str, request: Request, desk: TheDesk) -> Response:
    """Its time is the ETag: ask with If-None-Match and get 304 while there is no newer one."""
    found = desk.pictures.get(id)
    if found is None:
        raise Problem(404, "There is no picture of such a camera.")
    headers = {"ETag": f'"{found.at}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(found.jpeg, headers=headers, media_type="image/jpeg")
