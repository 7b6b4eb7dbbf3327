"""Min, mean and max per ten minutes, hour or day of a chunk: what a chart of months reads."""

import zlib
from typing import NamedTuple

import numpy as np

from gateway.model import Millis
from gateway.store.columns import Columns, Floats, Ints
from gateway.store.failures import Damaged

STEPS: tuple[Millis, ...] = (600_000, 3_600_000, 86_400_000)
DENSE = 8
"""Readings per span from which a summary is worth its bytes."""
ROW = np.dtype([("at", "<i8"), ("min", "<f8"), ("max", "<f8"), ("sum", "<f8"), ("count", "<u4")])


class Spans(NamedTuple):
    """Arrays of one length, a span of time each. `at`: where it begins, milliseconds."""

    at: Ints
    min: Floats
    max: Floats
    sum: Floats
    count: Ints  # type: ignore[assignment]  # a column, and not tuple.count


NONE = Spans(np.empty(0, np.int64), *(np.empty(0),) * 3, np.empty(0, np.int64))


def spans(columns: Columns, step: Millis) -> Spans:
    """*columns* by spans of *step* on the charts' time. Texts are left out."""
    return fold(of_readings(columns), step)


def of_readings(columns: Columns) -> Spans:
    """Every numeric reading as a span of its own."""
    good = ~np.isnan(columns.value)
    value = columns.value[good]
    return Spans(columns.when[good], value, value, value, np.ones(len(value), np.int64))


def fold(fine: Spans, step: Millis, start: Millis = 0) -> Spans:
    """Join spans that begin within the same *step*, counted from *start*."""
    if not len(fine.at):
        return fine
    fine = order(fine)
    bucket = (fine.at - start) // step
    first = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
    return Spans(
        start + bucket[first] * step,
        np.minimum.reduceat(fine.min, first),
        np.maximum.reduceat(fine.max, first),
        np.add.reduceat(fine.sum, first),
        np.add.reduceat(fine.count, first),
    )


def join(parts: list[Spans]) -> Spans:
    """One after the other."""
    return Spans(*(np.concatenate(column) for column in zip(NONE, *parts, strict=True)))


def order(found: Spans) -> Spans:
    """In order of time."""
    by_time = np.argsort(found.at, kind="stable")
    return select(found, by_time)


def select(found: Spans, chosen: Ints) -> Spans:
    """The spans at the indices *chosen*."""
    at, low, high, total, count = found
    return Spans(at[chosen], low[chosen], high[chosen], total[chosen], count[chosen])


def best_step(columns: Columns) -> Millis:
    """The finest step at which a summary is much smaller than the readings; 0 if there is none."""
    numbers = int((~np.isnan(columns.value)).sum())
    when = columns.when
    for step in STEPS:
        if numbers and numbers >= DENSE * len(np.unique(when // step)):
            return step
    return 0


def encode(summary: Spans) -> bytes:
    rows = np.empty(len(summary.at), ROW)
    for name, column in zip(Spans._fields, summary, strict=True):
        rows[name] = column
    return zlib.compress(rows.tobytes(), 1)


def decode(blob: bytes) -> Spans:
    """Raises Damaged."""
    try:
        rows = np.frombuffer(zlib.decompress(blob), ROW)
    except (zlib.error, ValueError) as error:
        raise Damaged(f"a summary: {error}") from error
    at, low, high, total, count = (rows[name] for name in Spans._fields)
    return Spans(at, low, high, total, count.astype(np.int64))
