"""Request bodies: bounded before they are read, typed before they are used."""

import asyncio
from typing import TypeVar

import msgspec
from fastapi import Request

from gateway.api.problem import Problem

T = TypeVar("T")
SECONDS = 30.0
"""For a body to arrive."""


async def raw(request: Request, most: int) -> bytes:
    """The body, or `Problem` 413 as soon as it is longer than *most* bytes, whatever its headers
    claim, and 408 when it does not come."""
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise Problem(413, f"At most {most} bytes are taken at once.")
    except TimeoutError:
        raise Problem(408, f"The body took longer than {SECONDS:.0f} seconds.") from None
    return bytes(body)


async def read(request: Request, kind: type[T], most: int = 65536) -> T:
    """A JSON body as *kind*, or 400 with what is wrong with it. No body at all is `{}`."""
    body = await raw(request, most) or b"{}"
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise Problem(400, f"{e}") from e
