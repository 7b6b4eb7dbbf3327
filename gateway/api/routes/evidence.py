"""GET /evidence/{sha256}.jpg: a picture that proves an incident, for who has a login or a link."""

import asyncio
import re
from typing import Annotated

from fastapi import APIRouter, Query, Response

from gateway import links
from gateway.api.access import needs
from gateway.api.asking import MaybeCaller, TheDesk
from gateway.api.problem import Problem
from gateway.api.sessions import Caller

router = APIRouter(tags=["evidence"])

SHA256 = re.compile(r"[0-9a-f]{64}")
HEADERS = {"Cache-Control": "private, max-age=31536000, immutable"}
"""The name is the hash: it is this picture for ever, or not there any more."""


@router.get(
    "/evidence/{sha256}.jpg",
    summary="A masked picture by its SHA-256",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}},
)
@needs()
async def evidence(
    sha256: str,
    desk: TheDesk,
    caller: MaybeCaller,
    expires: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    signature: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Open to everybody who holds a link with a good signature, as a platform does."""
    if not SHA256.fullmatch(sha256):
        raise Problem(404)
    if not _person(caller) and not links.verify(
        desk.link_key, sha256, expires, signature, desk.clock.now()
    ):
        raise Problem(403, "This link is not valid, or not any more.")
    path = desk.evidence_file(sha256)
    try:
        picture = await asyncio.to_thread(path.read_bytes)
    except FileNotFoundError:
        raise Problem(404, "This picture is not kept any more.") from None
    return Response(picture, headers=HEADERS, media_type="image/jpeg")


def _person(caller: Caller | None) -> bool:
    return caller is not None and caller.role != "device"
