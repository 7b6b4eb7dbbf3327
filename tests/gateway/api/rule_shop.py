"""A workshop for rules on a real folder: what is saved is checked, written and remembered."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from config.located import Problem, parse
from gateway.api.desk import Desk
from gateway.revising import Unfit
from gateway.store.revisions import Revision, Texts
from tests.gateway.api.desk_fixture import NOW

RULES = """\
# What is too warm.
rules:
  - id: too-warm
    kind: threshold
    incident: climate
    select: {quantity: temperature, tags: air}
    above: 66  # since May
    clear_below: 60
    for: 10m
  - {id: other, kind: threshold, incident: x, select: {quantity: y}, above: 1}
"""
OWN = """\
id: too-warm
kind: threshold
incident: climate
select: {quantity: temperature, tags: air}
above: 66  # since May
clear_below: 60
for: 10m
"""


class Shop:
    """Only `above` is checked: it has to be a number."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.made: list[tuple[Revision, Texts]] = []

    async def text(self, file: str) -> str:
        path = self.root / file
        return path.read_text() if path.exists() else ""

    async def check(self, files: Mapping[str, str]) -> Sequence[Problem]:
        found = []
        for file, text in files.items():
            document = parse(text, file)
            for n, rule in enumerate((document.value or {}).get("rules") or ()):
                if not isinstance(rule.get("above", 0), int | float):
                    found.append(document.problem(("rules", n, "above"), "above: a number"))
        return found

    async def save(
        self, files: Mapping[str, str], who: str, why: str, expect: int | None = None
    ) -> Revision:
        if problems := await self.check(files):
            raise Unfit(problems)
        before = {file: await self.text(file) for file in files}
        for file, text in files.items():
            if text:
                (self.root / file).write_text(text)
            else:
                (self.root / file).unlink(missing_ok=True)
        number = len(self.made) + 1
        revision = Revision(number, NOW + number, who, why, tuple(sorted(files)))
        self.made.append((revision, Texts(before, dict(files))))
        return revision

    async def revisions(self, limit: int = 50, before: int | None = None) -> Sequence[Revision]:
        found = [made for made, _ in reversed(self.made) if before is None or made.id < before]
        return found[:limit]

    async def revision(self, id: int) -> tuple[Revision, Texts] | None:
        return self.made[id - 1] if 0 < id <= len(self.made) else None


def with_shop(desk: Desk, **more: Any) -> tuple[Desk, Shop]:
    """The desk on a site with two rules in one file."""
    (desk.root / "rules").mkdir()
    (desk.root / "rules" / "climate.yaml").write_text(RULES)
    shop = Shop(desk.root)
    return replace(desk, workshop=shop, **more), shop
