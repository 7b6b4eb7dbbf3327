"""The site's own files: read, checked, changed and brought back, each time with who and why."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta

from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheCaller, TheDesk
from gateway.api.bodies import read
from gateway.api.desk import Desk, Workshop
from gateway.api.problem import Problem
from gateway.revising import Conflict, Unfit, Wrong
from gateway.store.revisions import Revision, Texts

router = APIRouter(prefix="/api/v1", tags=["changes"])

MOST = 8_000_000
"""Bytes of a change."""
Why = Annotated[str, Meta(max_length=500)]
EXAMPLE = {
    "id": 7,
    "at": 1790000000000,
    "who": "mei",
    "why": "bins fill faster in summer",
    "files": ["rules/waste.yaml"],
    "restart": [],
}
FILE = {"file": "silences.yaml", "text": "silences: []\n", "revision": 7}
FOUND = {"problems": [{"file": "rules/waste.yaml", "line": 12, "text": "above: a number"}]}


class File(msgspec.Struct, frozen=True):
    """`revision` is the newest of the site: to be sent as `expect` with a change."""

    file: str
    text: str
    revision: int


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=4_000_000)]
    why: Why = ""
    expect: int | None = None


class Files(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    files: dict[str, Annotated[str, Meta(max_length=4_000_000)]]


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    why: Why = ""


class Found(msgspec.Struct, frozen=True):
    file: str
    line: int
    text: str


class Findings(msgspec.Struct, frozen=True):
    problems: list[Found]


class Opened(msgspec.Struct, frozen=True):
    id: int
    at: int
    who: str
    why: str
    files: tuple[str, ...]
    before: dict[str, str]
    after: dict[str, str]
    restart: tuple[str, ...] = ()


def body(example: Mapping[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"example": example}}
    return {"requestBody": {"required": True, "content": content}}


def found(problems: tuple[Wrong, ...] | list[Wrong]) -> list[Found]:
    return [Found(problem.file, problem.line, problem.what) for problem in problems]


def shop(desk: Desk) -> Workshop:
    if desk.workshop is None:
        raise Problem(404, "This gateway's site cannot be changed from here.")
    return desk.workshop


async def saved(
    desk: Desk, files: Mapping[str, str], who: str, why: str, expect: int | None = None
) -> Revision:
    """Save through the workshop; what keeps it from that as the API says it."""
    try:
        return await shop(desk).save(files, who, why, expect)
    except Unfit as unfit:
        raise unfit_problem(unfit) from None
    except Conflict as conflict:
        raise Problem(409, f"Not saved: {conflict}. Load it again.") from None


def unfit_problem(unfit: Unfit) -> Problem:
    listed = msgspec.to_builtins(found(list(unfit.problems)))
    return Problem(422, str(unfit), more={"problems": listed})


@router.get(
    "/site/files/{path:path}", summary="A file of the site", responses=described(File, FILE)
)
@needs("operator")
async def file(path: str, desk: TheDesk) -> Response:
    """'' for one that is not there. Files with secrets are not shown: 422."""
    try:
        text = await shop(desk).text(path)
    except Unfit as unfit:
        raise unfit_problem(unfit) from None
    newest = await shop(desk).revisions(1)
    return answer(File(path, text, newest[0].id if newest else 0))


@router.put(
    "/site/files/{path:path}",
    summary="Change a file of the site",
    openapi_extra=body({"text": "silences: []\n", "why": "all lifted", "expect": 7}),
    responses=described(Revision, EXAMPLE),
)
@needs("operator")
async def write(path: str, request: Request, desk: TheDesk, caller: TheCaller) -> Response:
    """It is in force when this returns; `restart` names what waits for the next start. 422: the
    site would not run, with every problem; nothing was written. 409: somebody else changed it."""
    asked = await read(request, Written, MOST)
    if path == "gateway.yaml" and caller.role != "admin":
        raise Problem(403, "gateway.yaml is changed by administrators.")
    made = await saved(desk, {path: asked.text}, caller.name, asked.why, asked.expect)
    await desk.audit.record(caller.name, "site.change", path, "", asked.why)
    return answer(made)


@router.post(
    "/site/check",
    summary="What would be wrong",
    openapi_extra=body({"files": {"silences.yaml": "silences: []\n"}}),
    responses=described(Findings, FOUND),
)
@needs("operator")
async def check(request: Request, desk: TheDesk) -> Response:
    """Nothing is written."""
    asked = await read(request, Files, MOST)
    return answer(Findings(found(list(await shop(desk).check(asked.files)))))


@router.get(
    "/revisions", summary="Changes of the site", responses=described(list[Revision], [EXAMPLE])
)
@needs("operator")
async def revisions(
    desk: TheDesk,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[int | None, Query(ge=0, lt=2**53, description="a revision's id")] = None,
) -> Response:
    """The newest first. `disk` changed what nobody changed here."""
    return answer(await shop(desk).revisions(limit, before))


@router.get(
    "/revisions/{id}",
    summary="One change, with the texts",
    responses=described(Opened, {**EXAMPLE, "before": {}, "after": {}}),
)
@needs("operator")
async def revision(id: int, desk: TheDesk) -> Response:
    known = await shop(desk).revision(id)
    if known is None:
        raise Problem(404, "There is no such revision.")
    made, texts = known
    return answer(_opened(made, texts))


@router.post(
    "/revisions/{id}/rollback",
    summary="Bring back what was before a change",
    openapi_extra=body({"why": "too many reports"}),
    responses=described(Revision, EXAMPLE),
)
@needs("operator")
async def rollback(id: int, request: Request, desk: TheDesk, caller: TheCaller) -> Response:
    """A change like any other: checked, recorded, in force at once."""
    asked = await read(request, Reason)
    known = await shop(desk).revision(id)
    if known is None:
        raise Problem(404, "There is no such revision.")
    if "gateway.yaml" in known[0].files and caller.role != "admin":
        raise Problem(403, "gateway.yaml is changed by administrators.")
    made = await saved(desk, known[1].before, caller.name, asked.why or f"back before {id}")
    await desk.audit.record(caller.name, "site.rollback", str(id), "", asked.why)
    return answer(made)


def _opened(made: Revision, texts: Texts) -> Opened:
    return Opened(
        made.id, made.at, made.who, made.why, made.files, texts.before, texts.after, made.restart
    )
