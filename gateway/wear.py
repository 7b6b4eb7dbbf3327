"""How full the disk is, what writes to it, and how long an SD card will take that."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from gateway.model import Duration, Millis

CYCLES = 500
"""How often every cell of a plain card can be written: makers of TLC and QLC flash name 300 to
3000 (JEDEC JESD218 defines how that is tested)."""
AMPLIFICATION = 4
"""Bytes that the flash writes for each of ours: it rewrites whole blocks."""
DAY = Duration.parse("1d")
YEAR = 365.25


class Folder(msgspec.Struct, frozen=True):
    """`name`: database, evidence, or everything else in the site."""

    name: str
    size: int


class Storage(msgspec.Struct, frozen=True):
    """Bytes. `written` is what this process and its children have had written since the start,
    `daily` the same per day; `years` until a card of this size would be worn out by it, None
    where nothing was measured yet."""

    total: int
    free: int
    folders: list[Folder]
    written: int | None
    since: Millis
    daily: int | None
    years: float | None
    cycles: int = CYCLES
    amplification: int = AMPLIFICATION


def storage(root: Path, started: Millis, now: Millis) -> Storage:
    """Walks through the site: call it in a thread."""
    disk = shutil.disk_usage(root)
    written = _written(os.getpid())
    lasted = now - started
    daily = None
    if written is not None and lasted >= Duration.parse("1m"):
        daily = written * DAY // lasted
    years = disk.total * CYCLES / AMPLIFICATION / daily / YEAR if daily else None
    return Storage(disk.total, disk.free, list(_folders(root)), written, started, daily, years)


def _folders(root: Path) -> Iterator[Folder]:
    data = root / "data"
    database, evidence = _size(data.glob("linli.db*")), _size((data / "evidence").rglob("*"))
    yield Folder("database", database)
    yield Folder("evidence", evidence)
    yield Folder("else", max(0, _size(root.rglob("*")) - database - evidence))


def _size(paths: Iterator[Path]) -> int:
    total = 0
    for path in paths:
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:  # gone since it was listed
            continue
    return total


def _written(pid: int) -> int | None:
    """By a process and its children, as Linux counts it; None on other systems."""
    process = Path("/proc") / str(pid)
    try:
        fields = dict(line.split(": ") for line in (process / "io").read_text().splitlines())
        children = (process / "task" / str(pid) / "children").read_text().split()
    except OSError:
        return None
    return int(fields["write_bytes"]) + sum(_written(int(child)) or 0 for child in children)
