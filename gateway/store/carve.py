"""Reads rows off the pages of a database file that SQLite itself can no longer read.

Follows https://www.sqlite.org/fileformat2.html, as the shell's `.recover` does. No page is
trusted: every row is believed only if its own checksum is right.

    page 4096 bytes:  | type u8 | .. | cells u16 at 3 | .. | cell offsets u16[] at 8 | cells |
    cell of a leaf:   | payload size varint | rowid varint | payload | overflow page u32 |
    payload:          | header size varint | serial types varint[] | values |
    log frame:        | page number u32 | pages of the database if it ends a commit, or 0, u32 |
                      | salt u64 | checksum u64 | page |    the first after 32 bytes
"""

import struct
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any

PAGE = 4096
LEAF = 13
LOCAL, LEAST = PAGE - 35, (PAGE - 12) * 32 // 255 - 23
"""Bytes of a payload that may, and must, lie on the leaf itself."""
WIDTHS = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}
"""Serial type -> bytes of the value."""
MOST = 64_000_000
"""Bytes of a believable payload."""


Known = Set[tuple[int, int]]
"""(number of columns, rowid)"""


def rows(path: Path, known: Known = frozenset()) -> Iterator[tuple[int, list[Any]]]:
    """(rowid, values) of every table row on every leaf page, live or lately freed, but for those
    in *known* that reach beyond their page. An integer primary key is None among the values."""
    with _Pages(path) as pages:
        for number in pages.numbers():
            yield from _leaf(pages, number, known)


def lost_commits(path: Path, frames: int) -> int:
    """How many commits the write-ahead log holds behind its first *frames* frames.

    SQLite believes a log up to the first frame with a wrong checksum. What lies behind is
    normally the one transaction that a power cut tore, which was never acknowledged; more than
    one means that what was acknowledged has rotted.
    """
    log = path.with_name(path.name + "-wal")
    if not log.exists():
        return 0
    with log.open("rb") as file:
        salt = file.read(32)[16:24]
        file.seek(32 + frames * (24 + PAGE))
        lost = 0
        while len(head := file.read(24)) == 24 and head[8:16] == salt:
            lost += head[4:8] != bytes(4)
            file.seek(PAGE, 1)
    return lost


class _Pages:
    """The newest version of every page: from the write-ahead log where that has it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._count = path.stat().st_size // PAGE
        log = path.with_name(path.name + "-wal")
        self._log = log.open("rb") if log.exists() else None
        self._logged: dict[int, int] = {}
        for number, offset, old in self._frames():
            if not old:
                self._logged[number] = offset
            elif number > self._count:  # nowhere else
                self._logged.setdefault(number, offset)

    def __enter__(self) -> "_Pages":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if self._log:
            self._log.close()

    def numbers(self) -> range:
        return range(1, max(self._count, max(self._logged, default=0)) + 1)

    def page(self, number: int) -> bytes:
        """Empty for a page that there is not."""
        if self._log and number in self._logged:
            self._log.seek(self._logged[number])
            return self._log.read(PAGE)
        self._file.seek((number - 1) * PAGE)
        return self._file.read(PAGE)

    def _frames(self) -> Iterator[tuple[int, int, bool]]:
        """Page number, offset, and whether it is of an earlier generation of the log."""
        if self._log is None:
            return
        salt = self._log.read(32)[16:24]
        offset = 32
        while len(head := self._log.read(24)) == 24:
            yield int.from_bytes(head[:4], "big"), offset + 24, head[8:16] != salt
            offset += 24 + PAGE
            self._log.seek(offset)


def _leaf(pages: _Pages, number: int, known: Known) -> Iterator[tuple[int, list[Any]]]:
    page = pages.page(number)
    start = 100 if number == 1 else 0
    if len(page) < PAGE or page[start] != LEAF:
        return
    cells = int.from_bytes(page[start + 3 : start + 5], "big")
    first = start + 8
    for offset in struct.unpack_from(f">{min(cells, (PAGE - first) // 2)}H", page, first):
        try:
            size, at = _varint(page, offset)
            rowid, at = _varint(page, at)
            if size > LOCAL and known and (len(_kinds(page[at:])[0]), rowid) in known:
                continue
            yield _signed(rowid), _values(_payload(pages, page, at, size))
        except (ValueError, IndexError, struct.error):
            continue


def _payload(pages: _Pages, page: bytes, at: int, size: int) -> bytes:
    if not 0 < size < MOST:
        raise ValueError("no row is so long")
    if size <= LOCAL:
        return page[at : at + size]
    local = LEAST + (size - LEAST) % (PAGE - 4)
    local = local if local <= LOCAL else LEAST
    parts, left = [page[at : at + local]], size - local
    following = int.from_bytes(page[at + local : at + local + 4], "big")
    while left > 0:
        more = pages.page(following) if following else b""
        if len(more) < PAGE:
            raise ValueError("the rest of the row is not there")
        parts.append(more[4 : 4 + left])
        left -= PAGE - 4
        following = int.from_bytes(more[:4], "big")
    return b"".join(parts)


def _kinds(payload: bytes) -> tuple[list[int], int]:
    """The serial types of a payload's values, and where the first value begins."""
    end, at = _varint(payload, 0)
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    return kinds, at


def _values(payload: bytes) -> list[Any]:
    kinds, at = _kinds(payload)
    values: list[Any] = []
    for kind in kinds:
        width = WIDTHS.get(kind, (kind - 12) // 2)
        raw = payload[at : at + width]
        if len(raw) < width or width < 0:
            raise ValueError("a value reaches beyond the row")
        values.append(_value(kind, raw))
        at += width
    return values


def _value(kind: int, raw: bytes) -> Any:
    if kind in (0, 10, 11):
        return None
    if kind == 7:
        return struct.unpack(">d", raw)[0]
    if kind in (8, 9):
        return kind - 8
    if kind < 7:
        return int.from_bytes(raw, "big", signed=True)
    return raw if kind % 2 == 0 else raw.decode("utf-8", "replace")


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """A number of 1 to 9 bytes, and where it ends."""
    number = 0
    for i in range(8):
        byte = raw[at + i]
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, at + i + 1
    return number << 8 | raw[at + 8], at + 9


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number
