"""Turns the journal's batches into chunks per series, in slices that hold up no commit.

A run takes the oldest batches that are not in chunks yet. The new chunks, and how far they reach,
become durable in one transaction; from then on the past is read from them. The batches themselves
stay until every reader has passed them and a restart needs them no more, and are then deleted
little by little.
"""

import sqlite3
import zlib
from collections.abc import Generator, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import msgspec
import numpy as np

from gateway.failpoints import hit
from gateway.store import chunk, columns, shelf
from gateway.store.columns import Columns, Events, Key, Numbers
from gateway.store.damage import Damage
from gateway.store.failures import Damaged
from gateway.store.journal import open_row
from gateway.store.position import compacted, read_meta, write_meta
from gateway.store.schema import seal
from gateway.store.writer import SNAPSHOTS, Writer

READINGS, BATCHES = 65_536, 8192
"""A run takes about so many readings, or batches. Fewer would write more flash per reading: each
run touches a page or two per series. More would make charts wait for what is not in chunks."""
NAMELESS: Key = ("", "", "")
"""A series whose name was damaged; it is found again when the device reports again."""
PARTIAL = 16
"""Smaller chunks of a series are joined when there are so many."""
ROWS, PIECES = 64, 4
"""Batches read, series encoded, between two chances for a commit."""


class Run(NamedTuple):
    """The batches of one run, as columns in order."""

    upto: int
    seq: int
    at: tuple[int, int]
    series: Numbers
    columns: Columns
    events: Events


def boundary(writer: Writer) -> int:
    """Batches up to here are needed as batches by nobody."""
    done = compacted(writer.db)
    return min([done, restart_point(writer.db), *writer.cursors.values()])


def restart_point(db: sqlite3.Connection) -> int:
    """A restart needs what lies behind, even if the newest snapshot should be damaged."""
    rows = db.execute("SELECT upto FROM snapshot ORDER BY upto DESC").fetchall()
    return int(rows[-1][0]) if len(rows) >= SNAPSHOTS else 0


def due(writer: Writer) -> bool:
    """Whether a run is worth its transaction."""
    return writer.loose >= BATCHES or writer.upto - writer.compacted >= READINGS


def run(writer: Writer, damage: Damage) -> Iterator[None]:
    """One run. Between two `next` the writer may commit."""
    found = yield from _gather(writer, damage)
    if found is None:
        return
    names = {number: key for key, number in writer.catalogue.items()}
    rows: list[shelf.Row] = []
    replaced: list[int] = []
    for number, (series, part) in enumerate(_split(found)):
        if number % PIECES == 0:
            yield
        part, ids = _join(writer.db, series, part, damage)
        replaced += ids
        key = names.get(series, NAMELESS)
        rows += [shelf.row(series, found.upto, key, piece) for piece in _cut(part)]
    yield
    writer.transact("compaction", lambda: _save(writer.db, found, rows, replaced))
    writer.count_loose()
    hit("compact.durable")


def sweep(writer: Writer) -> Iterator[None]:
    """Delete the batches that nobody needs."""
    done = boundary(writer)
    while True:
        last = writer.db.execute(
            "SELECT max(upto) FROM "
            "(SELECT upto FROM journal WHERE upto <= ? ORDER BY upto LIMIT ?)",
            (done, ROWS),
        ).fetchone()[0]
        if last is None:
            return
        delete = partial(writer.db.execute, "DELETE FROM journal WHERE upto <= ?", (last,))
        writer.transact("sweep", delete)
        yield


def _gather(writer: Writer, damage: Damage) -> Generator[None, None, Run | None]:
    upto = writer.compacted
    parts: list[tuple[Numbers, Columns]] = []
    events: list[Events] = []
    at: list[int] = []
    seq = n = 0
    while n < READINGS and len(at) < 2 * BATCHES:
        rows = writer.db.execute(
            "SELECT upto, seq, n, t0, t1, crc, readings, events FROM journal "
            "WHERE upto > ? ORDER BY upto LIMIT ?",
            (upto, ROWS),
        ).fetchall()
        if not rows:
            break
        for *head, extra in rows:
            upto = head[0]
            try:
                part, found = open_row(head), columns.unpack_events(extra)
            except Damaged as error:
                damage.found("journal", upto, str(error))
                continue
            parts.append(part)
            events.append(found)
            n += len(part[0])
            seq = head[1] + head[2]
            at += head[3:5]
        yield
    if upto == writer.compacted:
        return None
    series = np.concatenate([part[0] for part in parts] or [np.empty(0, np.uint32)])
    joined = columns.join([part[1] for part in parts])
    return Run(upto, seq, (min(at, default=0), max(at, default=0)), series, joined, _merged(events))


def _merged(parts: Sequence[Events]) -> Events:
    return Events(
        tuple(scene for one in parts for scene in one.scenes),
        tuple(action for one in parts for action in one.actions),
        tuple(answer for one in parts for answer in one.answers),
    )


def _split(found: Run) -> Iterator[tuple[int, Columns]]:
    """The readings of each series, in order."""
    order = np.argsort(found.series, kind="stable")
    numbers = found.series[order]
    first = np.flatnonzero(np.diff(numbers.astype(np.int64), prepend=-1))
    for chosen in np.split(order, first[1:]) if len(order) else ():
        yield int(found.series[chosen[0]]), columns.select(found.columns, chosen)


def _join(
    db: sqlite3.Connection, series: int, new: Columns, damage: Damage
) -> tuple[Columns, list[int]]:
    """*new*, with the small chunks before it if it is time to join these; and their ids."""
    small = []
    rows = db.execute(
        "SELECT id, n FROM chunk WHERE series = ? ORDER BY at0 DESC LIMIT ?", (series, PARTIAL)
    )
    for number, n in rows:
        if n >= shelf.FULL:
            break
        small.append((number, n))
    if len(small) + 1 < PARTIAL and sum(n for _, n in small) + len(new.at) < shelf.FULL:
        return new, []
    parts, ids = [], []
    for number, _ in reversed(small):
        part = shelf.load(db, number, damage)
        if part is not None:
            parts.append(part)
            ids.append(number)
    return columns.join([*parts, new]), ids


def _cut(part: Columns) -> Iterator[Columns]:
    """Into full chunks and a rest, each in order of `at`."""
    if (np.diff(part.at) < 0).any():  # the clock was set back over a restart
        part = columns.select(part, np.argsort(part.at, kind="stable"))
    if len(part.at) <= shelf.FULL:
        yield part
        return
    for start in range(0, len(part.at), shelf.FULL):
        yield columns.select(part, np.arange(start, min(start + shelf.FULL, len(part.at))))


def _save(db: sqlite3.Connection, found: Run, rows: list[shelf.Row], replaced: list[int]) -> None:
    db.executemany("DELETE FROM chunk WHERE id = ?", [(number,) for number in replaced])
    shelf.put(db, rows)
    n = len(found.events)
    if n:
        body = zlib.compress(msgspec.msgpack.encode(found.events), chunk.LEVEL)
        head = found.upto, *found.at, n
        db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", (*head, seal(*head, body), body))
    write_meta(db, "compacted", found.upto)
    write_meta(db, "upto", found.upto)
    write_meta(db, "seq", max(found.seq, read_meta(db, "seq")))
    hit("compact.chunks")
