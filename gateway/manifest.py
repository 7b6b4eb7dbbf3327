"""Which pictures this box wrote, in an order that nobody can change without its key.

`data/evidence/manifest.jsonl` gets a line for each picture, before the picture is there:

    {"n": 1, "sha256": "…", "camera": "yard-1", "role": "now", "at": …, "previous": "…",
     "signature": "…"}

`previous` is the SHA-256 of the line before, so none can be taken out or put in between;
`signature` is HMAC-SHA256, by a key derived from the box's (RFC 5869 calls it extract), over
the line without it. Worker and gateway write in turns, by a lock on the file. A line that a
power cut tore off at the end was never told of, and makes room for the next.
"""

import fcntl
import hashlib
import hmac
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec
from msgspec.structs import replace

from gateway.box_key import box_key
from gateway.model import Millis

FILE = Path("data") / "evidence" / "manifest.jsonl"
"""Below the site's folder."""
FIRST = "0" * 64
"""What the first line names as the one before it."""
LINE = 4096
"""Bytes: no line is longer."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A picture that was kept. `camera` is '' for what an operator photographed."""

    n: int
    sha256: str
    camera: str
    role: str
    at: Millis
    previous: str
    signature: str = ""


class Trouble(NamedTuple):
    """`kind`: altered, missing or misplaced. `first`, `last`: the numbers that are missing, or
    the line of the file."""

    kind: str
    first: int
    last: int


class Chain(NamedTuple):
    """A manifest that was read. `entries`: the lines that this box signed.

    `torn`: its last line was being written when the power went.
    """

    entries: tuple[Entry, ...]
    troubles: tuple[Trouble, ...]
    torn: bool

    @property
    def whole(self) -> bool:
        return not self.troubles


def append(root: Path, sha256: str, camera: str, role: str, at: Millis) -> Entry:
    """Add a line, on the disk when this returns. Raises OSError."""
    path = root / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        n, previous = _last(file)
        unsigned = Entry(n + 1, sha256, camera, role, at, previous)
        entry = replace(unsigned, signature=_signature(_key(root), unsigned))
        file.write(msgspec.json.encode(entry) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return entry


def _last(file: BinaryIO) -> tuple[int, str]:
    """Number and hash of the last line of *file*; one that is torn is cut off."""
    end = file.seek(0, os.SEEK_END)
    start = file.seek(max(0, end - 2 * LINE))
    tail = file.read()
    whole = tail[: tail.rfind(b"\n") + 1]
    file.truncate(start + len(whole))
    if not whole:
        return 0, FIRST
    line = whole[:-1].rpartition(b"\n")[2]
    try:
        n = msgspec.json.decode(line, type=Entry).n
    except msgspec.DecodeError:  # damaged since: the chain goes on behind it
        file.seek(0)
        n = sum(1 for _ in file)
    return n, hashlib.sha256(line).hexdigest()


def read(root: Path) -> Chain:
    """The manifest of the site at *root*, judged line by line. Raises OSError."""
    key, path = _key(root), root / FILE
    *lines, rest = (path.read_bytes() if path.exists() else b"").split(b"\n")
    entries, troubles = list[Entry](), list[Trouble]()
    n, hashed, bad = 0, FIRST, 0
    for number, line in enumerate(lines, 1):
        entry = _genuine(line, key)
        if entry is None:
            troubles.append(Trouble("altered", number, number))
            bad += 1
            continue
        gap = entry.n - n - 1 - bad
        if gap > 0:
            troubles.append(Trouble("missing", entry.n - gap, entry.n - 1))
        elif (entry.n, entry.previous) != (n + 1, hashed) and (gap or not bad):
            troubles.append(Trouble("misplaced", number, number))
        entries.append(entry)
        n, hashed, bad = entry.n, hashlib.sha256(line).hexdigest(), 0
    return Chain(tuple(entries), tuple(troubles), bool(rest))


def lines_of(root: Path, hashes: Collection[str]) -> bytes:
    """The lines, as they stand, of the pictures with these *hashes*. Raises OSError."""
    path = root / FILE
    return b"".join(_naming(path, hashes)) if path.exists() else b""


def _naming(path: Path, hashes: Collection[str]) -> Iterator[bytes]:
    wanted = [sha256.encode() for sha256 in hashes]
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n") and any(b'"sha256":"%b"' % one in line for one in wanted):
                yield line


def _genuine(line: bytes, key: bytes) -> Entry | None:
    """What *line* says, if this box wrote it so."""
    try:
        entry = msgspec.json.decode(line, type=Entry)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    signed = _signature(key, replace(entry, signature=""))
    same = hmac.compare_digest(signed.encode(), entry.signature.encode())
    return entry if same and msgspec.json.encode(entry) == line else None


def _signature(key: bytes, unsigned: Entry) -> str:
    return hmac.digest(key, msgspec.json.encode(unsigned), "sha256").hex()


def _key(root: Path) -> bytes:
    """A key for this purpose alone: what signs links is not good for lines, nor the reverse."""
    return hmac.digest(box_key(root), b"linli evidence manifest 1", "sha256")
