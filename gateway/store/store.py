"""The store as the gateway sees it: what `commit` has returned for is on disk."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, Self

from gateway.failpoints import hit
from gateway.model import Batch, Incident, Millis, Reading, Scene
from gateway.store import connection, opening, recall
from gateway.store.access import Access
from gateway.store.audit import Audit
from gateway.store.cases import Cases
from gateway.store.chores import Chores
from gateway.store.failures import StoreFailed, failed
from gateway.store.journal import Journal
from gateway.store.outbox import Outbox
from gateway.store.reads import Reads
from gateway.store.recent import Recent
from gateway.store.refused import Refused
from gateway.store.revisions import Revisions
from gateway.store.shadows import Shadows
from gateway.store.spec import StoreSpec


class Recall(NamedTuple):
    """What a starting gateway must know to go on as if nothing had happened."""

    snapshot: bytes | None
    """The last good one, None in a new store."""
    incidents: tuple[Incident, ...]
    """Those not closed, in the order in which they were opened."""
    tail: Iterator[tuple[Reading | Scene, ...]]
    """What was observed after the snapshot, batch by batch, in order of `at`."""
    at: Millis
    """When the last batch was committed; the spine's time must not go back behind it."""


class Store(Reads):
    """One SQLite file, one process that writes it. Made by `open`, ended by `close`."""

    def __init__(self, access: Access, spec: StoreSpec, held: IO[bytes]) -> None:
        self._access, self._spec, self._held = access, spec, held
        self._chores = Chores(access.writer, access.damage)
        self._recent = Recent()
        self._closing = False
        self.outbox, self.journal, self.refused = Outbox(access), Journal(access), Refused(access)
        self.cases, self.audit = Cases(access), Audit(access)
        self.revisions, self.shadows = Revisions(access), Shadows(access)

    @classmethod
    def open(cls, path: Path, spec: StoreSpec) -> Self:
        """Open the database at *path*, or make one. Blocks; call it before the loop serves.

        A damaged file is set aside as `<name>.corrupt-<time>` and its good rows are saved.
        Raises StoreLocked (another process has it), StoreTooNew (a later version wrote it) and
        StoreFailed (the disk).
        """
        held = connection.lock(path)
        try:
            writer = opening.started(path, spec)
        except BaseException:
            held.close()
            raise
        return cls(Access(path, writer), spec, held)

    async def commit(self, batch: Batch) -> None:
        """Returns when all of *batch* is durable: only then may its items be acknowledged.

        Raises StoreFailed when the disk fails; see there what to do. To commit the same batch
        again after `reopen` is right even if it got to disk the first time.
        """
        if await self._access.writing.run(self._commit, batch):
            self._access.writing.start(self._chore)

    def recall(self) -> Recall:
        """Blocks; call it once after `open`, before the first commit. `tail` reads from disk as
        it is iterated."""
        access = self._access
        try:
            return Recall(*recall.read(access.path, access.damage))
        except sqlite3.Error as error:
            access.writer.broken = failed(error, "recall")
        self._reopen()
        return Recall(*recall.read(access.path, access.damage))

    async def reopen(self) -> None:
        """After a StoreFailed: close all, open anew, and make durable what turns out to be
        there. Raises StoreFailed while the disk still fails; then wait and call again."""
        access = self._access
        await access.reading.run(access.drop_reader)
        await access.writing.run(self._reopen)

    def close(self) -> None:
        """Let what is under way finish, then close the file. Blocks for some milliseconds. To call
        it again does nothing."""
        if self._closing:
            return
        self._closing = True
        self._access.reading.finish(self._access.drop_reader)
        try:
            self._access.writing.finish(lambda: self._access.writer.close())
        except StoreFailed:
            pass  # only cursors that are a little old are lost
        finally:
            self._held.close()

    async def aclose(self) -> None:
        """As `close`, without blocking the loop."""
        await asyncio.to_thread(self.close)

    def _commit(self, batch: Batch) -> bool:
        access = self._access
        if access.damage.suspect:  # a reader met torn pages; to open anew is to salvage
            why, access.damage.suspect = access.damage.suspect, ""
            access.writer.broken = StoreFailed(why, sqlite3.SQLITE_CORRUPT)
        access.writer.commit(batch)
        return self._chores.committed(urgent=batch.shift is not None)

    def _chore(self) -> None:
        if self._closing:
            return
        try:
            more = self._chores.step()
        except StoreFailed:
            return  # the writer is broken now, and the next commit says so
        if more:
            self._access.writing.start(self._chore)

    def _reopen(self) -> None:
        access = self._access
        before = access.writer
        before.close()
        hit("reopen.closed")
        after = before.broken or StoreFailed("reopened without need")
        before.broken = after  # until there is another one
        access.writer = opening.reopened(access.path, self._spec, before.doubtful, after)
        self._chores = Chores(access.writer, access.damage)
        self._recent = Recent()
