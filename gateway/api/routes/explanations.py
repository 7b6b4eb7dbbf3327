"""Why a rule fired at an instant, or what kept it from it."""

import asyncio
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta

from gateway import aside
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheDesk
from gateway.api.bodies import read
from gateway.api.problem import Problem
from rules.explain import Explanation

router = APIRouter(prefix="/api/v1/rules", tags=["rules"])

SECONDS = 60.0
NOTHING_KEPT = 2
_turn = asyncio.Lock()
"""Each takes a core for seconds; readings come first."""
REASON = {"text": "fill level 93 %, above 90 %", "quantity": "fill_level", "value": 93}
EXAMPLE = {
    "rule": "bin-full",
    "key": "bin-03",
    "open": False,
    "reasons": [{"text": "no incident is open", "code": "none_open"}],
    "devices": [{"device": "bin-03", "state": "holds", "reasons": [REASON]}],
}
BODY = {
    "requestBody": {
        "content": {"application/json": {"example": {"at": 1790000000000, "key": "bin-03"}}}
    }
}


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`at`: ms since 1970, now where it is left out. `key`: only this device, camera or place."""

    at: Annotated[int, Meta(ge=0, lt=2**43)] | None = None
    key: Annotated[str, Meta(max_length=200)] = ""


@router.post(
    "/{id}/explain",
    summary="Why a rule fired, or did not",
    openapi_extra=BODY,
    responses=described(list[Explanation], [EXAMPLE], "One for each key that was heard"),
)
@needs("operator")
async def explain(id: str, request: Request, desk: TheDesk) -> Response:
    """What `linli rules explain` says: the week before that instant is judged again, by the rule as
    it is now, in a process of its own. 429: another one is being made."""
    asked = await read(request, Asked)
    if not any(rule.id == id for rule in desk.rules):
        raise Problem(404, "There is no such rule.")
    if desk.history is None:
        raise Problem(409, "This gateway keeps no past.")
    if _turn.locked():
        raise Problem(429, "Another explanation is being made.", {"Retry-After": "2"})
    at = desk.clock.now() if asked.at is None else asked.at
    local = datetime.fromtimestamp(at / 1000, desk.config.site.zone).replace(tzinfo=None)
    key = [f"--key={asked.key}"] if asked.key else []
    async with _turn:
        return answer(await _told(str(desk.root), id, f"--at={local.isoformat(' ')}", *key))


async def _told(*asked: str) -> list[Explanation]:
    words = "rules", "explain", *asked, "--json"
    try:
        ended = await aside.run("gateway.cli", *words, seconds=SECONDS)
    except TimeoutError:
        raise Problem(504, "It took too long.") from None
    if ended.code == NOTHING_KEPT:
        raise Problem(409, "There is no past of that time.")
    if ended.code:
        raise Problem(503, "The past cannot be read. Look at the gateway's log.")
    return msgspec.json.decode(ended.out, type=list[Explanation])
