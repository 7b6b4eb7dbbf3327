"""Stands outside, sees only what was acknowledged, and holds the store to it."""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from gateway.model import Batch, Reading
from gateway.store import Store, StoreSpec
from gateway.store.history import History
from tests.faults.committer import reading
from tests.gateway.store.facts import NOON

ROOT = Path(__file__).parents[2]


class Broken(AssertionError):
    """A promise was not kept."""


class Oracle:
    """Starts committers on one database, kills them, and remembers every acknowledgement."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.acked = 0
        self.incidents: set[str] = set()
        self.sent: Counter[str] = Counter()
        self.done: set[str] = set()
        self.kills = self.failures = 0

    def run(
        self,
        *options: str,
        failpoint: str = "",
        seconds: float = 10.0,
        prefix: Sequence[str] = (),
    ) -> int:
        """One life of a committer; returns how it ended (-9: died at a failpoint), or 0 when it
        had to be killed after *seconds*."""
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "tests.faults.committer", str(self.database), *options],
            cwd=ROOT,
            env=os.environ | {"LINLI_FAILPOINT": failpoint},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        in_time = True
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            in_time = False
            process.kill()
            output, errors = process.communicate()
        self.kills += process.returncode == -9
        if errors:
            raise Broken(errors.decode())
        self.hear(output.decode().splitlines())
        return process.returncode if in_time else 0

    def run_for_a_while(self, chance: random.Random, *options: str) -> None:
        """Killed at a random moment: while starting, between commits, within one."""
        self.run("--seed", str(chance.randrange(10**9)), *options, seconds=chance.uniform(0.3, 1.3))

    def hear(self, lines: Sequence[str]) -> None:
        """Remember what a committer said."""
        for line in lines:
            match line.split():
                case ["acked", seq, id]:
                    self.acked = max(self.acked, int(seq))
                    self.incidents.add(id)
                case ["sent", id]:
                    if id in self.done:
                        raise Broken(f"{id} was handed out again after it was done")
                    self.sent[id] += 1
                case ["failed"]:
                    self.failures += 1
                case ["done", id]:
                    self.done.add(id)

    async def judge(self) -> dict[str, int]:
        """Raises Broken unless every promise was kept."""
        store = Store.open(self.database, StoreSpec())
        try:
            durable = (await store.totals())["committed"]
            if durable < self.acked:
                raise Broken(f"{self.acked - durable} acknowledged readings are gone")
            await self._judge_envelopes(store)
            totals = await store.totals()
            if totals["damaged"]:
                raise Broken("something was damaged")
            if (found := await store.balance()).unexplained:
                raise Broken(f"the ledger does not balance: {found}")
            _same(past(self.database), durable, totals["expired"])
            fresh = reading(durable)
            await store.commit(Batch(at=fresh.at, readings=(fresh,)))
            if past(self.database)[-1].at != fresh.at:
                raise Broken("a fresh reading did not pass")
        finally:
            store.close()
        return {
            "kills": self.kills,
            "acked": self.acked,
            "durable": durable,
            "incidents": len(self.incidents),
            "sent twice": sum(n > 1 for n in self.sent.values()),
        }

    async def _judge_envelopes(self, store: Store) -> None:
        waiting = {envelope.incident.id for envelope in await store.outbox.next("city", 10**6)}
        arrived = {id.rpartition("-")[0] for id in self.sent}
        for id in self.incidents:
            if not await store.incident(id):
                raise Broken(f"acknowledged incident {id} is gone")
            if id not in waiting | arrived:
                raise Broken(f"acknowledged incident {id} is in no queue and did not arrive")


def past(database: Path) -> list[Reading]:
    """Every reading that the history shows, in order."""
    found = []
    for c in History(database).scan(0, 2**60):
        for i in range(len(c.at)):
            value = c.texts.get(i, float(c.value[i]))
            seq = int(c.at[i])
            found.append(Reading(c.device, c.quantity, value, seq, None, int(c.quality[i]), c.unit))
    return sorted(found, key=lambda r: r.at)


def _same(found: list[Reading], durable: int, expired: int) -> None:
    """Nothing missing, nothing twice, nothing invented."""
    if len(found) + expired != durable:
        raise Broken(f"{durable} readings are durable, {expired} expired, {len(found)} found")
    if len({r.at for r in found}) != len(found):
        raise Broken("a reading was found twice")
    for have in found:
        want = reading(have.at - NOON)
        plain = Reading(want.device, want.quantity, want.value, want.at, None, want.quality)
        if plain != have:
            raise Broken(f"stored {plain}, found {have}")
