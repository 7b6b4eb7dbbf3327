"""What the writer thread does: one transaction per batch, and all or nothing of it."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from gateway.failpoints import hit
from gateway.model import Batch, Envelope, Incident, Quarantined, Signal
from gateway.store import columns, connection, position, schema, shifts
from gateway.store.age import AgeClock
from gateway.store.catalogue import Catalogue
from gateway.store.failures import StoreFailed, failed
from gateway.store.schema import seal
from gateway.store.spec import StoreSpec

T = TypeVar("T")

SNAPSHOTS = 2
"""The newest, and the one before in case the newest is damaged."""
COUNTED = ("expired", "unread", "damaged", "forgotten")
PAGES = 5
"""Pages that a transaction writes besides its blobs."""
SHADOWED = 50_000
"""Signals of rules on trial that are kept; the oldest make room."""
PAYLOAD = 65_536
"""Bytes of an unreadable packet that are kept."""


class Doubtful(NamedTuple):
    """A batch whose commit failed: it may or may not be on disk."""

    batch: Batch
    upto: int


class Writer:
    """The only connection that writes. All methods run in the writer thread."""

    def __init__(self, path: Path, spec: StoreSpec, doubtful: Doubtful | None = None) -> None:
        self.path, self.spec, self.doubtful = path, spec, doubtful
        self.db = connection.writer(path)
        try:
            self.found = schema.migrate(self.db)
            self.catalogue = Catalogue(self.db)
            self.upto, self.seq, at = position.last(self.db)
            self.cursors = position.read_cursors(self.db)
            self.ages = AgeClock(position.read_meta(self.db, "age"), at)
            self._held = self.db.execute(
                "SELECT count(*), coalesce(sum(length(payload)), 0) FROM quarantine"
            ).fetchone()
            self.count_loose()
        except BaseException:
            self.db.close()
            raise
        self.broken: StoreFailed | None = None
        self._unsaved: dict[str, int] = {}
        self.pages = 0
        """About how many pages the write-ahead log holds that no checkpoint has copied yet."""

    def commit(self, batch: Batch) -> None:
        """Returns when *batch* is on disk. A batch whose commit failed before a reopen, and
        which turned out to be on disk all the same, is not written twice."""
        if self.doubtful and self.doubtful.batch is batch and self._holds(self.doubtful.upto):
            self.doubtful = None
            return
        hit("commit.begin")
        upto = self.upto + len(batch.readings) + 1
        self.doubtful = Doubtful(batch, upto)
        self.transact("commit", lambda: self._write(batch, upto))
        self.doubtful = None
        self.upto, self.seq = upto, self.seq + len(batch.readings)
        self.loose += 1
        self.ages.tick(batch.at)
        hit("commit.durable")

    def _holds(self, upto: int) -> bool:
        row = self.db.execute("SELECT 1 FROM journal WHERE upto = ?", (upto,)).fetchone()
        return row is not None

    def transact(self, doing: str, work: Callable[[], T]) -> T:
        """Run *work* as one durable transaction. After a StoreFailed nothing can be done with
        this writer: what is durable after a failed fsync shows only on opening anew."""
        if self.broken:
            raise StoreFailed(f"{doing}: not reopened since {self.broken}", self.broken.code)
        unsaved = dict(self._unsaved)
        try:
            with transaction(self.db):
                result = work()
                for name, pos in unsaved.items():
                    position.save_cursor(self.db, name, pos)
        except sqlite3.Error as error:
            self.broken = failed(error, doing)
            raise self.broken from error
        except BaseException:
            self.catalogue.forget()
            raise
        self.catalogue.settle()
        self._unsaved.clear()
        self.pages += PAGES
        return result

    def advance(self, name: str, cursor: int) -> None:
        """Remember how far a reader came; written with the next transaction, since a cursor
        that is a little old only makes a sink write the same points again."""
        self.cursors[name] = self._unsaved[name] = cursor

    def count_loose(self) -> None:
        """How many batches are not in chunks yet."""
        self.compacted = position.compacted(self.db)
        rows = self.db.execute("SELECT count(*) FROM journal WHERE upto > ?", (self.compacted,))
        self.loose: int = rows.fetchone()[0]

    def keep_cursors(self, names: Sequence[str]) -> None:
        """Only readers in *names* hold back the deletion of what they have not read yet."""
        for name in set(self.cursors) - set(names):
            del self.cursors[name]
            self._unsaved.pop(name, None)
        first = self.db.execute("SELECT min(upto - n - 1) FROM journal").fetchone()[0]
        for name in set(names) - set(self.cursors):
            self.advance(name, self.upto if first is None else first)
        marks = ",".join("?" * len(names))
        self.transact(
            "cursors",
            lambda: self.db.execute(
                f"DELETE FROM cursor WHERE name NOT IN ({marks})",  # noqa: S608 - only marks
                list(names),
            ),
        )

    def waiting(self) -> dict[str, int]:
        """By reader: how many readings lie before it in the journal."""
        return {name: self.seq - self._seq_at(pos) for name, pos in self.cursors.items()}

    def _seq_at(self, pos: int) -> int:
        row = self.db.execute(
            "SELECT seq, n, upto FROM journal WHERE upto > ? ORDER BY upto LIMIT 1", (pos,)
        ).fetchone()
        if row is None:
            return self.seq
        seq, n, upto = row
        return int(seq + max(0, pos - (upto - n - 1)))

    def totals(self) -> dict[str, int]:
        """See `Reads.totals`."""
        counted = {name: position.read_meta(self.db, name) for name in COUNTED}
        return {"committed": self.seq} | counted

    def settle(self) -> None:
        """After a failed fsync the kernel may show pages that are not on the disk. A checkpoint
        writes all of them again, into the database, and syncs."""
        busy, frames, done = self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy or frames != done:
            raise StoreFailed("reopen: a reader holds on to the write-ahead log; try again")

    def note(self, topic: str, why: str) -> None:
        """Tell a person, among the packets that nobody could read, what happened to the store."""
        told = Quarantined(self.ages.age, "store", topic, why, b"")
        self.transact("note", lambda: self._quarantine([told]))

    def close(self) -> None:
        if not self.broken:
            self.transact("close", lambda: position.write_meta(self.db, "running", 0))
        with suppress(sqlite3.Error):
            self.db.close()

    def _write(self, batch: Batch, upto: int) -> None:
        db = self.db
        n = len(batch.readings)
        blob = columns.pack(batch.readings, self.catalogue)
        self.pages += len(blob) // 4096
        times = [batch.at, *(r.at for r in batch.readings)]
        head = upto, self.seq, n, min(times), max(times)
        events = columns.pack_events(columns.Events(batch.scenes, batch.actions, batch.answers))
        db.execute(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*head, seal(*head, blob), blob, events),
        )
        if batch.incidents:
            write_incidents(db, batch.incidents)
        if batch.envelopes:
            write_envelopes(db, batch.envelopes, batch.at)
        if batch.quarantined:
            self._quarantine(batch.quarantined)
        if batch.shadowed:
            write_shadowed(db, batch.shadowed)
        if batch.shift is not None:
            shifts.note(db, batch.shift)
        if batch.snapshot is not None:
            write_snapshot(db, upto, batch.at, batch.snapshot)
        hit("commit.written")

    def _quarantine(self, packets: Sequence[Quarantined]) -> None:
        spec = self.spec
        clean = columns.clean
        rows = [
            (q.at, clean(q.source), clean(q.topic), clean(q.reason), q.payload[:PAYLOAD])
            for q in packets[-spec.quarantine_rows :]
        ]
        self.db.executemany(
            "INSERT INTO quarantine (at, source, topic, reason, payload) VALUES (?, ?, ?, ?, ?)",
            rows,
        )
        held, size = self._held
        held, size = held + len(rows), size + sum(len(row[4]) for row in rows)
        while held > spec.quarantine_rows or (size > spec.quarantine_limit and held > 1):
            number, length = self.db.execute(
                "SELECT id, length(payload) FROM quarantine ORDER BY id LIMIT 1"
            ).fetchone()
            self.db.execute("DELETE FROM quarantine WHERE id = ?", (number,))
            held, size = held - 1, size - length
        self._held = held, size


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise


def write_incidents(db: sqlite3.Connection, incidents: Sequence[Incident]) -> None:
    for incident in incidents:
        body = msgspec.msgpack.encode(incident)
        version = incident.id, incident.seq
        db.execute(
            "INSERT OR IGNORE INTO incident_version VALUES (?, ?, ?, ?)",
            (*version, seal(*version, body), body),
        )
        row = *version, incident.status, incident.opened_at
        db.execute(
            "INSERT INTO incident VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "seq = excluded.seq, status = excluded.status, opened_at = excluded.opened_at, "
            "crc = excluded.crc, body = excluded.body WHERE excluded.seq >= seq",
            (*row, seal(*row, body), body),
        )


def write_envelopes(db: sqlite3.Connection, envelopes: Sequence[Envelope], at: int) -> None:
    for envelope in envelopes:
        body = msgspec.msgpack.encode(envelope)
        row = envelope.sink, envelope.id
        db.execute(
            "INSERT OR IGNORE INTO outbox (sink, id, state, at, crc, body) "
            "VALUES (?, ?, 'waiting', ?, ?, ?)",
            (*row, at, seal(*row, body), body),
        )


def write_snapshot(db: sqlite3.Connection, upto: int, at: int, body: bytes) -> None:
    row = upto, at
    db.execute("INSERT INTO snapshot VALUES (?, ?, ?, ?)", (*row, seal(*row, body), body))
    db.execute(
        "DELETE FROM snapshot WHERE upto NOT IN "
        "(SELECT upto FROM snapshot ORDER BY upto DESC LIMIT ?)",
        (SNAPSHOTS,),
    )


def write_shadowed(db: sqlite3.Connection, signals: Sequence[Signal]) -> None:
    rows = [(signal.rule, signal.at, msgspec.msgpack.encode(signal)) for signal in signals]
    db.executemany(
        "INSERT INTO shadow (rule, at, body, crc) VALUES (?, ?, ?, ?)",
        [(*row, seal(*row)) for row in rows],
    )
    db.execute("DELETE FROM shadow WHERE id <= (SELECT max(id) FROM shadow) - ?", (SHADOWED,))
