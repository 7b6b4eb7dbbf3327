"""A site in one file: its configuration, its memory, and if asked its pictures and secrets."""

import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from gateway.store.backup import copy, sync

SITE = ("*.yaml", "*.geojson", "rules/**/*.yaml", "rules/**/*.yml")
"""All that a person writes; but for `SECRETS`."""
SECRETS = ("secrets.yaml", "users.yaml", "data/*.key", "data/*.json")
"""What opens doors: left out unless asked for, since backups travel."""
PICTURES = ("data/evidence/**/*.jpg", "data/evidence/manifest.jsonl")
DATABASE = "data/linli.db"
COMPLETE = "complete"
"""The last member: an archive without it was cut off."""


def write(site: Path, file: Path, *, secrets: bool = False, pictures: bool = False) -> None:
    """Write *file*, all of it or nothing, also while a gateway runs on *site*.

    Raises OSError and StoreFailed.
    """
    unfinished = file.with_name(file.name + ".unfinished")
    chosen = dict.fromkeys(_files(site, SITE + PICTURES * pictures))
    for path in _files(site, SECRETS):
        chosen.pop(path, None)
        if secrets:
            chosen[path] = None
    try:
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            _pack(site, unfinished, chosen, Path(folder))
        sync(unfinished)
        unfinished.rename(file)
        sync(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _pack(site: Path, file: Path, chosen: Iterable[Path], folder: Path) -> None:
    handle = os.open(file, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with open(handle, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as tar:
        for path in chosen:
            tar.add(path, path.relative_to(site).as_posix(), recursive=False)
        if (site / DATABASE).exists():
            copy(site / DATABASE, folder / "copy")
            tar.add(folder / "copy", DATABASE)
        tar.addfile(tarfile.TarInfo(COMPLETE))


def _files(site: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted(path for path in site.glob(pattern) if path.is_file())


def unpack(file: Path, folder: Path) -> None:
    """Raises ValueError for anything that `write` did not write or that was cut off, OSError."""
    complete = False
    try:
        with tarfile.open(file, "r:gz") as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                if path.is_absolute() or ".." in path.parts or not member.isfile():
                    raise ValueError(f"it holds {member.name!r}")
                complete = member.name == COMPLETE
                if not complete:
                    tar.extract(member, folder, filter="data")
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ValueError(str(error)) from error
    if not complete:
        raise ValueError("its end is missing")
