"""Moves what was written before the box knew the time to where it belongs.

A `Shift` becomes durable together with the batch that tells of it. Its rows are then moved in
slices; each slice is one transaction with how far it came, so that a kill costs nothing and
nothing is moved twice. Readings carry the mark themselves; scenes go by their time.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import msgspec
import numpy as np

from gateway.failpoints import hit
from gateway.model import Millis, Quality, Shift
from gateway.store import chunk, columns, shelf, shifts
from gateway.store.columns import Columns, Events
from gateway.store.damage import Damage
from gateway.store.failures import Damaged
from gateway.store.journal import open_row
from gateway.store.schema import seal
from gateway.store.writer import Writer

ROWS = 64
"""Rows moved between two chances for a commit."""
MARK, MOVED = int(Quality.UNSYNCED), int(Quality.RESTAMPED)


def run(writer: Writer, damage: Damage) -> Iterator[None]:
    """Every shift that is due. Between two `next` the writer may commit."""
    while due := shifts.first(writer.db):
        for column, move in enumerate((_journal, _events, _chunks)):
            yield from _all(writer, due, column, partial(move, writer, damage, due.shift))
        writer.transact("restamp", partial(shifts.forget, writer.db, due.shift))
        yield


Step = Callable[[int], int | None]
"""Moves some rows behind a key; returns the last one's key, None when there were none."""


def _all(writer: Writer, due: shifts.Due, column: int, step: Step) -> Iterator[None]:
    def slice_() -> bool:
        last = step(due.done[column])
        if last is not None:
            due.done[column] = last
            shifts.save(writer.db, due)
            hit("restamp.slice")
        return last is not None

    while writer.transact("restamp", slice_):
        yield


def _journal(writer: Writer, damage: Damage, shift: Shift, done: int) -> int | None:
    rows = writer.db.execute(
        "SELECT upto, seq, n, t0, t1, crc, readings, events FROM journal "
        "WHERE upto > ? AND t1 >= ? AND t0 < ? ORDER BY upto LIMIT ?",
        (done, shift.start, shift.end, ROWS),
    ).fetchall()
    for *row, extra in rows:
        try:
            series, part = open_row(row)
            events = columns.unpack_events(extra)
        except Damaged as error:
            damage.found("journal", row[0], str(error))
            continue
        blob = columns.packed(series, _moved(part, shift))
        head = (*row[:3], _there(row[3], shift), _there(row[4], shift))
        writer.db.execute(
            "UPDATE journal SET t0 = ?, t1 = ?, crc = ?, readings = ?, events = ? WHERE upto = ?",
            (
                *head[3:],
                seal(*head, blob),
                blob,
                columns.pack_events(_later(events, shift)),
                row[0],
            ),
        )
    return rows[-1][0] if rows else None


def _chunks(writer: Writer, damage: Damage, shift: Shift, done: int) -> int | None:
    rows = writer.db.execute(
        "SELECT id, series, upto FROM chunk WHERE at1 >= ? AND body IS NOT NULL "
        "AND at0 < ? AND id > ? ORDER BY id LIMIT ?",
        (shift.start, shift.end, done, ROWS),
    ).fetchall()
    for number, series, upto in rows:
        part = shelf.load(writer.db, number, damage)
        if part is None or part.quality is None or not (part.quality & MARK).any():
            continue
        body = writer.db.execute("SELECT body FROM chunk WHERE id = ?", (number,)).fetchone()[0]
        row = shelf.row(series, upto, chunk.key_of(body), _moved(part, shift))
        writer.db.execute(
            "UPDATE chunk SET n = ?, at0 = ?, at1 = ?, t0 = ?, t1 = ?, crc = ?, step = ?, "
            "summary_crc = ?, summary = ?, body = ? WHERE id = ?",
            (*row[2:], number),
        )
    return rows[-1][0] if rows else None


def _events(writer: Writer, damage: Damage, shift: Shift, done: int) -> int | None:
    rows = writer.db.execute(
        "SELECT upto, at0, at1, n, crc, body FROM events "
        "WHERE upto > ? AND at1 >= ? AND at0 < ? ORDER BY upto LIMIT ?",
        (done, shift.start, shift.end, ROWS),
    ).fetchall()
    for *head, crc, body in rows:
        if seal(*head, body) != crc:
            damage.found("events", head[0], f"row {head[0]} of events: wrong checksum")
            continue
        found = msgspec.msgpack.decode(zlib.decompress(body), type=Events)
        moved = zlib.compress(msgspec.msgpack.encode(_later(found, shift)), chunk.LEVEL)
        new = head[0], _there(head[1], shift), _there(head[2], shift), head[3]
        writer.db.execute(
            "UPDATE events SET at0 = ?, at1 = ?, crc = ?, body = ? WHERE upto = ?",
            (*new[1:3], seal(*new, moved), moved, head[0]),
        )
    return rows[-1][0] if rows else None


def _moved(part: Columns, shift: Shift) -> Columns:
    """The marked readings at their right time, with the mark that says so."""
    if part.quality is None:
        return part
    own = (part.quality & MARK != 0) & (part.at >= shift.start) & (part.at < shift.end)
    quality = np.where(own, part.quality & ~np.uint16(MARK) | MOVED, part.quality)
    return part._replace(at=part.at + own * shift.by, quality=quality.astype(np.uint16))


def _there(at: Millis, shift: Shift) -> Millis:
    return at + shift.by if shift.start <= at < shift.end else at


def _later(events: Events, shift: Shift) -> Events:
    return Events(_at(events.scenes, shift), _at(events.actions, shift), _at(events.answers, shift))


def _at(things: Sequence[Any], shift: Shift) -> tuple[Any, ...]:
    return tuple(msgspec.structs.replace(one, at=_there(one.at, shift)) for one in things)
