"""A process that does not know the time, learns it, and is killed while it puts the past right.

    python -m tests.faults.unset DATABASE [--forget]

`--forget` is the control: how far it came is not kept.
"""

import argparse
import asyncio
import sqlite3
from pathlib import Path

from gateway.model import Batch, Quality, Reading, Scene, Shift
from gateway.store import Store, StoreSpec, restamp, shifts
from tests.faults.committer import hurry

START, EVERY, BATCHES = 1_000_000, 1000, 40
BY = BATCHES * EVERY // 2
"""Less than the span itself: what is moved twice lies within it."""
SHIFT = Shift(START, START + BATCHES * EVERY, BY)


def batch(n: int) -> Batch:
    at = START + n * EVERY
    wrong = Reading("d", "q", float(n), at, quality=int(Quality.UNSYNCED))
    shift = SHIFT if n == BATCHES - 1 else None
    return Batch(at=at, readings=(wrong,), scenes=(Scene("cam", (), at),), shift=shift)


def forgetful(db: sqlite3.Connection, due: shifts.Due) -> None:
    """Keeps that there is something to do, but not how far it came."""
    if not any(due.done):
        KEPT(db, due)


KEPT = shifts.save


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("database", type=Path)
    parser.add_argument("--forget", action="store_true")
    args = parser.parse_args()
    hurry()
    restamp.ROWS = 8
    if args.forget:
        shifts.save = forgetful
    store = Store.open(args.database, StoreSpec())
    try:
        for n in range((await store.totals())["committed"], BATCHES):
            await store.commit(batch(n))
        for _ in range(20):
            await store.commit(Batch(at=SHIFT.end + BY))
            while store._chores._round is not None:
                await store.totals()
    finally:
        store.close()


if __name__ == "__main__":
    asyncio.run(main())
