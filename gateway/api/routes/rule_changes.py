"""Rules as they are written: read, checked, changed, brought back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, UnsetType

from gateway import rule_text
from gateway.api import rule_files
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheCaller, TheDesk
from gateway.api.bodies import read
from gateway.api.desk import Desk
from gateway.api.problem import Problem
from gateway.api.routes.site import body, saved, shop
from gateway.api.rule_files import NEW, SHADOW_HEAD, Home
from gateway.model import Duration
from gateway.rule_text import Unwritten
from gateway.rule_versions import SHADOW, Version, before
from gateway.store.revisions import Revision

router = APIRouter(prefix="/api/v1/rules", tags=["rules"])

Text = Annotated[str, Meta(max_length=60_000)]
Why = Annotated[str, Meta(max_length=500)]
OWN = "id: bin-full\nkind: threshold\nabove: 90  # %\n"
MADE = {
    "id": 7,
    "at": 1790000000000,
    "who": "mei",
    "why": "bins fill faster in summer",
    "files": ["rules/waste.yaml"],
    "restart": [],
}
VERSION = {"id": 7, "at": 1790000000000, "who": "mei", "why": "summer", "yaml": OWN}


class Own(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule alone: its fields as they are written, with remarks, without a dash."""

    yaml: Text


class Changed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Either some fields (`set`; null: back to the default) or the whole text (`yaml`). `shadow`:
    judged beside the rule as it is, told to nobody."""

    set: dict[str, Any] | UnsetType = UNSET
    yaml: Text | UnsetType = UNSET
    why: Why = ""
    shadow: bool = False


class Fresh(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    yaml: Text
    why: Why = ""


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    why: Why = ""


class Finding(msgspec.Struct, frozen=True):
    """`line` counts from 1, in the text that was sent."""

    line: int
    text: str


class Findings(msgspec.Struct, frozen=True):
    problems: list[Finding]


@router.get("/{id}/yaml", summary="A rule as text", responses=described(Own, {"yaml": OWN}))
@needs("operator")
async def text(id: str, desk: TheDesk) -> Response:
    """As it stands in its file, whatever stands around it."""
    return answer(Own((await written(desk, id)).own))


@router.put(
    "/{id}",
    summary="Change a rule",
    openapi_extra=body({"set": {"above": 85, "for": "20m"}, "why": "summer", "shadow": True}),
    responses=described(Revision, MADE),
)
@needs("operator")
async def change(id: str, request: Request, desk: TheDesk, caller: TheCaller) -> Response:
    """In force when this returns; what the rule knows and still makes sense is kept. 422: what is
    wrong; nothing was written."""
    asked = await read(request, Changed)
    now = await written(desk, id)
    fresh = _fresh(now, asked)
    if _id(fresh) != id:
        raise Problem(422, f"The rule keeps its id, {id!r}; make a new one for another.")
    trial = await shop(desk).text(SHADOW)
    with cutting():
        if asked.shadow:
            files = {SHADOW: rule_text.put(trial, id, fresh, SHADOW_HEAD)}
        else:
            files = {now.file: rule_text.put(now.text, id, fresh)}
    made = await saved(desk, files, caller.name, asked.why)
    what = "rule.shadow" if asked.shadow else "rule.change"
    await desk.audit.record(caller.name, what, id, now.own, fresh)
    return answer(made)


@router.post(
    "",
    summary="Make a rule",
    status_code=201,
    openapi_extra=body({"yaml": OWN, "why": "the new bins"}),
    responses={201: described(Revision, MADE)[200]},
)
@needs("operator")
async def make(request: Request, desk: TheDesk, caller: TheCaller) -> Response:
    """It is written into rules/console.yaml. 409: there is a rule of that id."""
    asked = await read(request, Fresh)
    id = _id(asked.yaml)
    if any(rule.id == id for rule in desk.rules):
        raise Problem(409, "There is a rule of that id.")
    file = await shop(desk).text(NEW)
    with cutting():
        files = {NEW: rule_text.put(file, id, asked.yaml)}
    made = await saved(desk, files, caller.name, asked.why)
    await desk.audit.record(caller.name, "rule.make", id, "", asked.yaml)
    return answer(made, 201)


@router.post(
    "/check",
    summary="What would be wrong with a rule",
    openapi_extra=body({"yaml": OWN}),
    responses=described(Findings, {"problems": [{"line": 3, "text": "above: a number is wanted"}]}),
)
@needs("operator")
async def check(request: Request, desk: TheDesk) -> Response:
    """Nothing is written. A rule whose id is known is checked in the place of that one."""
    asked = await read(request, Own)
    try:
        id = rule_text.id_of(asked.yaml)
        now = await rule_files.home(shop(desk), desk.root, id)
        file, text = (now.file, now.text) if now else (NEW, await shop(desk).text(NEW))
        tried = rule_text.put(text, id, asked.yaml)
        place = rule_text.find(tried, id)
    except Unwritten as wrong:
        return answer(Findings([Finding(wrong.line, str(wrong))]))
    problems = await shop(desk).check({file: tried})
    first, end = (place.first, place.end) if place else (0, 0)
    return answer(
        Findings(
            [
                Finding(one.line - first, one.what)
                if one.file == file and first < one.line <= end
                else Finding(1, f"{one.file}:{one.line}: {one.what}")
                for one in problems
            ]
        )
    )


@router.get(
    "/{id}/versions",
    summary="What a rule was",
    responses=described(list[Version], [VERSION]),
)
@needs("operator")
async def versions(id: str, desk: TheDesk) -> Response:
    """The newest first, at most 50. The last one may have been there before the first change that
    was recorded: its `id` is 0, and it has no time."""
    known(desk, id)
    return answer(await rule_files.versions(shop(desk), id))


@router.post(
    "/{id}/rollback",
    summary="Bring back what a rule was before",
    openapi_extra=body({"why": "too many reports"}),
    responses=described(Revision, MADE),
)
@needs("operator")
async def rollback(id: str, request: Request, desk: TheDesk, caller: TheCaller) -> Response:
    """A change like any other; the rest of its file stays. 409: nothing was before."""
    asked = await read(request, Reason)
    now = await written(desk, id)
    fresh = before(await rule_files.versions(shop(desk), id), now.own)
    if not fresh:
        raise Problem(409, "There is no version before this one.")
    files = {now.file: rule_text.put(now.text, id, fresh)}
    made = await saved(desk, files, caller.name, asked.why or "back to the version before")
    await desk.audit.record(caller.name, "rule.rollback", id, now.own, fresh)
    return answer(made)


def known(desk: Desk, id: str) -> None:
    if not any(rule.id == id for rule in desk.rules):
        raise Problem(404, "There is no such rule.")


async def written(desk: Desk, id: str) -> Home:
    """Where the rule stands; `Problem` where that is nowhere, or cannot be cut out."""
    known(desk, id)
    with cutting():
        found = await rule_files.home(shop(desk), desk.root, id)
    if found is None:
        raise Problem(409, "The rule is in none of the files in rules/ any more.")
    return found


@contextmanager
def cutting() -> Iterator[None]:
    """A file from which no single rule can be cut is a `Problem`."""
    try:
        yield
    except Unwritten as wrong:
        raise Problem(422, f"Its file can only be changed as a whole: {wrong}.") from None


def _fresh(now: Home, asked: Changed) -> str:
    if (asked.set is UNSET) == (asked.yaml is UNSET):
        raise Problem(400, "Send either `set` or `yaml`.")
    if asked.set is UNSET:
        return str(asked.yaml)
    return rule_text.with_fields(now.own, {name: _neat(v) for name, v in asked.set.items()})


def _neat(value: Any) -> Any:
    """`20m` where the console says 1200000ms: people read the file."""
    if not isinstance(value, str) or not value.endswith("ms"):
        return value
    try:
        return str(Duration.parse(value))
    except ValueError:
        return value  # the check says what is wrong with it, or it is another text


def _id(own: str) -> str:
    try:
        return rule_text.id_of(own)
    except Unwritten as wrong:
        raise Problem(422, f"Line {wrong.line}: {wrong}.") from None
