"""Incidents as people ask for them: found, with all that was sent of them, and over a span."""

import sqlite3
from collections.abc import Iterator, Sequence

import msgspec

from gateway.inquiry import Inquiry
from gateway.model import Incident, Millis
from gateway.store.access import Access
from gateway.store.schema import seal

_COLUMNS = "id, seq, status, opened_at, crc, body"


class Delivery(msgspec.Struct, frozen=True):
    """One version of an incident on its way to one sink."""

    sink: str
    seq: int
    """Of the version."""
    state: str
    """waiting, done, or dead: refused for good."""
    at: Millis
    """When it came into that state."""
    reason: str = ""


class Cases:
    """Answers from the reader's lane. All methods raise StoreFailed when the disk fails."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def find(
        self, inquiry: Inquiry, limit: int = 100, before: Millis | None = None
    ) -> list[Incident]:
        """Present states, the latest opened first; opened before *before*."""
        return await self._access.read(lambda db: _found(db, inquiry, limit, before))

    async def deliveries(self, incident: str) -> list[Delivery]:
        """What was queued of *incident*, in the order in which it was."""

        def read(db: sqlite3.Connection) -> list[Delivery]:
            rows = db.execute(
                "SELECT sink, id, state, at, reason FROM outbox WHERE id >= ?1 || '-' "
                "AND id < ?1 || '.' ORDER BY pos",
                (incident,),
            )
            return [
                Delivery(sink, int(id.rpartition("-")[2]), state, at, reason)
                for sink, id, state, at, reason in rows
                if id.rpartition("-")[0] == incident
            ]

        return await self._access.read(read)

    async def between(self, start: Millis, end: Millis) -> list[Sequence[Incident]]:
        """All versions, oldest first, of each incident that was open at some time of the span."""

        def read(db: sqlite3.Connection) -> list[Sequence[Incident]]:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM incident WHERE opened_at < ? ORDER BY opened_at",  # noqa: S608 - a constant
                (end,),
            )
            lasting = (i for i in _sound(rows) if i.closed_at is None or i.closed_at >= start)
            return [_versions(db, incident.id) or [incident] for incident in lasting]

        return await self._access.read(read)


def _found(
    db: sqlite3.Connection, inquiry: Inquiry, limit: int, before: Millis | None
) -> list[Incident]:
    end = min(inquiry.end or 2**62, before or 2**62)
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM incident WHERE opened_at >= ?1 AND opened_at < ?2 "  # noqa: S608 - a constant
        "AND (?3 = '[]' OR status IN (SELECT value FROM json_each(?3))) "
        "ORDER BY opened_at DESC, rowid DESC",
        (inquiry.start, end, msgspec.json.encode(inquiry.status).decode()),
    )
    found: list[Incident] = []
    for incident in _sound(rows):
        if inquiry.fits(incident):
            found.append(incident)
        if len(found) == limit:
            break
    return found


def _sound(rows: sqlite3.Cursor) -> Iterator[Incident]:
    """Damaged rows are left out here; the store's own patrol tells of them."""
    for id, seq, status, opened_at, crc, body in rows:
        if seal(id, seq, status, opened_at, body) == crc:
            yield msgspec.msgpack.decode(body, type=Incident)


def _versions(db: sqlite3.Connection, id: str) -> list[Incident]:
    rows = db.execute(
        "SELECT seq, crc, body FROM incident_version WHERE id = ? ORDER BY seq", (id,)
    )
    return [
        msgspec.msgpack.decode(body, type=Incident)
        for seq, crc, body in rows
        if seal(id, seq, body) == crc
    ]
