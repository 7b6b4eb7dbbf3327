"""The console's own files: read once, compressed once, named by what is in them.

A browser may keep them for ever, since a changed file makes every address a new one.
"""

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from gateway.console import texts

FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}


class File(NamedTuple):
    body: bytes
    zipped: bytes
    type: str


class Files(NamedTuple):
    """All files by path, and the version that their addresses carry."""

    version: str
    files: dict[str, File]

    @property
    def base(self) -> str:
        return f"/console/{self.version}"

    def paths(self, suffix: str) -> list[str]:
        return [path for path in self.files if path.endswith(suffix)]


def load() -> Files:
    files = dict(sorted(_found()))
    digest = hashlib.sha256()
    for path, file in files.items():
        digest.update(path.encode() + b"\0" + file.body)
    return Files(digest.hexdigest()[:12], files)


def _found() -> Iterator[tuple[str, File]]:
    for path in FOLDER.rglob("*"):
        if path.suffix in TYPES:
            yield path.relative_to(FOLDER).as_posix(), _file(path.read_bytes(), path.suffix)
    known = texts.entries()
    for language in texts.LANGUAGES:
        body = msgspec.json.encode(texts.dictionary(language, known))
        yield f"texts/{language}.json", _file(body, ".json")


def _file(body: bytes, suffix: str) -> File:
    return File(body, gzip.compress(body, 9, mtime=0), TYPES[suffix])
