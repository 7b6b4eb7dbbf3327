"""In-memory twins of the store's outbox and journal; the same contract holds for both."""

from collections.abc import Mapping, Sequence

from gateway.model import Envelope, Reading
from gateway.store import Backlog


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
