"""GET /health: is the gateway well? For a load balancer, a watchdog, and people."""

from typing import Any

from fastapi import APIRouter, Response

from gateway.api.access import needs
from gateway.api.answers import answer
from gateway.api.asking import MaybeCaller, TheDesk

router = APIRouter(tags=["health"])

EXAMPLE = {"status": "ok", "now": 1790000000000, "uptime_s": 86400, "parts": []}


@router.get(
    "/health",
    summary="Is the gateway well?",
    responses={
        200: {"content": {"application/json": {"example": EXAMPLE}}},
        503: {"description": "The box does not do its duty; who is logged in is told why."},
    },
)
@needs()
async def health(desk: TheDesk, caller: MaybeCaller) -> Response:
    """200 `{"status": "ok"}`, or 503 `{"status": "failed"}` when the box does not do its duty: a
    destination that refuses us is not its fault. With a login it also says how each part is."""
    body: dict[str, Any] = {"status": "ok" if desk.health.ok else "failed"}
    if caller is not None:
        now = desk.clock.now()
        body |= {
            "now": now,
            "clock_synced": desk.clock.synced,
            "uptime_s": (now - desk.health.started) // 1000,
            "parts": sorted(desk.health.parts.values(), key=lambda part: part.name),
        }
    return answer(body, 200 if desk.health.ok else 503)
