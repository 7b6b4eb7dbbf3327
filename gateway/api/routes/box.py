"""The box itself: its disk, its log, and a copy of everything."""

import asyncio
import contextlib
import logging
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from gateway import archive, logring, wear
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheCaller, TheDesk
from gateway.api.bodies import read
from gateway.api.problem import Problem

router = APIRouter(tags=["box"])

PIECE = 1 << 18
LINE = {"at": 1790000000000, "level": "WARNING", "part": "linli", "text": "city is retrying: 503"}
STORAGE = {
    "total": 31914983424,
    "free": 24000000000,
    "folders": [{"name": "database", "size": 48000000}, {"name": "evidence", "size": 9000000}],
    "written": 120000000,
    "since": 1789913600000,
    "daily": 120000000,
    "years": 91.0,
    "cycles": 500,
    "amplification": 4,
}
_copying = asyncio.Lock()


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes along besides configuration and memory."""

    evidence: bool = False
    secrets: bool = False
    """Passwords of cameras and platforms, keys, and the users file."""


@router.get("/api/v1/storage", summary="The disk", responses=described(wear.Storage, STORAGE))
@needs("operator")
async def storage(desk: TheDesk) -> Response:
    """How full it is, how much is written per day, and how long an SD card will take that."""
    args = desk.root, desk.health.started, desk.clock.now()
    return answer(await asyncio.to_thread(wear.storage, *args))


@router.get(
    "/api/v1/log", summary="The last lines", responses=described(list[logring.Line], [LINE])
)
@needs("admin")
async def log(
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO",
    limit: Annotated[int, Query(ge=1, le=logring.KEPT)] = 200,
) -> Response:
    """Of this level and above, the newest first. 2000 lines are kept, in memory."""
    ring = logring.ring()
    return answer(ring.lines(logging.getLevelNamesMapping()[level], limit) if ring else [])


@router.post(
    "/api/v1/backup",
    summary="One file from which a box can be built again",
    openapi_extra={"requestBody": {"content": {"application/json": {"example": {}}}}},
    response_class=StreamingResponse,
    responses={200: {"content": {"application/gzip": {}}}},
)
@needs("admin")
async def backup(request: Request, desk: TheDesk, caller: TheCaller) -> Response:
    """Made while the gateway runs; `linli restore` puts it into place. 409 while another one is
    being made."""
    wish = await read(request, Wish)
    if _copying.locked():
        raise Problem(409, "A backup is being made. Wait until it is ready.")
    async with _copying:
        file = await asyncio.to_thread(_write, desk.root, wish)
    what = f"evidence: {wish.evidence}, secrets: {wish.secrets}"
    await desk.audit.record(caller.name, "backup", "site", "", what)
    headers = {
        "Content-Disposition": 'attachment; filename="linli-backup.tar.gz"',
        "Content-Length": str(os.fstat(file.fileno()).st_size),
    }
    return StreamingResponse(_sent(file), headers=headers, media_type="application/gzip")


def _write(root: Path, wish: Wish) -> BinaryIO:
    """A file without a name, which is gone with whoever reads it. Beside the database: the system's
    folder for such files may be in memory."""
    number, name = tempfile.mkstemp(suffix=".tar.gz", prefix="backup-", dir=root / "data")
    os.close(number)
    path = Path(name)
    try:
        archive.write(root, path, secrets=wish.secrets, pictures=wish.evidence)
        return path.open("rb")
    finally:
        path.unlink()


async def _sent(file: BinaryIO) -> AsyncIterator[bytes]:
    with contextlib.closing(file):
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
