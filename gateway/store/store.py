"""The store as the gateway sees it: what `commit` has returned for is on disk."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, Self

from gateway.model import Batch, Incident, Millis, Reading, Scene
from gateway.store import connection, recall
from gateway.store.access import Access
from gateway.store.failures import StoreFailed, failed
from gateway.store.journal import Journal
from gateway.store.outbox import Outbox
from gateway.store.reads import Reads
from gateway.store.spec import StoreSpec
from gateway.store.writer import Writer


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
        self.outbox, self.journal = Outbox(access), Journal(access)

    @classmethod
    def open(cls, path: Path, spec: StoreSpec) -> Self:
        """Open the database at *path*, or make one. Blocks; call it before the loop serves.

        Raises StoreLocked (another process has it), StoreTooNew (a later version wrote it) and
        StoreFailed (the disk).
        """
        held = connection.lock(path)
        try:
            writer = Writer(path, spec)
        except sqlite3.Error as error:
            held.close()
            raise failed(error, f"open {path}") from error
        except BaseException:
            held.close()
            raise
        return cls(Access(path, writer), spec, held)

    async def commit(self, batch: Batch) -> None:
        """Returns when all of *batch* is durable: only then may its items be acknowledged.

        Raises StoreFailed when the disk fails; see there what to do. To commit the same batch
        again after `reopen` is right even if it got to disk the first time.
        """
        await self._access.writing.run(lambda: self._access.writer.commit(batch))

    def recall(self) -> Recall:
        """Blocks; call it once after `open`, before the first commit. `tail` reads from disk as
        it is iterated."""
        path = self._access.path
        try:
            return Recall(*recall.read(path, self._access.damage))
        except sqlite3.Error as error:
            raise failed(error, "recall") from error

    async def reopen(self) -> None:
        """After a StoreFailed: close all, open anew, and make durable what turns out to be
        there. Raises StoreFailed while the disk still fails; then wait and call again."""
        access = self._access
        await access.reading.run(access.drop_reader)
        await access.writing.run(self._reopen)

    def _reopen(self) -> None:
        access = self._access
        before = access.writer
        before.close()
        try:
            access.writer = Writer(access.path, self._spec, before.doubtful)
            access.writer.settle()
        except sqlite3.Error as error:
            raise failed(error, "reopen") from error

    def close(self) -> None:
        """Let what is under way finish, then close the file. Blocks for some milliseconds."""
        self._access.reading.finish(self._access.drop_reader)
        try:
            self._access.writing.finish(lambda: self._access.writer.close())
        except StoreFailed:
            pass  # only cursors that are a little old are lost
        finally:
            self._held.close()
