"""The site's grids, for a map."""

from fastapi import APIRouter, Response

from devices.grids import Collection
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheDesk

router = APIRouter(prefix="/api/v1/grids", tags=["devices"])

EXAMPLE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"id": "110101001001001", "name": "Block 1", "scheme": "cn-unit-grid"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[116.397, 39.9082], [116.398, 39.9082], [116.398, 39.9092], [116.397, 39.9082]]
                ],
            },
        }
    ],
}


@router.get("", summary="All grids, as GeoJSON", responses=described(Collection, EXAMPLE))
@needs("viewer")
async def grids(desk: TheDesk) -> Response:
    """What grids.geojson says: outlines in WGS 84, longitude first. None: an empty collection."""
    return answer(Collection(desk.config.grids.all))
