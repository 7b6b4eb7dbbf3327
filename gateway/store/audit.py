"""Who changed what, and when: written before the answer is given, and never changed."""

import sqlite3

import msgspec

from gateway.model import Millis
from gateway.store.access import Access
from gateway.store.columns import clean
from gateway.store.schema import seal

KEEP = 100_000
"""Entries kept; the oldest make room."""
LONGEST = 2000
"""Characters of what something was before and after."""


class Entry(msgspec.Struct, frozen=True):
    """*who* did *what* (`user.add`, `login`) to *target*."""

    id: int
    at: Millis
    who: str
    what: str
    target: str
    before: str = ""
    after: str = ""


class Audit:
    """All methods raise StoreFailed when the disk fails."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def add(
        self, at: Millis, who: str, what: str, target: str, before: str = "", after: str = ""
    ) -> None:
        """Durable when the call returns."""
        texts = [clean(text)[:LONGEST] for text in (who, what, target, before, after)]

        def add(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO audit (at, who, what, target, before, after, crc) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (at, *texts, seal(at, *texts)),
            )
            db.execute("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?", (KEEP,))

        await self._access.write("audit", add)

    async def entries(
        self, limit: int = 100, before: int | None = None, who: str = "", what: str = ""
    ) -> list[Entry]:
        """The newest first, those with a lower id than *before*; of *who*, and *what* anywhere in
        deed or target. Entries that were damaged are left out."""

        def read(db: sqlite3.Connection) -> list[Entry]:
            rows = db.execute(
                "SELECT * FROM audit WHERE id < ? AND (? = '' OR who = ?) AND "
                "(? = '' OR instr(what, ?) OR instr(target, ?)) ORDER BY id DESC LIMIT ?",
                (before or 2**62, who, who, what, what, what, limit),
            )
            return [Entry(*row[:7]) for row in rows if seal(*row[1:7]) == row[7]]

        return await self._access.read(read)
