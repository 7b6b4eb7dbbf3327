"""A module of ours, run in a process of its own, so that the gateway's loop goes on."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from typing import NamedTuple


class Ended(NamedTuple):
    """How the process ended, and what it wrote."""

    code: int
    out: bytes
    err: bytes


async def run(module: str, *words: str, seconds: float, body: bytes = b"") -> Ended:
    """Run `python -m module words…` with *body* on its standard input. Raises TimeoutError after
    *seconds*. It is gone when this returns or raises, also when the caller is cancelled."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module, *words), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate(body)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None  # noqa: S101 - `communicate` waits for the end
    return Ended(process.returncode, out, err)
