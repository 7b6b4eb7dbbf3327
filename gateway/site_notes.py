"""Who changed a site's files from outside of the gateway, and why: left for the record."""

import getpass
from collections.abc import Mapping
from pathlib import Path

import msgspec


class Note(msgspec.Struct, frozen=True):
    """`files`: the texts that were written; '' for one that was removed."""

    who: str
    why: str
    files: dict[str, str]


def leave(root: Path, files: Mapping[str, str], why: str) -> None:
    """Before *files* are written."""
    path = _path(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(Note(getpass.getuser(), why, dict(files))))
    fresh.rename(path)


def said(root: Path, files: Mapping[str, str]) -> tuple[str, str] | None:
    """Who wrote *files*, and why; None where the note, if there is one, speaks of other texts.
    It is gone once all of its files were asked for."""
    path = _path(root)
    try:
        note = msgspec.json.decode(path.read_bytes(), type=Note)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    if any(note.files.get(name) != text for name, text in files.items()):
        return None
    if files.keys() == note.files.keys():
        path.unlink()
    return note.who, note.why


def _path(root: Path) -> Path:
    return root / "data" / "note.json"
