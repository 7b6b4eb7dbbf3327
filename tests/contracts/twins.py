"""In-memory twins of the store's outbox and journal; the same contract holds for both."""

from collections.abc import Mapping, Sequence

from gateway.model import Envelope, Millis, Reading
from gateway.store import Backlog
from gateway.store.refused import Refusal


class MemoryOutbox:
    def __init__(self) -> None:
        self.waiting: dict[str, list[Envelope]] = {}
        self.delivered: dict[str, list[str]] = {}
        self.buried: dict[str, dict[str, str]] = {}

    def put(self, *envelopes: Envelope) -> None:
        for envelope in envelopes:
            self.waiting.setdefault(envelope.sink, []).append(envelope)

    async def next(self, sink: str, limit: int = 1) -> list[Envelope]:
        return self.waiting.get(sink, [])[:limit]

    async def done(self, sink: str, ids: Sequence[str]) -> None:
        self.delivered.setdefault(sink, []).extend(ids)
        self._remove(sink, ids)

    async def bury(self, sink: str, id: str, reason: str) -> None:
        self.buried.setdefault(sink, {})[id] = reason
        self._remove(sink, [id])

    async def backlog(self) -> Mapping[str, Backlog]:
        return {
            sink: Backlog(len(self.waiting.get(sink, ())), len(self.buried.get(sink, ())), None)
            for sink in self.waiting.keys() | self.buried.keys()
            if self.waiting.get(sink) or self.buried.get(sink)
        }

    def _remove(self, sink: str, ids: Sequence[str]) -> None:
        self.waiting[sink] = [e for e in self.waiting[sink] if e.id not in ids]


class MemoryJournal:
    def __init__(self, readings: Sequence[Reading] = ()) -> None:
        self.readings = list(readings)
        self.cursors: dict[str, int] = {}

    async def read(self, cursor: int, limit: int) -> tuple[list[Reading], int]:
        found = self.readings[cursor : cursor + limit]
        return found, cursor + len(found)

    async def cursor(self, name: str) -> int:
        return self.cursors.get(name, 0)

    async def advance(self, name: str, cursor: int) -> None:
        self.cursors[name] = cursor


class MemoryRefused:
    """`waiting`: those of `letters` that a person wants to be tried again."""

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal
        self.letters: dict[str, list[Refusal]] = {}
        self.waiting: set[int] = set()
        self._number = 0

    async def bury(
        self, sink: str, refused: Sequence[tuple[Reading, str]], cursor: int, at: Millis
    ) -> None:
        for reading, reason in refused:
            self._number += 1
            self.letters.setdefault(sink, []).append(Refusal(self._number, reading, reason, at))
        await self._journal.advance(sink, cursor)

    async def dead(self, sink: str, limit: int = 100) -> list[Refusal]:
        found = [one for one in self.letters.get(sink, ()) if one.id not in self.waiting]
        return found[:limit]

    async def again(self, sink: str, limit: int) -> list[Refusal]:
        found = [one for one in self.letters.get(sink, ()) if one.id in self.waiting]
        return found[:limit]

    async def retry(self, sink: str, ids: Sequence[int] | None = None) -> int:
        chosen = [o.id for o in await self.dead(sink, 10**9) if ids is None or o.id in ids]
        self.waiting.update(chosen)
        return len(chosen)

    async def discard(self, sink: str, ids: Sequence[int] | None = None) -> int:
        chosen = [o.id for o in await self.dead(sink, 10**9) if ids is None or o.id in ids]
        self.letters[sink] = [one for one in self.letters[sink] if one.id not in chosen]
        return len(chosen)

    async def counts(self) -> dict[str, int]:
        found = {sink: len(await self.dead(sink, 10**9)) for sink in self.letters}
        return {sink: n for sink, n in found.items() if n}

    async def settle(self, asked: Sequence[int], refused: Mapping[int, str]) -> None:
        taken = set(asked)
        self.waiting -= taken
        for sink, letters in self.letters.items():
            self.letters[sink] = [
                one._replace(reason=refused.get(one.id, one.reason))
                for one in letters
                if one.id not in taken or one.id in refused
            ]
