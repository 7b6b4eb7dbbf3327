"""The long fault runs, with their figures.

    python -m tests.faults                      all of them, half an hour
    python -m tests.faults kills --n 1000
    python -m tests.faults cuts --n 15000
    python -m tests.faults rot --n 500          of each kind of damage
    python -m tests.faults others --n 200       kills of the platform and of InfluxDB
    python -m tests.faults week --n 3000000     readings of a week without uplink
    python -m tests.faults pending --n 200      whole gateways, ten minutes

Every run has a control, in which a protection is off and the same judge must object.
"""

import argparse
import asyncio
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from gateway.store import Store, StoreSpec
from tests.faults import pending, rot, world
from tests.faults.oracle import Broken, Oracle
from tests.faults.powercut import Recording, cut

DEFAULTS = {
    "kills": 200,
    "cuts": 2000,
    "rot": 100,
    "pending": 200,
    "others": 200,
    "week": 3_024_000,
}


def tell(what: str, **figures: object) -> None:
    print(f"{what:32}", *(f"{name.replace('_', ' ')} {value}" for name, value in figures.items()),
          sep="  ", flush=True)  # fmt: skip


async def kills(folder: Path, n: int, chance: random.Random) -> bool:
    """One database, killed *n* times at random moments; judged after every twentieth."""
    oracle = Oracle(folder / "linli.db")
    for number in range(n):
        oracle.run_for_a_while(chance)
        if number % 20 == 19:
            await oracle.judge()
    found = await oracle.judge()
    sent_twice = found.pop("sent twice")
    tell("kills at random moments", **found, lost=0, invented=0, envelopes_sent_again=sent_twice)
    control = Oracle(folder / "control.db")
    control.run("--early", failpoint="commit.written:50")
    return await objects(control, "control: early acknowledgement")


async def objects(oracle: Oracle, what: str) -> bool:
    try:
        await oracle.judge()
    except Broken as broken:
        tell(what, noticed=broken)
        return True
    tell(what, noticed="NOTHING")
    return False


async def cuts(folder: Path, n: int, chance: random.Random) -> bool:
    """*n* states of the disk after a power cut, out of recordings of some hundred commits."""
    passed = acked = 0
    for part in range(-(-n // 500)):
        source = folder / f"recording-{part}"
        source.mkdir()
        recording = Recording(source, "--stop-after", "120", "--seed", str(part))
        for _ in range(min(500, n - passed)):
            acked += (await one_cut(recording, folder, chance)).acked
            passed += 1
    tell("power cuts", states=passed, acked_in_all=acked, lost=0, not_opened=0)
    source = folder / "control"
    source.mkdir()
    lost, relaxed = 0, Recording(source, "--stop-after", "120", "--synchronous", "NORMAL")
    for _ in range(n // 20):
        try:
            await one_cut(relaxed, folder, chance)
        except Broken:
            lost += 1
    tell("control: synchronous = NORMAL", states=n // 20, states_that_lost=lost)
    return lost > 0


async def one_cut(recording: Recording, folder: Path, chance: random.Random) -> Oracle:
    state = folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir()
    return await cut(recording, recording.any_point(chance), state, chance)


async def rots(folder: Path, n: int, chance: random.Random) -> bool:
    """Each kind of damage *n* times, to a file left by a kill and to one closed in order."""
    source = folder / "sample"
    source.mkdir()
    database, readings = rot.grown(source)
    for closed in (False, True):
        if closed:
            Store.open(database, StoreSpec()).close()
        for damage in rot.DAMAGES:
            lost, aside = [], 0
            for _ in range(n):
                copy = rot.copy(database, folder / "copy")
                damage(copy, chance)
                outcome = await rot.look(copy, readings)
                lost.append(100 * outcome.lost / readings)
                aside += outcome.set_aside
                shutil.rmtree(folder / "copy")
            state = "closed" if closed else "killed"
            mean, most = f"{statistics.mean(lost):.1f} %", f"{max(lost):.1f} %"
            figures = {"n": n, "set_aside": aside, "served_false": 0, "not_opened": 0}
            tell(f"{damage.__name__}, {state}", **figures, lost_mean=mean, lost_most=most)
    return True


async def pendings(folder: Path, n: int, chance: random.Random) -> bool:
    """A whole gateway, killed *n* times while conditions wait for their `for`."""
    box = pending.killed(folder / "site", n, chance)
    readings = await asyncio.to_thread(pending.journal, box)
    wanted = pending.expected(readings)
    found = await asyncio.to_thread(pending.told, box, wanted)
    tell("kills in the middle of `for`", kills=n, readings=len(readings), openings=len(wanted),
         at_their_instant=len(wanted & found), missing=len(wanted - found),
         invented=len(found - wanted))  # fmt: skip
    for path in (box.root / "data").glob("linli.db*"):
        path.unlink()
    box.start()
    lost = wanted - {pending.Opening(i.key, i.since, i.opened_at) for i in box.incidents()}
    box.stop()
    tell("control: without its memory", missing=len(lost))
    return found == wanted and lost == wanted


async def others(folder: Path, n: int, chance: random.Random) -> bool:
    """The platform and InfluxDB are killed *n* times each, mid-load."""
    tell("kills of platform, InfluxDB", **await world.kills(folder / "a", n, chance), lost=0)
    try:
        await world.kills(folder / "b", 10, chance, "--early")
    except Broken as broken:
        tell("control: it answers, then writes", noticed=broken)
        return True
    tell("control: it answers, then writes", noticed="NOTHING")
    return False


async def week(folder: Path, n: int, chance: random.Random) -> bool:
    """Seven days without uplink, with room for all of it, and with a cap."""
    tell("a week without uplink", **await world.week(folder / "a", n), lost=0)
    cap = f"{n * 12 // 10**6 + 1}MB"
    found = await world.week(folder / "b", n, limit=cap)
    tell(f"the same, at most {cap}", **found, reports_lost=0)
    return found["unread"] > 0


async def run(args: argparse.Namespace) -> int:
    runs = {
        "kills": kills,
        "cuts": cuts,
        "rot": rots,
        "pending": pendings,
        "others": others,
        "week": week,
    }
    good = Counter[bool]()
    for name in [args.what] if args.what else runs:
        folder = Path(tempfile.mkdtemp(prefix=f"linli-{name}-"))
        begin = time.monotonic()
        try:
            good[await runs[name](folder, args.n or DEFAULTS[name], random.Random(args.seed))] += 1
        finally:
            shutil.rmtree(folder)
        tell(name, took=f"{time.monotonic() - begin:.0f} s")
    return 0 if not good[False] else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="?", choices=DEFAULTS)
    parser.add_argument("--n", type=int, help=f"how many; else {DEFAULTS}")
    parser.add_argument("--seed", type=int, help="to repeat a run's choices")
    return asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
