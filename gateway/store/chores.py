"""The store's housekeeping: checkpoints, compaction, retention, taking out damaged rows.

It is done in slices of a few milliseconds in the writer's lane, after a commit; the next commit
waits for one slice at the most. Nothing has to be done while nothing is committed.
"""

import sqlite3
from collections.abc import Iterator

from gateway.failpoints import hit
from gateway.store import compaction, patrol, reserve, restamp, retention
from gateway.store.damage import Damage
from gateway.store.failures import StoreFailed, failed
from gateway.store.writer import Writer

COMMITS, READINGS = 64, 16_384
"""A round begins after so many commits, or readings."""
PAGES = 2000
"""Pages of the write-ahead log (8 MB) at which a checkpoint is worth its syncs."""


class Chores:
    """One round after the other; each `step` is one slice."""

    def __init__(self, writer: Writer, damage: Damage) -> None:
        self._writer, self._damage = writer, damage
        self._round: Iterator[None] | None = None
        self._commits, self._seq = 0, writer.seq
        self._patrol = patrol.Patrol()

    def committed(self, *, urgent: bool = False) -> bool:
        """Note a commit. True when there is work, and `step` should be called. *urgent*: a round
        begins now, or as soon as the one under way has ended."""
        if urgent:
            self._commits = COMMITS
        self._commits += 1
        if self._round is not None:
            return False
        busy = self._writer.seq - self._seq >= READINGS or self._writer.pages >= PAGES
        if busy or self._commits >= COMMITS:
            self._commits, self._seq = 0, self._writer.seq
            self._round = self._chores()
        return self._round is not None

    def step(self) -> bool:
        """Do a slice. True: there is more, call again soon. Raises StoreFailed."""
        if self._round is None:
            return False
        try:
            next(self._round)
        except StopIteration:
            self._round = None
            return False
        except sqlite3.Error as error:
            self._writer.broken = failed(error, "housekeeping")
            raise self._writer.broken from error
        except OSError as error:
            self._writer.broken = StoreFailed(f"housekeeping: {error}")
            raise self._writer.broken from error
        return True

    def _chores(self) -> Iterator[None]:
        writer, damage = self._writer, self._damage
        if writer.pages >= PAGES:
            checkpoint(writer)
            yield
        yield from patrol.repair(writer, damage)
        yield from restamp.run(writer, damage)
        while compaction.due(writer) or (writer.loose > COMMITS and retention.pressed(writer)):
            yield
            yield from compaction.run(writer, damage)
            yield from patrol.repair(writer, damage)
        yield
        yield from compaction.sweep(writer)
        yield from retention.forget(writer, damage)
        self._patrol.look(writer, damage)
        reserve.keep(writer.path, writer.spec.reserve)


def checkpoint(writer: Writer) -> None:
    """Copy the write-ahead log into the database, as far as no reader still needs it."""
    hit("checkpoint.begin")
    _, frames, done = writer.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    writer.pages = frames - done
