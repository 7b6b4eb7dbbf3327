"""Readings that a time-series sink refused for good: kept with the reason, for a person to decide.

They are written together with the sink's cursor, so that a crash neither loses nor doubles one.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from gateway.model import Millis, Reading
from gateway.store.access import Access
from gateway.store.columns import clean
from gateway.store.damage import Damage
from gateway.store.position import read_meta, write_meta
from gateway.store.schema import seal

KEEP = 10_000
"""Readings kept per sink; the oldest make room, and are counted as `forgotten`."""


class Refusal(NamedTuple):
    """A reading that a sink refused for good at `at`."""

    id: int
    reading: Reading
    reason: str
    at: Millis


class Refused:
    """All that is said here is on disk when the call returns. All methods raise StoreFailed when
    the disk fails."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def bury(
        self, sink: str, refused: Sequence[tuple[Reading, str]], cursor: int, at: Millis
    ) -> None:
        """Keep what *sink* refused of the readings before *cursor*, and move its cursor there."""
        rows = [
            (sink, at, clean(reason), seal(sink, body), body)
            for reading, reason in refused
            for body in (msgspec.msgpack.encode(reading),)
        ]

        def bury(db: sqlite3.Connection) -> None:
            db.executemany(
                "INSERT INTO refused (sink, state, at, reason, crc, body) "
                "VALUES (?, 'dead', ?, ?, ?, ?)",
                rows,
            )
            _trim(db, sink)

        await self._access.advance(sink, cursor)
        await self._access.write("refused", bury)

    async def dead(self, sink: str, limit: int = 100) -> list[Refusal]:
        """What *sink* refused, the oldest first, until a person decides."""
        return await self._listed(sink, "dead", limit)

    async def again(self, sink: str, limit: int) -> list[Refusal]:
        """What a person wants *sink* to be asked once more."""
        return await self._listed(sink, "waiting", limit)

    async def retry(self, sink: str, ids: Sequence[int] | None = None) -> int:
        """Ask *sink* once more for *ids*, or for all that it refused. Returns how many."""
        return await self._decide(
            "UPDATE refused SET state = 'waiting' WHERE sink = ? AND state = 'dead'", sink, ids
        )

    async def discard(self, sink: str, ids: Sequence[int] | None = None) -> int:
        """Give *ids*, or all that *sink* refused, up for good. Returns how many."""
        return await self._decide(
            "DELETE FROM refused WHERE sink = ? AND state = 'dead'", sink, ids
        )

    async def settle(self, asked: Sequence[int], refused: Mapping[int, str]) -> None:
        """Of the ids *asked* for again, the sink took all but *refused* (id -> reason)."""
        taken = [(number,) for number in asked if number not in refused]
        still = [(clean(reason), number) for number, reason in refused.items()]

        def settle(db: sqlite3.Connection) -> None:
            db.executemany("DELETE FROM refused WHERE id = ?", taken)
            db.executemany("UPDATE refused SET state = 'dead', reason = ? WHERE id = ?", still)

        await self._access.write("refused", settle)

    async def counts(self) -> dict[str, int]:
        """By sink: how many wait for a decision."""
        return await self._access.read(counts)

    async def _decide(self, statement: str, sink: str, ids: Sequence[int] | None) -> int:
        def decide(db: sqlite3.Connection) -> int:
            if ids is None:
                return db.execute(statement, (sink,)).rowcount
            one = f"{statement} AND id = ?"
            return sum(db.execute(one, (sink, number)).rowcount for number in ids)

        return await self._access.write("refused", decide)

    async def _listed(self, sink: str, state: str, limit: int) -> list[Refusal]:
        return await self._access.read(
            lambda db: list(_listed(db, sink, state, limit, self._access.damage))
        )


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """By sink, as `Refused.counts`."""
    return dict(db.execute("SELECT sink, count(*) FROM refused WHERE state = 'dead' GROUP BY sink"))


def _listed(
    db: sqlite3.Connection, sink: str, state: str, limit: int, damage: Damage
) -> list[Refusal]:
    found = []
    rows = db.execute(
        "SELECT id, at, reason, crc, body FROM refused WHERE sink = ? AND state = ? "
        "ORDER BY id LIMIT ?",
        (sink, state, limit),
    )
    for number, at, reason, crc, body in rows:
        if seal(sink, body) == crc:
            reading = msgspec.msgpack.decode(body, type=Reading)
            found.append(Refusal(number, reading, reason, at))
        else:
            damage.found("refused", number, f"row {number} of refused: wrong checksum")
    return found


def _trim(db: sqlite3.Connection, sink: str) -> None:
    gone = db.execute(
        "DELETE FROM refused WHERE sink = ?1 AND id <= "
        "(SELECT id FROM refused WHERE sink = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        (sink, KEEP),
    ).rowcount
    if gone:
        write_meta(db, "forgotten", read_meta(db, "forgotten") + gone)
