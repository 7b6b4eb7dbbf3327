"""Trials and versions of rules on the site's files, with or without a gateway that runs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config.staging import load_with
from gateway import site_notes
from gateway.api.rule_files import rule_files
from gateway.rule_text import Unwritten, own_text, put, removed
from gateway.rule_versions import SHADOW, Version, Versions, before
from gateway.store.revisions import recorded
from gateway.workshop import write_files


class Impossible(Exception):
    """What was asked for cannot be done; the text says why."""


def versions(root: Path, rule: str) -> list[Version]:
    """The newest first; none where no gateway has recorded a change of it."""
    found, store = Versions(rule), root / "data" / "linli.db"
    for made, texts in recorded(store) if store.exists() else ():
        found.add(made, texts)
        if found.enough:
            break
    return found.all()


def promote(root: Path, rule: str, why: str) -> list[str]:
    """The form on trial takes the rule's place. Returns the files; raises Impossible, and Invalid
    where the site would not run."""
    with _cutting():
        fresh, left = _trial(root, rule)
        return _write(root, {**_changed(root, rule, fresh), SHADOW: left}, why)


def discard(root: Path, rule: str, why: str) -> list[str]:
    """The trial ends. As `promote`."""
    with _cutting():
        return _write(root, {SHADOW: _trial(root, rule)[1]}, why)


def roll_back(root: Path, rule: str, why: str) -> list[str]:
    """The version before takes the rule's place. As `promote`."""
    with _cutting():
        now = own_text(_read(root / _file(root, rule)), rule)
        fresh = before(versions(root, rule), now)
        if not fresh:
            raise Impossible(f"{rule}: no version before this one was recorded")
        return _write(root, _changed(root, rule, fresh), why)


def _trial(root: Path, rule: str) -> tuple[str, str]:
    """The form on trial, and what is left of its file."""
    text = _read(root / SHADOW)
    fresh = own_text(text, rule)
    if not fresh:
        raise Impossible(f"{rule} is not on trial; {SHADOW} has no such rule")
    return fresh, removed(text, rule)


def _changed(root: Path, rule: str, fresh: str) -> dict[str, str]:
    file = _file(root, rule)
    return {file: put(_read(root / file), rule, fresh)}


def _file(root: Path, rule: str) -> str:
    for file in rule_files(root):
        if own_text(_read(root / file), rule):
            return file
    raise Impossible(f"there is no rule {rule!r} in {root / 'rules'}")


def _write(root: Path, files: Mapping[str, str], why: str) -> list[str]:
    load_with(root, files)
    site_notes.leave(root, files, why)
    write_files(root, files)
    return sorted(files)


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


@contextmanager
def _cutting() -> Iterator[None]:
    try:
        yield
    except Unwritten as wrong:
        raise Impossible(f"the file can only be changed by hand: {wrong}") from None
