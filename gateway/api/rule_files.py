"""Where rules are written, what they were before, and since when one is on trial."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

from gateway.api.desk import Workshop
from gateway.model import Millis
from gateway.rule_text import own_text
from gateway.rule_versions import RULES, SHADOW, Version, Versions, own
from gateway.store.revisions import Revision, Texts

NEW = "rules/console.yaml"
"""Takes the rules that are made here."""
SHADOW_HEAD = """\
# Other forms of some rules, judged beside them and told to nobody.
# 影子规则：与正式规则并行判断，不产生事件、不上报。

"""
AT_ONCE = 100
FURTHEST = 1000
"""Revisions that are looked through."""


class Home(NamedTuple):
    """The file that has a rule, its text, and the rule's own part of it."""

    file: str
    text: str
    own: str


async def home(shop: Workshop, root: Path, id: str) -> Home | None:
    """Raises Unwritten where the rule's file can only be changed as a whole."""
    for file in await asyncio.to_thread(rule_files, root):
        text = await shop.text(file)
        if id in text and (own := own_text(text, id)):
            return Home(file, text, own)
    return None


async def versions(shop: Workshop, id: str) -> list[Version]:
    """The newest first; those that differ, and what was before the first of them."""
    found = Versions(id)
    async for made, texts in _changes(shop, RULES):
        found.add(made, texts)
        if found.enough:
            break
    return found.all()


async def on_trial_since(shop: Workshop, root: Path, id: str) -> Millis | None:
    """When the form that is on trial began to be judged; None where there is none."""
    text = await shop.text(SHADOW)
    if not own({SHADOW: text}, id, SHADOW):
        return None
    async for made, texts in _changes(shop, SHADOW):
        if own(texts.before, id, SHADOW) != own(texts.after, id, SHADOW):
            return made.at
    stat = await asyncio.to_thread((root / SHADOW).stat)
    return stat.st_mtime_ns // 1_000_000


async def _changes(shop: Workshop, where: str) -> AsyncIterator[tuple[Revision, Texts]]:
    """Changes of files that begin with *where*, the newest first."""
    before: int | None = None
    for _ in range(0, FURTHEST, AT_ONCE):
        page = await shop.revisions(AT_ONCE, before)
        for one in page:
            if any(file.startswith(where) for file in one.files):
                found = await shop.revision(one.id)
                if found is not None:
                    yield found
        if len(page) < AT_ONCE:
            return
        before = page[-1].id


def rule_files(root: Path) -> list[str]:
    """Those that a start reads."""
    found = sorted((root / "rules").glob("*.yaml"))
    return [f"rules/{path.name}" for path in found if not path.stem.endswith("_test")]
