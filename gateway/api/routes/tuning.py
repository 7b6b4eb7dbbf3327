"""Tuning a camera: what is drawn on its picture, and what other settings would find."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta

import vision.detectors
from gateway import camera_text
from gateway.api import facts
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheCaller, TheDesk
from gateway.api.bodies import read
from gateway.api.desk import Desk
from gateway.api.problem import Problem
from gateway.api.routes.site import saved, shop
from gateway.camera_text import FILE
from gateway.model import Duration, Millis
from gateway.plugins import subclasses
from gateway.rehearsals import Busy, Unrehearsed
from vision.camera import CameraSpec, convert
from vision.detector import DetectorSpec
from vision.measures import LIMITS, Measures
from vision.outcome import Rehearsal

router = APIRouter(prefix="/api/v1/cameras", tags=["cameras"])

FOLDERS = ("clips", "recordings")
FILMS = {".mp4", ".avi", ".mkv", ".mov", ".webm", ".ts"}
MOST_CLIPS = 200


class Turned(msgspec.Struct, frozen=True):
    """A number or a duration (ms) of a detector that can be turned."""

    name: str
    kind: Literal["number", "integer", "duration"]
    default: float
    least: float
    most: float | None


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is drawn and looked for, as in cameras.yaml; what is left out stays as it is.
    Corners are fractions of the picture; durations text, `60s`."""

    zones: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET
    masks: list[list[tuple[float, float]]] | msgspec.UnsetType = msgspec.UNSET
    privacy: list[list[tuple[float, float]]] | msgspec.UnsetType = msgspec.UNSET
    detectors: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings to try: on the camera's last minutes (of which the last `seconds` suffice; 0: all
    there are), or on one of the clips. `pictures`: keep the masked pictures of what is judged, so
    that they can be fetched."""

    settings: Settings = Settings()
    clip: str = ""
    pictures: bool = False
    seconds: Annotated[float, Meta(ge=0, le=3600)] = 0.0


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings to keep, and why."""

    settings: Settings
    why: Annotated[str, Meta(max_length=500)] = ""


class Page(msgspec.Struct, frozen=True):
    """One camera with all that is drawn. Durations in `settings` are milliseconds. `kinds` are
    the detectors there are and what can be turned; `clips` can be tried on; `limits` are those
    of the camera's `measures`."""

    camera: facts.Camera
    settings: dict[str, Any]
    crop: tuple[float, float, float, float]
    kinds: dict[str, list[Turned]]
    clips: list[str]
    limits: Measures
    saves: bool
    """Whether settings can be saved here."""


AREA = [[0.4, 0.5], [0.6, 0.5], [0.6, 0.9], [0.4, 0.9]]
SETTINGS = {
    "zones": [{"id": "exit", "name": "Fire exit", "area": AREA}],
    "masks": [],
    "privacy": [],
    "detectors": [{"kind": "blocked", "zones": ["exit"], "dwell": "30s"}],
}
TOLD = {"start": 0, "end": 0, "moments": [], "reports": [], "pictures": []}
KEPT_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"example": {"settings": SETTINGS, "why": "the gate"}}},
    }
}
BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"example": {"settings": SETTINGS, "clip": ""}}},
    }
}


@router.get("/{id}", summary="One camera", responses=described(Page, {"settings": SETTINGS}))
@needs("viewer")
async def camera(id: str, desk: TheDesk) -> Response:
    spec = _spec(desk, id)
    page = Page(
        facts.camera(desk, id, desk.clock.now()),
        {name: plain(getattr(spec, name)) for name in Settings.__struct_fields__},
        spec.crop,
        {name: list(turned(kind)) for name, kind in _kinds().items()},
        await asyncio.to_thread(_clips, desk.root),
        LIMITS,
        desk.workshop is not None,
    )
    return answer(page)


@router.put(
    "/{id}",
    summary="Change what is drawn and looked for",
    openapi_extra=KEPT_BODY,
    status_code=204,
)
@needs("operator")
async def keep(id: str, request: Request, desk: TheDesk, caller: TheCaller) -> Response:
    """Writes the camera's entry in cameras.yaml; it works with it at once. 422: what is wrong."""
    kept = await read(request, Kept)
    before = _spec(desk, id)
    after = with_settings(before, kept.settings)
    given = msgspec.to_builtins(kept.settings)
    fields = {n: v for n, v in given.items() if getattr(before, n) != getattr(after, n)}
    text = camera_text.changed(await shop(desk).text(FILE), id, fields)
    await saved(desk, {FILE: text}, caller.name, kept.why)
    await desk.audit.record(caller.name, "camera.change", id, "", kept.why)
    return Response(status_code=204)


@router.post(
    "/{id}/try",
    summary="What other settings would find",
    openapi_extra=BODY,
    responses=described(Rehearsal, TOLD, "What would be found; nothing is changed"),
)
@needs("operator")
async def try_out(id: str, request: Request, desk: TheDesk) -> Response:
    """The camera's own detectors over its last five minutes, or over the first five of a clip,
    in the vision worker. 429: another trial is running. 503: the worker cannot."""
    wanted = await read(request, Wanted)
    spec = with_settings(_spec(desk, id), wanted.settings)
    if desk.rehearsals is None:
        raise Problem(503, "No vision worker is running.")
    if wanted.clip and wanted.clip not in await asyncio.to_thread(_clips, desk.root):
        raise Problem(404, "There is no such clip.")
    try:
        return answer(
            await desk.rehearsals.attempt(spec, wanted.clip, wanted.pictures, wanted.seconds)
        )
    except Busy:
        raise Problem(429, "Another trial is running.", {"Retry-After": "1"}) from None
    except Unrehearsed as e:
        raise Problem(503, f"It could not be tried: {e}.") from None


@router.get(
    "/{id}/tried/{at}.jpg",
    summary="A masked picture of the last trial",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}},
)
@needs("operator")
async def tried(id: str, at: Millis, desk: TheDesk) -> Response:
    """*at*: one of the trial's `pictures`."""
    found = desk.rehearsals.picture(id, at) if desk.rehearsals else None
    if found is None:
        raise Problem(404, "There is no such picture any more.")
    return Response(found, headers={"Cache-Control": "private, no-store"}, media_type="image/jpeg")


def with_settings(spec: CameraSpec, settings: Settings) -> CameraSpec:
    """*spec* with what is given; `Problem` 400 in words where that is no camera."""
    given = msgspec.to_builtins(settings)
    try:
        whole = msgspec.structs.asdict(spec) | {n: _field(n, raw) for n, raw in given.items()}
        return CameraSpec(**whole)
    except (ValueError, msgspec.ValidationError) as e:
        raise Problem(400, str(e)) from None


def _field(name: str, raw: Any) -> Any:
    kinds = {field.name: field.type for field in msgspec.structs.fields(CameraSpec)}
    try:
        return convert(raw, kinds[name])
    except (ValueError, msgspec.ValidationError) as e:
        raise ValueError(f"{name}: {e}") from None


def plain(value: Any) -> Any:
    """As JSON has it; durations as milliseconds, sets sorted."""
    return msgspec.to_builtins(
        value,
        enc_hook=lambda other: int(other) if isinstance(other, Duration) else list(other),
        order="deterministic",
    )


def turned(kind: type[DetectorSpec]) -> Iterator[Turned]:
    """What of a detector can be turned by a slider."""
    for field in msgspec.structs.fields(kind):
        bare, meta = _bare(field.type)
        default = field.default
        if bare is Duration:
            yield Turned(field.name, "duration", float(default or 0), 0, meta.le)
        elif bare in (int, float) and isinstance(default, int | float):
            least = meta.ge if meta.ge is not None else meta.gt or 0
            name: Literal["integer", "number"] = "integer" if bare is int else "number"
            yield Turned(field.name, name, float(default), float(least), meta.le)


def _bare(kind: Any) -> tuple[Any, Meta]:
    if get_origin(kind) is Annotated:
        bare, *more = get_args(kind)
        return bare, next((m for m in more if isinstance(m, Meta)), Meta())
    return kind, Meta()


def _kinds() -> dict[str, type[DetectorSpec]]:
    found = subclasses(vision.detectors, DetectorSpec)
    return {str(kind.__struct_config__.tag): kind for kind in found}


def _clips(root: Path) -> list[str]:
    """Films below the site's folder, by their paths in it."""
    found = (path for folder in FOLDERS for path in (root / folder).rglob("*"))
    films = (p for p in found if p.suffix.lower() in FILMS and p.is_file())
    return sorted(p.relative_to(root).as_posix() for p in films)[:MOST_CLIPS]


def _spec(desk: Desk, id: str) -> CameraSpec:
    for spec in desk.config.cameras:
        if spec.id == id and isinstance(spec, CameraSpec):
            return spec
    raise Problem(404, "There is no such camera.")
