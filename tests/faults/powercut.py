"""Power cuts, as many as one likes, out of one recorded life of a committer.

strace records every write, sync, truncation, creation and removal, and the acknowledgements
between them. A cut at any point leaves: all that was synced; of what was not, each write whole,
lost, or torn at sectors of 512 bytes, independently, in any order; names whose folder was not
synced, or not. (The method of ALICE, Pillai et al., OSDI 2014, on the level of files.)
"""

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from tests.faults.oracle import ROOT, Oracle

SECTOR = 512
LINE = re.compile(
    r"^(?P<pid>\d+) +(?:<\.\.\. (?P<resumed>\w+) resumed>|(?P<call>\w+)\()(?P<rest>.*)$"
)
PATH = re.compile(r"^\d+<([^>]*)>")
TEXT = re.compile(r'"([^"]*)"')


class Event(NamedTuple):
    kind: Literal["write", "sync", "cut", "make", "drop", "say"]
    name: str = ""
    offset: int = 0
    data: bytes = b""


class Recording:
    """What one committer did to its database, and when it acknowledged."""

    def __init__(self, folder: Path, *options: str) -> None:
        database, trace = folder / "linli.db", folder / "trace"
        calls = "pwrite64,write,fsync,fdatasync,ftruncate,unlink,openat"
        strace = "strace", "-f", "-y", "-xx", "-s", "9999999", "-e", f"trace={calls}"
        command = sys.executable, "-m", "tests.faults.committer", str(database), *options
        subprocess.run(
            [*strace, "-e", "signal=none", "-o", str(trace), *command],
            cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.events = list(_events(trace, folder))
        self.acknowledgements = [i for i, e in enumerate(self.events) if e.kind == "say"]

    def any_point(self, chance: random.Random) -> int:
        """Half of the time right behind an acknowledgement: there a lie would show."""
        if chance.random() < 0.5:
            return chance.choice(self.acknowledgements) + 1
        return chance.randrange(len(self.events))


def _events(trace: Path, folder: Path) -> Iterator[Event]:
    """In the order in which the calls began; a sync counts from when it returned."""
    syncs: dict[str, str] = {}
    for line in trace.read_text("latin-1").splitlines():
        found = LINE.match(line)
        if not found:
            continue
        pid, call, rest = found["pid"], found["call"] or found["resumed"], found["rest"]
        if call in ("fsync", "fdatasync"):
            if found["call"]:
                syncs[pid] = _name(rest, folder)
            if not rest.endswith("<unfinished ...>"):
                yield Event("sync", syncs.pop(pid))
        elif found["call"]:
            yield from _event(call, rest, folder)


def _event(call: str, rest: str, folder: Path) -> Iterator[Event]:
    name = _name(rest, folder)
    match call:
        case "write" if rest.startswith("1<"):
            yield Event("say", data=_bytes(TEXT.findall(rest)[0]))
        case "pwrite64" if name:
            offset = re.findall(r", (\d+)(?:\)| <)", rest)[-1]
            yield Event("write", name, int(offset), _bytes(TEXT.findall(rest)[0]))
        case "ftruncate" if name:
            yield Event("cut", name, int(rest.rpartition(", ")[2].split(")")[0].split()[0], 16))
        case "openat" if "O_CREAT" in rest and name:
            yield Event("make", name)
        case "unlink" if name:
            yield Event("drop", name)


def _name(rest: str, folder: Path) -> str:
    """The file of the database that a call is about; `.` for its folder, '' for any other."""
    inside = TEXT.findall(rest) if not PATH.match(rest) else PATH.findall(rest)
    path = Path(_bytes(inside[0]).decode()) if inside else Path()
    if path == folder:
        return "."
    shown = path.name if path.parent == folder else ""
    return shown if shown in ("linli.db", "linli.db-wal", "linli.db-journal") else ""


def _bytes(hexed: str) -> bytes:
    return bytes.fromhex(hexed.replace("\\x", "")) if hexed.startswith("\\x") else hexed.encode()


class Disk:
    """Files as they would be after a cut."""

    def __init__(self) -> None:
        self._synced: dict[str, bytearray] = {}
        self._waiting: dict[str, list[Event]] = {}
        self._names: dict[str, bool] = {}
        """What the folder says durably; and what it will say."""
        self._renamed: dict[str, bool] = {}

    def do(self, event: Event) -> None:
        match event.kind:
            case "write" | "cut":
                self._waiting.setdefault(event.name, []).append(event)
            case "make" | "drop":
                self._renamed[event.name] = event.kind == "make"
                if event.kind == "drop":
                    self._waiting.setdefault(event.name, []).append(Event("cut", event.name))
            case "sync" if event.name == ".":
                self._names |= self._renamed
                self._renamed.clear()
            case "sync":
                content = self._synced.setdefault(event.name, bytearray())
                for waiting in self._waiting.pop(event.name, []):
                    _apply(content, waiting)

    def after_a_cut(self, folder: Path, chance: random.Random) -> None:
        """Write what is left into *folder*."""
        names = dict(self._names)
        for name, there in self._renamed.items():
            if chance.random() < 0.5:
                names[name] = there
        for name, there in names.items():
            if not there:
                continue
            content = bytearray(self._synced.get(name, b""))
            for waiting in self._waiting.get(name, []):
                for part in _survivors(waiting, chance):
                    _apply(content, part)
            (folder / name).write_bytes(content)


def _survivors(event: Event, chance: random.Random) -> Iterator[Event]:
    fate = chance.choice(("whole", "whole", "lost", "lost", "torn"))
    if fate == "whole":
        yield event
    elif fate == "torn" and event.kind == "write":
        for start in range(0, len(event.data), SECTOR):
            if chance.random() < 0.5:
                part = event.data[start : start + SECTOR]
                yield Event("write", event.name, event.offset + start, part)


def _apply(content: bytearray, event: Event) -> None:
    end = event.offset + len(event.data)
    if event.kind == "cut":
        del content[event.offset :]
        end = event.offset
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    content[event.offset : end] = event.data or content[event.offset : end]


async def cut(recording: Recording, at: int, folder: Path, chance: random.Random) -> Oracle:
    """The state of a cut before event *at*, judged. Raises Broken if a promise was not kept."""
    disk, oracle = Disk(), Oracle(folder / "linli.db")
    said = b""
    for event in recording.events[:at]:
        disk.do(event)
        said += event.data if event.kind == "say" else b""
    disk.after_a_cut(folder, chance)
    oracle.hear(said.decode().splitlines())
    await oracle.judge()
    return oracle
