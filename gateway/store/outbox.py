"""Envelopes on their way to the sinks: in order, until they are done or dead."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from gateway.model import Envelope, Millis
from gateway.store.access import Access
from gateway.store.columns import clean
from gateway.store.damage import Damage
from gateway.store.failures import Damaged
from gateway.store.schema import seal


class Backlog(NamedTuple):
    """What lies in the outbox for one sink. `oldest`: since when the oldest one waits."""

    waiting: int
    dead: int
    oldest: Millis | None


class DeadLetter(NamedTuple):
    """An envelope that its sink refused for good at `at`."""

    envelope: Envelope
    reason: str
    at: Millis

    @property
    def id(self) -> str:
        return self.envelope.id


class Outbox:
    """Whatever is `done`, buried or revived is on disk when the call returns. All methods
    raise StoreFailed when the disk fails."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def next(self, sink: str, limit: int = 1) -> list[Envelope]:
        """The envelopes that wait for *sink*, the oldest first."""
        return [letter.envelope for letter in await self._letters(sink, "waiting", limit)]

    async def dead(self, sink: str, limit: int = 100) -> list[DeadLetter]:
        """What *sink* refused, the oldest first, until a person revives it or marks it done."""
        return await self._letters(sink, "dead", limit)

    async def done(self, sink: str, ids: Sequence[str]) -> None:
        """They have arrived; the same ids will not be queued for *sink* again."""
        rows = [(seal(sink, id, None), sink, id) for id in ids]
        await self._access.write(
            "outbox",
            lambda db: db.executemany(
                "UPDATE outbox SET state = 'done', body = NULL, crc = ? WHERE sink = ? AND id = ?",
                rows,
            ),
        )

    async def bury(self, sink: str, id: str, reason: str) -> None:
        """*sink* will never take it."""
        await self._move(sink, id, "waiting", "dead", clean(reason))

    async def revive(self, sink: str, id: str) -> bool:
        """Try again, at its old place in the line. False: it is not among the dead."""
        return await self._move(sink, id, "dead", "waiting", "")

    async def backlog(self) -> Mapping[str, Backlog]:
        """By sink; a sink for which nothing waits and nothing is dead is left out."""
        return await self._access.read(backlog)

    async def _move(self, sink: str, id: str, before: str, after: str, reason: str) -> bool:
        def move(db: sqlite3.Connection) -> bool:
            moved = db.execute(
                "UPDATE outbox SET state = ?, reason = ? WHERE sink = ? AND id = ? AND state = ?",
                (after, reason, sink, id, before),
            )
            return moved.rowcount == 1

        return await self._access.write("outbox", move)

    async def _letters(self, sink: str, state: str, limit: int) -> list[DeadLetter]:
        return await self._access.read(
            lambda db: list(letters(db, sink, state, limit, self._access.damage))
        )


def letters(
    db: sqlite3.Connection, sink: str, state: str, limit: int, damage: Damage
) -> list[DeadLetter]:
    """The envelopes of *sink* in *state*, oldest first. Damaged ones are left out and told."""
    found = []
    rows = db.execute(
        "SELECT pos, id, at, reason, crc, body FROM outbox WHERE sink = ? AND state = ? "
        "ORDER BY pos LIMIT ?",
        (sink, state, limit),
    )
    for pos, id, at, reason, crc, body in rows:
        try:
            found.append(DeadLetter(_open((sink, id), crc, body), reason, at))
        except Damaged as error:
            damage.found("outbox", pos, str(error))
    return found


def _open(key: tuple[str, str], crc: int, body: bytes) -> Envelope:
    if seal(*key, body) != crc:
        raise Damaged(f"envelope {key[1]} for {key[0]}: wrong checksum")
    try:
        return msgspec.msgpack.decode(body, type=Envelope)
    except msgspec.DecodeError as error:
        raise Damaged(f"envelope {key[1]} for {key[0]}: {error}") from error


def backlog(db: sqlite3.Connection) -> dict[str, Backlog]:
    """By sink, as `Outbox.backlog`."""
    rows = db.execute(
        "SELECT sink, sum(state = 'waiting'), sum(state = 'dead'), "
        "min(CASE state WHEN 'waiting' THEN at END) FROM outbox "
        "WHERE state <> 'done' GROUP BY sink"
    )
    return {sink: Backlog(waiting, dead, oldest) for sink, waiting, dead, oldest in rows}
