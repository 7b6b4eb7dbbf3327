"""The one door through which a running site is changed: checked, written, recorded, in force.

    texts --check--> a whole site --write--> files --apply--> between two turns --> a revision

The change is first written to `data/change.json`, as one file; then file by file, then recorded. A
power cut leaves that file behind, and the next start does what was left to do: the site is the old
one or the new one, never half of each. What was changed by hand is noticed, and recorded as well.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from config.load import Invalid, load
from config.located import Problem
from config.schema import Config
from config.staging import load_with
from gateway import durable
from gateway.failpoints import hit
from gateway.ports import Clock, Health
from gateway.revising import Conflict, Unfit, Wrong
from gateway.site_notes import said
from gateway.store.revisions import Revision, Revisions, Texts

log = logging.getLogger("linli")

PART = "site"
BY_HAND = "disk"
"""Who changed a file that nobody changed here."""
PERIOD = 3_000
"""Milliseconds between two looks for changes by hand."""
CHANGEABLE = re.compile(
    r"(gateway|devices|cameras|silences|shadow)\.yaml|grids\.geojson|rules/[\w.-]{1,80}\.yaml"
)

Apply = Callable[[Config], Awaitable[tuple[str, ...]]]
"""Puts a site in force; returns the parts that it reaches with the next start only."""


class Change(msgspec.Struct, frozen=True):
    """What stands in `data/change.json` while it is made."""

    who: str
    why: str
    before: dict[str, str]
    after: dict[str, str]


class Workshop:
    def __init__(
        self, config: Config, kept: Revisions, clock: Clock, health: Health, apply: Apply
    ) -> None:
        self._config, self._kept, self._apply = config, kept, apply
        self._clock, self._health = clock, health
        self._texts = self._looked = site_texts(config.root)
        """The files as they are in force, and as they were last seen on disk."""
        self._broken = False
        """What is on disk cannot be put in force."""
        self._changing = asyncio.Lock()

    @property
    def config(self) -> Config:
        """The site in force."""
        return self._config

    async def text(self, file: str) -> str:
        """What stands in *file* of the site; '' where there is none. Raises Unfit for a file that
        is not to be seen or changed from here."""
        _allow([file])
        return await asyncio.to_thread(_read, self._config.root / file)

    async def check(self, files: Mapping[str, str]) -> Sequence[Wrong]:
        """Everything that would be wrong with the site; nothing is written."""
        try:
            await self._tried(files)
        except Unfit as unfit:
            return unfit.problems
        return ()

    async def save(
        self, files: Mapping[str, str], who: str, why: str, expect: int | None = None
    ) -> Revision:
        """Write *files* and put them in force, without a restart. Raises Unfit with every problem,
        and Conflict where *expect* is not the newest revision any more."""
        async with self._changing:
            newest = await self._kept.latest(1)
            if expect is not None and newest and newest[0].id != expect:
                raise Conflict(newest[0])
            config = await self._tried(files)
            before = {file: self._texts.get(file, "") for file in files}
            change = Change(who, why, before, dict(files))
            await asyncio.to_thread(_write_all, config.root, change)
            return await self._made(config, change)

    async def revisions(self, limit: int = 50, before: int | None = None) -> list[Revision]:
        """The newest first."""
        return await self._kept.latest(limit, before)

    async def revision(self, id: int) -> tuple[Revision, Texts] | None:
        """With the texts of its files, before and after."""
        return await self._kept.texts(id)

    async def roll_back(self, id: int, who: str, why: str) -> Revision:
        """Let the files of a revision be as they were before it. Raises KeyError for one that is
        not there, else as `save`."""
        found = await self._kept.texts(id)
        if found is None:
            raise KeyError(id)
        return await self.save(found[1].before, who, why)

    async def watch(self) -> None:
        """Notice, for ever, what is changed by hand."""
        await self._finish()
        while True:
            await self._clock.sleep_until(self._clock.now() + PERIOD)
            async with self._changing:
                await self._look()

    async def _finish(self) -> None:
        """Record what a power cut kept from being recorded, for the start has written it already;
        and what was changed by hand while nothing ran."""
        path = _pending(self._config.root)
        if path.exists():
            change = msgspec.json.decode(path.read_bytes(), type=Change)
            await self._record(change, ())
        known = await self._kept.known()
        other = {name for name in known if known[name] != self._texts.get(name, "")}
        if other:
            before = {name: known[name] for name in other}
            after = {name: self._texts.get(name, "") for name in other}
            note = await asyncio.to_thread(said, self._config.root, after)
            who, why = note or (BY_HAND, "changed while it was off")
            await self._record(Change(who, why, before, after), ())

    async def _tried(self, files: Mapping[str, str]) -> Config:
        _allow(files)
        try:
            return await asyncio.to_thread(load_with, self._config.root, files)
        except Invalid as error:
            raise Unfit(error.problems) from None

    async def _made(self, config: Config, change: Change) -> Revision:
        restart = await self._apply(config)
        self._config = config
        self._broken = False
        self._health.report(PART, "ok", _pending_words(restart))
        return await self._record(change, restart)

    async def _record(self, change: Change, restart: tuple[str, ...]) -> Revision:
        texts = Texts(change.before, change.after, restart)
        made = await self._kept.add(self._clock.now(), change.who, change.why, texts)
        self._texts = self._texts | change.after
        _pending(self._config.root).unlink(missing_ok=True)
        log.info("revision %d by %s: %s", made.id, made.who, ", ".join(made.files))
        return made

    async def _look(self) -> None:
        root = self._config.root
        now = await asyncio.to_thread(site_texts, root)
        if now == self._looked:
            return
        self._looked = now
        either = now.keys() | self._texts.keys()
        names = {name for name in either if now.get(name, "") != self._texts.get(name, "")}
        if not names:
            return self._well()
        before = {name: self._texts.get(name, "") for name in names}
        try:
            config = await asyncio.to_thread(load, root)
        except Invalid as error:
            what = f"{error.problems[0]}; the site goes on as it was"
            self._health.report(PART, "failed", what)
            self._broken = True
            return
        after = {name: now.get(name, "") for name in names}
        note = await asyncio.to_thread(said, root, after)
        who, why = note or (BY_HAND, "changed on disk")
        await self._made(config, Change(who, why, before, after))

    def _well(self) -> None:
        """A wrong change on disk was taken back."""
        if self._broken:
            self._broken = False
            self._health.report(PART, "ok")


def finish(root: Path) -> None:
    """Before a site is loaded: write what a power cut kept from being written."""
    path = _pending(root)
    if path.exists():
        try:
            change = msgspec.json.decode(path.read_bytes(), type=Change)
        except msgspec.DecodeError:
            path.unlink()
            return
        write_files(root, change.after)


def site_texts(root: Path) -> dict[str, str]:
    """The texts of the files that can be changed here."""
    paths = [*root.glob("*.yaml"), *root.glob("*.geojson"), *(root / "rules").glob("*.yaml")]
    names = (str(path.relative_to(root)) for path in paths)
    return {name: _read(root / name) for name in names if CHANGEABLE.fullmatch(name)}


def _allow(files: Sequence[str] | Mapping[str, str]) -> None:
    wrong = [name for name in files if not CHANGEABLE.fullmatch(name)]
    if wrong:
        raise Unfit([Problem(name, 1, "this file is not changed from here") for name in wrong])


def _write_all(root: Path, change: Change) -> None:
    durable.write(_pending(root), msgspec.json.encode(change))
    hit("workshop.decided")
    write_files(root, change.after)


def write_files(root: Path, files: Mapping[str, str]) -> None:
    """Each at once and durable; '' removes one."""
    for name, text in files.items():
        if text:
            durable.write(root / name, text.encode())
        else:
            (root / name).unlink(missing_ok=True)
        hit("workshop.written")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def _pending(root: Path) -> Path:
    return root / "data" / "change.json"


def _pending_words(restart: tuple[str, ...]) -> str:
    if not restart:
        return ""
    return f"changed with the next start only: {', '.join(restart)}; restart the gateway"
