"""Request bodies: bounded before they are read, typed before they are used."""

from typing import TypeVar

import msgspec
from fastapi import Request

from gateway.api.problem import Problem

T = TypeVar("T")


async def raw(request: Request, most: int) -> bytes:
    """The body, or 413 as soon as it is longer than *most* bytes, whatever its headers claim."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Problem(413, f"At most {most} bytes are taken at once.")
    return bytes(body)


async def read(request: Request, kind: type[T], most: int = 65536) -> T:
    """A JSON body as *kind*, or 400 with what is wrong with it. No body at all is `{}`."""
    body = await raw(request, most) or b"{}"
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise Problem(400, f"{e}") from e
