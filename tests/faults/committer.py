"""A process that commits until it is killed, and tells its parent what was acknowledged.

    python -m tests.faults.committer DATABASE [--early] [--fail-at N] [--forget]

On stdout, a line each, written only after the store's call has returned:

    ready            the store is open and the tail has been read
    acked SEQ ID     all readings before SEQ are acknowledged, and incident ID
    sent ID          the sink has taken this envelope (before the store is told so)
    done ID          the store has said that it will not hand it out again
    failed           the disk did not do as told
"""

import argparse
import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from gateway.model import Batch, Duration, Reading
from gateway.store import Store, StoreFailed, StoreSpec, chores, compaction, retention, shelf
from tests.gateway.store.facts import NOON, envelope, incident, scene

T = TypeVar("T")


def reading(seq: int) -> Reading:
    """The seq-th reading ever: all of it follows from its number, so that nothing false can
    pass for it."""
    text = seq % 13 == 0
    return Reading(
        device=f"d{seq % 7}",
        quantity="text" if text else "number",
        value=f"#{seq}" if text else seq * 0.25,
        at=NOON + seq,
        measured_at=None if seq % 3 else NOON - seq,
        quality=seq % 5,
    )


def say(*words: object) -> None:
    """One write, so that a kill cannot leave half a line."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def hurry() -> None:
    """Let all that happens now and then in a year happen every few commits."""
    chores.COMMITS, chores.PAGES = 6, 40
    compaction.BATCHES, compaction.ROWS, compaction.PARTIAL = 8, 3, 3
    shelf.FULL = 64
    retention.PERIOD = 20


async def insist(store: Store, work: Callable[[], Awaitable[T]]) -> T:
    """As the pump does: again, until the disk does as told."""
    healthy = True
    while True:
        try:
            if not healthy:
                await store.reopen()
            return await work()
        except StoreFailed:
            healthy = False
            say("failed")


async def deliver(store: Store) -> None:
    for waiting in await insist(store, lambda: store.outbox.next("city", 3)):
        say("sent", waiting.id)
        await insist(store, partial(store.outbox.done, "city", [waiting.id]))
        say("done", waiting.id)


async def work(store: Store, args: argparse.Namespace) -> None:
    chance = random.Random(args.seed)
    await insist(store, lambda: store.journal.keep(["influx"]))
    for number in range(args.stop_after):
        seq = (await store.totals())["committed"]
        size = chance.choice((0, 1, 1, 2, 30))
        found = incident(f"i-{seq}-{number}-{args.seed}")
        batch = Batch(
            at=NOON + seq + size,
            readings=tuple(map(reading, range(seq, seq + size))),
            scenes=(scene(seq),),
            incidents=(found,),
            envelopes=(envelope(found),),
            snapshot=b"%d" % (seq + size) if number % 4 == 0 else None,
        )
        if args.early:
            say("acked", seq + size, found.id)
        if args.fail_at == number:
            store._access.writer.broken = StoreFailed("as if the disk had failed")
        await insist(store, partial(store.commit, batch))
        say("acked", seq + size, found.id)
        await deliver(store)
        read = partial(store.journal.read, await store.journal.cursor("influx"), 40)
        _, cursor = await insist(store, read)
        await store.journal.advance("influx", cursor)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("database", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stop-after", type=int, default=10**9, help="so many commits")
    parser.add_argument("--early", action="store_true", help="acknowledge before the commit")
    parser.add_argument("--fail-at", type=int, help="the commit before which the disk fails")
    parser.add_argument("--synchronous", default="FULL", help="what a control relaxes")
    parser.add_argument("--forget", action="store_true", help="keep readings for a moment only")
    args = parser.parse_args()
    hurry()
    keep = Duration(50) if args.forget else Duration.parse("90d")
    store = Store.open(args.database, StoreSpec(keep=keep))
    store._access.writer.db.execute(f"PRAGMA synchronous = {args.synchronous}")
    for _ in store.recall().tail:
        pass
    say("ready")
    try:
        await work(store, args)
    finally:
        store.close()


if __name__ == "__main__":
    asyncio.run(main())
