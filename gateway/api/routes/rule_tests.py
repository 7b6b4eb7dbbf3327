"""The tests that stand beside rules, run from their pages."""

import asyncio
import re
from pathlib import Path

import msgspec
from fastapi import APIRouter, Response

from gateway import aside
from gateway.api.access import needs
from gateway.api.answers import answer, described
from gateway.api.asking import TheDesk
from gateway.api.problem import Problem

router = APIRouter(prefix="/api/v1/rules", tags=["rules"])

SECONDS = 60.0
PASSED, FAILED = 0, 1
NONE = 2


class Test(msgspec.Struct, frozen=True):
    """One test; `differences` between what was expected (-) and what happened (+), none where it
    has passed."""

    file: str
    line: int
    name: str
    differences: list[str]


class Tests(msgspec.Struct, frozen=True):
    tests: list[Test]


EXAMPLE = {"tests": [{"file": "rules/bins.yaml", "line": 40, "name": "fills", "differences": []}]}


@router.post("/{id}/test", summary="Run a rule's tests", responses=described(Tests, EXAMPLE))
@needs("operator")
async def test(id: str, desk: TheDesk) -> Response:
    """Those of the file that has the rule, as it is on disk, in a process of their own."""
    if not any(rule.id == id for rule in desk.rules):
        raise Problem(404, "There is no such rule.")
    path = await asyncio.to_thread(_file, desk.root, id)
    if path is None:
        return answer(Tests([]))
    words = "rules", "test", str(path), "--json"
    try:
        ended = await aside.run("gateway.cli", *words, seconds=SECONDS)
    except TimeoutError:
        raise Problem(504, "The tests took too long.") from None
    if ended.code == NONE:
        return answer(Tests([]))
    if ended.code not in (PASSED, FAILED) or not ended.out.strip():
        raise Problem(422, _said(ended.err, desk.root))
    found = msgspec.json.decode(ended.out, type=list[Test])
    home = f"{desk.root}/"
    return answer(
        Tests([msgspec.structs.replace(one, file=one.file.removeprefix(home)) for one in found])
    )


def _file(root: Path, id: str) -> Path | None:
    """The file that has the rule."""
    entry = re.compile(rf"\bid:\s*['\"]?{re.escape(id)}['\"]?\s*(?:$|[,}}#])", re.MULTILINE)
    for path in sorted((root / "rules").rglob("*.yaml")):
        if entry.search(path.read_text("utf-8", "replace")):
            return path
    return None


def _said(wrong: bytes, root: Path) -> str:
    """What is wrong with the file, without the box's own paths."""
    return wrong.decode("utf-8", "replace").replace(f"{root}/", "").strip()[:2000]
