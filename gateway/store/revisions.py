"""What the site's files were and became: written with each change, and never changed."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from gateway.model import Millis
from gateway.store import connection, schema
from gateway.store.access import Access
from gateway.store.columns import clean
from gateway.store.schema import seal

KEEP = 2000
"""Revisions kept; the oldest make room."""
RECENT = 100
"""Revisions in which a file's last text is looked for."""
LARGEST = 64_000_000
"""Bytes of one revision when unpacked."""


class Revision(msgspec.Struct, frozen=True):
    """*who* changed *files*, and why. `restart`: parts that the change reaches with the next start
    only."""

    id: int
    at: Millis
    who: str
    why: str
    files: tuple[str, ...]
    restart: tuple[str, ...] = ()


class Texts(msgspec.Struct, frozen=True):
    """Each file before and after; '' where there was none, or is none any more."""

    before: dict[str, str]
    after: dict[str, str]
    restart: tuple[str, ...] = ()


class Revisions:
    """All methods raise StoreFailed when the disk fails."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def add(self, at: Millis, who: str, why: str, texts: Texts) -> Revision:
        """Durable when the call returns."""
        who, why = clean(who)[:200], clean(why)[:2000]
        body = zlib.compress(msgspec.msgpack.encode(texts))

        def add(db: sqlite3.Connection) -> int:
            found = db.execute(
                "INSERT INTO revision (at, who, why, crc, body) VALUES (?, ?, ?, ?, ?)",
                (at, who, why, seal(at, who, why, body), body),
            )
            db.execute("DELETE FROM revision WHERE id <= ? - ?", (found.lastrowid, KEEP))
            return int(found.lastrowid or 0)

        id = await self._access.write("revision", add)
        return Revision(id, at, who, why, tuple(sorted(texts.after)), texts.restart)

    async def latest(self, limit: int = 50, before: int | None = None) -> list[Revision]:
        """The newest first, those with a lower id than *before*. Damaged ones are left out."""

        def read(db: sqlite3.Connection) -> list[Revision]:
            rows = db.execute(
                "SELECT * FROM revision WHERE id < ? ORDER BY id DESC LIMIT ?",
                (before or 2**62, limit),
            )
            return [_revision(row)[0] for row in rows if _sound(row)]

        return await self._access.read(read)

    async def known(self) -> dict[str, str]:
        """The newest text of each file that was ever changed, so far as the last ones tell."""

        def read(db: sqlite3.Connection) -> dict[str, str]:
            rows = db.execute("SELECT * FROM revision ORDER BY id DESC LIMIT ?", (RECENT,))
            found: dict[str, str] = {}
            for row in rows:
                if _sound(row):
                    found = _revision(row)[1].after | found
            return found

        return await self._access.read(read)

    async def texts(self, id: int) -> tuple[Revision, Texts] | None:
        """None where there is no such revision."""

        def read(db: sqlite3.Connection) -> tuple[Revision, Texts] | None:
            row = db.execute("SELECT * FROM revision WHERE id = ?", (id,)).fetchone()
            return _revision(row) if row and _sound(row) else None

        return await self._access.read(read)


def recorded(path: Path) -> Iterator[tuple[Revision, Texts]]:
    """All of the store at *path*, the newest first, by a connection of its own. Blocks."""
    with closing(connection.reader(path)) as db:
        if schema.version(db) < len(schema.MIGRATIONS):
            return  # no start of this version has made the table yet
        for row in db.execute("SELECT * FROM revision ORDER BY id DESC"):
            if _sound(row):
                yield _revision(row)


def _sound(row: tuple[int, Millis, str, str, int, bytes]) -> bool:
    return seal(*row[1:4], row[5]) == row[4]


def _revision(row: tuple[int, Millis, str, str, int, bytes]) -> tuple[Revision, Texts]:
    unpacked = zlib.decompressobj().decompress(row[5], LARGEST)
    texts = msgspec.msgpack.decode(unpacked, type=Texts)
    return Revision(*row[:4], tuple(sorted(texts.after)), texts.restart), texts
