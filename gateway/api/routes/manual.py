"""The manual of this API, for people and for programs."""

import base64
import hashlib

from fastapi import APIRouter, Request, Response

from gateway.api.access import needs
from gateway.api.answers import answer
from gateway.api.manual import POLICY, STYLE, document, page

router = APIRouter(tags=["manual"])

_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_HEADERS = {"Content-Security-Policy": POLICY.format(digest=_DIGEST)}


@router.get("/api/docs", summary="This manual", response_class=Response)
@needs("viewer")
async def manual(request: Request) -> Response:
    return Response(page(document(request.app.openapi())), headers=_HEADERS, media_type="text/html")


@router.get("/api/openapi.json", summary="The OpenAPI document", response_class=Response)
@needs("viewer")
async def openapi(request: Request) -> Response:
    return answer(document(request.app.openapi()))
