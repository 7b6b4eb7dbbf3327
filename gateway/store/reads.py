"""What people and pages ask the store for: incidents, charts, packets nobody could read."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator

import msgspec

from gateway.model import Incident, Millis, Quarantined
from gateway.store import history
from gateway.store.access import Access
from gateway.store.balance import Balance, balance
from gateway.store.damage import Damage
from gateway.store.history import Series
from gateway.store.recent import Recent
from gateway.store.schema import seal


class Reads:
    """Answers from the reader's lane. All methods raise StoreFailed when the disk fails."""

    _access: Access
    _recent: Recent

    async def incidents(
        self, status: Collection[str] | None = None, limit: int = 100, before: Millis | None = None
    ) -> list[Incident]:
        """Present states, the latest opened first; of *status* only, opened before *before*."""
        return await self._access.read(
            lambda db: _incidents(db, status, limit, before, self._access.damage)
        )

    async def incident(self, id: str) -> list[Incident]:
        """All versions, oldest first; empty when there is none."""

        def versions(db: sqlite3.Connection) -> list[Incident]:
            rows = db.execute(
                "SELECT rowid, id, seq, crc, body FROM incident_version WHERE id = ? ORDER BY seq",
                (id,),
            )
            opened = (
                (number, seal(i, seq, body) == crc, body) for number, i, seq, crc, body in rows
            )
            return list(_sound(opened, "incident_version", self._access.damage))

        return await self._access.read(versions)

    async def series(
        self, device: str, quantity: str, start: Millis, end: Millis, points: int = 1000
    ) -> Series:
        """One quantity from *start* to before *end*, by the devices' own time, thinned to about
        *points* spans of equal length with min, mean, max and count each."""
        return await self._access.read(
            lambda db: history.series(
                db, (device, quantity), (start, end), points, self._recent, self._access.damage
            )
        )

    async def quarantined(self, limit: int = 100) -> list[Quarantined]:
        """The latest packets that could not be read, newest first."""

        def packets(db: sqlite3.Connection) -> list[Quarantined]:
            rows = db.execute(
                "SELECT at, source, topic, reason, payload FROM quarantine "
                "ORDER BY id DESC LIMIT ?",
                (limit,),
            )
            return [Quarantined(*row) for row in rows]

        return await self._access.read(packets)

    async def totals(self) -> dict[str, int]:
        """Readings since ever: `committed`; of these `expired` (deleted by age or cap),
        `unread` (expired before a sink had them) and `damaged`; `forgotten` are those among what
        a sink refused that made room for newer ones."""
        return await self._access.totals()

    async def balance(self) -> Balance:
        """What became of every reading that was ever acknowledged."""
        return await self._access.read(balance)


def open_incidents(db: sqlite3.Connection, damage: Damage) -> list[Incident]:
    """Present states of those not closed, in the order in which they were opened."""
    rows = db.execute(
        "SELECT rowid, id, seq, status, opened_at, crc, body FROM incident "
        "WHERE status NOT IN ('resolved', 'void') ORDER BY opened_at, rowid"
    )
    return list(_sound(_checked(rows), "incident", damage))


def _incidents(
    db: sqlite3.Connection,
    status: Collection[str] | None,
    limit: int,
    before: Millis | None,
    damage: Damage,
) -> list[Incident]:
    wanted = msgspec.json.encode(list(status)).decode() if status is not None else None
    rows = db.execute(
        "SELECT rowid, id, seq, status, opened_at, crc, body FROM incident "
        "WHERE (?1 IS NULL OR opened_at < ?1) "
        "AND (?2 IS NULL OR status IN (SELECT value FROM json_each(?2))) "
        "ORDER BY opened_at DESC, rowid DESC LIMIT ?3",
        (before, wanted, limit),
    )
    return list(_sound(_checked(rows), "incident", damage))


def _checked(
    rows: Iterable[tuple[int, str, int, str, int, int, bytes]],
) -> Iterator[tuple[int, bool, bytes]]:
    for number, id, seq, status, opened_at, crc, body in rows:
        yield number, seal(id, seq, status, opened_at, body) == crc, body


def _sound(
    rows: Iterable[tuple[int, bool, bytes]], table: str, damage: Damage
) -> Iterator[Incident]:
    for number, sealed, body in rows:
        if not sealed:
            damage.found(table, number, f"row {number} of {table}: wrong checksum")
            continue
        yield msgspec.msgpack.decode(body, type=Incident)
