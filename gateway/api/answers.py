"""Answers in JSON, described for OpenAPI by the types that they are encoded from."""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import Response


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, dict(headers or {}), "application/json")


def described(kind: Any, example: Any, text: str = "OK") -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: schema of *kind*, with an example."""
    schema, parts = msgspec.json.schema_components((kind,), ref_template="#/$defs/{name}")
    body = {"schema": {**schema[0], **({"$defs": parts} if parts else {})}, "example": example}
    return {200: {"description": text, "content": {"application/json": body}}}
