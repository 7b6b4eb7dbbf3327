"""Silences: what need not be told for a while, who says so, why, and until when."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response

from gateway import silencing
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheCaller, TheDesk
from gateway.api.bodies import read
from gateway.api.desk import Desk
from gateway.api.problem import Problem
from gateway.api.routes.site import saved, shop
from gateway.api.sentences import hours
from gateway.model import Millis
from rules.selector import Names
from rules.silences import SilenceSpec

router = APIRouter(prefix="/api/v1/silences", tags=["silences"])

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Words = Annotated[list[Word], msgspec.Meta(max_length=200)]


class Silence(msgspec.Struct, frozen=True):
    """Times in ms since 1970. `hours`: of the week, in words. `ends`: where it holds now, until
    when it does, for this time."""

    id: str
    rules: tuple[str, ...]
    devices: tuple[str, ...]
    place: tuple[str, ...]
    grid: tuple[str, ...]
    start: Millis | None = msgspec.field(name="from")
    until: Millis | None
    hours: str
    owner: str
    reason: str
    active: bool
    ends: Millis | None


class Fresh(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is left out covers all. Times are ms since 1970, or local: `2026-05-01 22:00`; it has
    to end (`until`), or to hold at hours (`every`). The owner is who asks, unless named."""

    id: Word
    reason: Word
    owner: str = ""
    rules: Words = []
    devices: Words = []
    place: Words = []
    grid: Words = []
    start: int | str | None = msgspec.field(name="from", default=None)
    until: int | str | None = None
    every: str | Words | None = None


EXAMPLE = {
    "id": "street-works",
    "rules": ["noise-*"],
    "devices": [],
    "place": ["3 号楼"],
    "grid": [],
    "from": 1790000000000,
    "until": 1790100000000,
    "hours": "",
    "owner": "mei",
    "reason": "Street works",
    "active": True,
    "ends": 1790100000000,
}
ASKED = {
    "id": "street-works",
    "rules": ["noise-*"],
    "place": ["3 号楼"],
    "until": "2026-05-03 18:00",
    "reason": "Street works",
}
BODY = {"requestBody": {"required": True, "content": {"application/json": {"example": ASKED}}}}


@router.get("", summary="All silences", responses=described(list[Silence], [EXAMPLE]))
@needs("viewer")
async def silences(desk: TheDesk) -> Response:
    """Also those that are over, until they are removed."""
    return answer([_shown(one, desk) for one in desk.config.silences])


@router.post(
    "",
    summary="Silence something",
    status_code=201,
    openapi_extra=BODY,
    responses={201: described(Silence, EXAMPLE)[200]},
)
@needs("operator")
async def silence(request: Request, desk: TheDesk, caller: TheCaller) -> Response:
    """It holds at once. It keeps incidents from opening and does nothing else: what is open goes
    on, and what still holds when it ends opens then. 409: there is one of that id."""
    fresh = await read(request, Fresh)
    entry: dict[str, Any] = msgspec.to_builtins(fresh) | {"owner": fresh.owner or caller.name}
    try:
        spec = silencing.spec(entry)
    except ValueError as e:
        raise Problem(400, str(e)) from None
    kept = shop(desk)
    try:
        text = silencing.added(await kept.text(silencing.FILE), entry | _texts(spec))
    except silencing.Twice:
        raise Problem(409, "There is a silence of that id.") from None
    await saved(desk, {silencing.FILE: text}, caller.name, f"silenced {spec.id}: {spec.reason}")
    await desk.audit.record(caller.name, "silence.add", spec.id, "", spec.reason)
    return answer(_shown(spec, desk), 201)


@router.delete("/{id}", summary="Lift a silence", status_code=204)
@needs("operator")
async def lift(id: str, desk: TheDesk, caller: TheCaller) -> Response:
    """What it held back and still holds opens at once."""
    kept = shop(desk)
    try:
        text = silencing.removed(await kept.text(silencing.FILE), id)
    except silencing.Absent:
        raise Problem(404, "There is no such silence.") from None
    await saved(desk, {silencing.FILE: text}, caller.name, f"lifted the silence {id}")
    await desk.audit.record(caller.name, "silence.remove", id)
    return Response(status_code=204)


def _texts(spec: SilenceSpec) -> dict[str, str]:
    """The moments as they stand in the file, whatever they were sent as."""
    moments = {"from": spec.start, "until": spec.until}
    return {name: str(moment) for name, moment in moments.items() if moment is not None}


def _shown(spec: SilenceSpec, desk: Desk) -> Silence:
    zone, now = desk.config.site.zone, desk.clock.now()
    ends = spec.ends(now, zone)
    language = desk.config.site.language
    return Silence(
        id=spec.id,
        **{name: _plain(getattr(spec, name)) for name in ("rules", "devices", "place", "grid")},
        start=None if spec.start is None else spec.start.instant(zone),
        until=None if spec.until is None else spec.until.instant(zone),
        hours=hours(spec.every, language) if spec.every else "",
        owner=spec.owner,
        reason=spec.reason,
        active=ends is not None,
        ends=ends,
    )


def _plain(names: Names) -> tuple[str, ...]:
    return tuple(names)
