"""Where rules are written, what they were before, and since when one is on trial."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from gateway.api.desk import Workshop
from gateway.model import Millis
from gateway.rule_text import Unwritten, own_text
from gateway.store.revisions import Revision, Texts

SHADOW = "shadow.yaml"
NEW = "rules/console.yaml"
"""Takes the rules that are made here."""
SHADOW_HEAD = """\
# Other forms of some rules, judged beside them and told to nobody.
# 影子规则：与正式规则并行判断，不产生事件、不上报。

"""
BY_HAND = "disk"
AT_ONCE = 100
FURTHEST = 1000
"""Revisions that are looked through."""
MOST = 50


class Home(NamedTuple):
    """The file that has a rule, its text, and the rule's own part of it."""

    file: str
    text: str
    own: str


class Version(msgspec.Struct, frozen=True):
    """A rule's text since the revision `id`; 0, and no time: before the first recorded change."""

    id: int
    at: Millis | None
    who: str
    why: str
    yaml: str


async def home(shop: Workshop, root: Path, id: str) -> Home | None:
    """Raises Unwritten where the rule's file can only be changed as a whole."""
    for file in await asyncio.to_thread(_rule_files, root):
        text = await shop.text(file)
        if id in text and (own := own_text(text, id)):
            return Home(file, text, own)
    return None


async def versions(shop: Workshop, id: str) -> list[Version]:
    """The newest first; those that differ, and what was before the first of them."""
    found: list[Version] = []
    first = ""
    async for made, texts in _changes(shop, "rules/"):
        before, after = _own(texts.before, id), _own(texts.after, id)
        if before != after:
            found.append(Version(made.id, made.at, made.who, made.why, after))
            first = before
        if len(found) == MOST:
            return found
    return [*found, Version(0, None, BY_HAND, "", first)] if first else found


async def on_trial_since(shop: Workshop, root: Path, id: str) -> Millis | None:
    """When the form that is on trial began to be judged; None where there is none."""
    text = await shop.text(SHADOW)
    if not _own({SHADOW: text}, id, SHADOW):
        return None
    async for made, texts in _changes(shop, SHADOW):
        if _own(texts.before, id, SHADOW) != _own(texts.after, id, SHADOW):
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


def _own(files: Mapping[str, str], id: str, where: str = "") -> str:
    """The rule's own text in *files*; '' too where one of them could not be read."""
    for file, text in sorted(files.items()):
        if file.startswith(where) and (where or file != SHADOW) and id in text:
            try:
                if own := own_text(text, id):
                    return own
            except Unwritten:
                continue
    return ""


def _rule_files(root: Path) -> list[str]:
    found = sorted((root / "rules").glob("*.yaml"))
    return [f"rules/{path.name}" for path in found if not path.stem.endswith("_test")]
