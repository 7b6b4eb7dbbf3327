"""GET /api/v1/changes: a page's live feed."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from gateway.api.access import needs
from gateway.api.asking import TheAccounts, TheCaller, TheChanges

router = APIRouter(tags=["now"])

EXAMPLE = 'event: devices\ndata: {"all":false,"set":[{"id":"bin-03","state":"ok"}],"gone":[]}\n\n'


@router.get(
    "/api/v1/changes",
    summary="What changes, as server-sent events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"example": EXAMPLE}}}},
)
@needs("viewer")
async def changes(caller: TheCaller, accounts: TheAccounts, changes: TheChanges) -> Response:
    """Events `incidents`, `cameras`, `devices`, `sinks` and `parts`; at first everything, then
    at most once a second what is new. The stream ends with the login."""

    async def events() -> AsyncIterator[bytes]:
        async for event in changes.watch():
            if not accounts.alive(caller):
                return
            yield event

    return StreamingResponse(
        events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )
