"""Who changed what."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheDesk
from gateway.store.audit import Entry

router = APIRouter(prefix="/api/v1/audit", tags=["changes"])

EXAMPLE = {
    "id": 17,
    "at": 1790000000000,
    "who": "ada",
    "what": "user.add",
    "target": "mei",
    "before": "",
    "after": "person operator",
}


@router.get("", summary="Who changed what", responses=described(list[Entry], [EXAMPLE]))
@needs("admin")
async def audit(
    desk: TheDesk,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=0, lt=2**53, description="an entry's id")] = None,
    who: Annotated[str, Query(max_length=64, description="this user only")] = "",
    what: Annotated[str, Query(max_length=64, description="a part of deed or target")] = "",
) -> Response:
    """The newest first; for the next page ask for those `before` the last one's `id`. Every
    change and every login is in it, the last 100,000."""
    return answer(await desk.audit.entries(limit, before, who, what))
