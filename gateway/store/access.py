"""How the outbox and the journal reach the file, whichever connection serves it at the moment."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from gateway.store import connection
from gateway.store.damage import Damage
from gateway.store.failures import StoreFailed, failed
from gateway.store.threads import Lane
from gateway.store.writer import Writer

T = TypeVar("T")


class Access:
    """The writer in its lane, a reading connection in another."""

    def __init__(self, path: Path, writer: Writer) -> None:
        self.path, self.writer = path, writer
        self.damage = Damage()
        self.writing, self.reading = Lane("store-writer"), Lane("store-reader")
        self._reader: sqlite3.Connection | None = None

    async def write(self, doing: str, work: Callable[[sqlite3.Connection], T]) -> T:
        """*work* as one durable transaction, in the writer's lane."""

        def write() -> T:
            writer = self.writer
            return writer.transact(doing, lambda: work(writer.db))

        return await self.writing.run(write)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """*work* on one consistent view of the file, in the reader's lane."""
        return await self.reading.run(self._read, work)

    async def cursor(self, name: str) -> int:
        return await self.writing.run(lambda: self.writer.cursors.get(name, 0))

    async def advance(self, name: str, cursor: int) -> None:
        await self.writing.run(lambda: self.writer.advance(name, cursor))

    async def keep(self, names: Sequence[str]) -> None:
        await self.writing.run(lambda: self.writer.keep_cursors(names))

    async def waiting(self) -> dict[str, int]:
        return await self.writing.run(lambda: self.writer.waiting())

    async def totals(self) -> dict[str, int]:
        return await self.writing.run(lambda: self.writer.totals())

    def drop_reader(self) -> None:
        """Runs in the reader's lane."""
        if self._reader:
            with suppress(sqlite3.Error):
                self._reader.close()
        self._reader = None

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._reader is None:
                self._reader = connection.reader(self.path)
            self._reader.execute("BEGIN")
            try:
                return work(self._reader)
            finally:
                self._reader.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._suspect(failed(error, "read")) from error

    def _suspect(self, failure: StoreFailed) -> StoreFailed:
        self.drop_reader()
        if failure.corrupt:
            self.damage.suspect = str(failure)
        return failure
