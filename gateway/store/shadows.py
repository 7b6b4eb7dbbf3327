"""What rules on trial would have told: committed with the batch that made them tell it."""

import sqlite3

import msgspec

from gateway.model import Millis, Signal
from gateway.store.access import Access
from gateway.store.schema import seal


class Shadows:
    """All methods raise StoreFailed when the disk fails."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def told(self, rule: str, since: Millis, limit: int = 2000) -> list[Signal]:
        """The last ones of *rule* from *since* on, in order. Damaged ones are left out."""

        def read(db: sqlite3.Connection) -> list[Signal]:
            rows = db.execute(
                "SELECT rule, at, body, crc FROM shadow WHERE rule = ? AND at >= ? "
                "ORDER BY id DESC LIMIT ?",
                (rule, since, limit),
            ).fetchall()
            return [
                msgspec.msgpack.decode(row[2], type=Signal)
                for row in reversed(rows)
                if seal(*row[:3]) == row[3]
            ]

        return await self._access.read(read)
