"""Errors as RFC 9457 problem documents: what is wrong, in words, and nothing of our insides."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException


class Problem(HTTPException):
    """Raise it in a route: `raise Problem(409, "This incident is resolved already.")`. *more* are
    members of the document besides the usual ones."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(status, detail or None, dict(headers or {}) or None)
        self.more = more


def problem(
    status: int,
    detail: str = "",
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    usual = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body = {**usual, **(more or {})}
    return Response(
        msgspec.json.encode(body), status, dict(headers or {}), "application/problem+json"
    )


async def on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    same = error.detail == HTTPStatus(error.status_code).phrase
    said, more = "" if same else str(error.detail), getattr(error, "more", None)
    return problem(error.status_code, said, error.headers, more)


async def on_store_failed(request: Request, error: Exception) -> Response:
    """The disk fails; it is said in `store` of the health, and tried again there."""
    return problem(503, "The gateway's disk fails. Look at it.", {"Retry-After": "30"})


async def on_invalid(request: Request, error: Exception) -> Response:
    """FastAPI's own check of path and query."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    said = (f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors()[:5])
    return problem(400, "; ".join(said))
