"""What rules cost: live judging by kind, snapshots, backtests. CPU time of one core unless said.

python -m benchmarks.rules [--readings N] [--repeat N]
"""

import argparse
import asyncio
import os
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import yaml
from msgspec.structs import replace

from config.schema import RULES
from config.suites import suites
from gateway import backtests
from gateway.backtests import Question
from gateway.model import Batch, Duration, Place, Reading, Subject
from gateway.store import Store, StoreSpec
from rules import backtest
from rules.engine import Engine
from rules.kinds.silence import Silence
from rules.kinds.threshold import Threshold
from rules.past import Track
from rules.rule import Rule
from rules.selector import Names, Select
from rules.variants import variants

T0 = 1_767_225_600_000
DEVICES = 100
UTC = ZoneInfo("UTC")
CASES = Path(__file__).parents[1] / "tests" / "rules" / "cases"
SUBJECTS = {
    f"d{n}": Subject(f"d{n}", "", Place(address=f"house {n // 10}"), period=Duration.parse("10m"))
    for n in range(DEVICES)
}
PAST = """
- {id: threshold, kind: threshold, incident: x, select: {quantity: t}, above: 85, clear_below: 80,
   for: 10m}
- {id: range, kind: range, incident: x, select: {quantity: t}, min: 0, max: 85, margin: 2}
- {id: state, kind: state, incident: x, select: {quantity: t}, equals: 90}
- {id: silence, kind: silence, incident: x, after: 10m}
- {id: stuck, kind: stuck, incident: x, select: {quantity: t}, after: 20m, tolerance: 0.5}
- {id: rate, kind: rate, incident: x, select: {quantity: t}, rise: 25, within: 5m}
- {id: counter, kind: counter, incident: x, select: {quantity: t}, above: 150, within: 1h}
- {id: mean, kind: window, incident: x, select: {quantity: t}, of: mean, over: 15m, above: 85}
- {id: percentile, kind: window, incident: x, select: {quantity: t}, of: percentile, over: 1h,
   above: 85}
- {id: sum, kind: window, incident: x, select: {quantity: t}, of: sum, over: 10m, above: 900}
- {id: baseline, kind: baseline, incident: x, select: {quantity: t}, deviations: 6, pattern: day}
- {id: when, kind: when, incident: x, when: t > 85.0 && t < 1000.0, for: 10m}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readings", type=int, default=100_000, help="per live measurement")
    parser.add_argument("--past", type=int, default=10_000_000, help="readings of the backtest")
    parser.add_argument("--stored", type=int, default=1_000_000, help="readings in a real store")
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    print("live, one core                             readings/s   judgements/s")
    for name, rules, quantity in _live():
        rates = [_judge(rules, quantity, args.readings) for _ in range(args.repeat)]
        rate = median(rates)
        concerned = sum(any(quantity in p.select.quantity or not p.select.quantity
                            for p in r.parts() if p.readings) for r in rules)  # fmt: skip
        print(f"  {name:38} {rate:12,.0f} {rate * concerned:14,.0f}")
    _memory(args.repeat)
    _past(args.past, args.repeat)
    asyncio.run(_stored(args.stored))


def _live() -> list[tuple[str, Sequence[Rule], str]]:
    one = _threshold("one", 1000)
    found: list[tuple[str, Sequence[Rule], str]] = [
        ("threshold, calm", [one], "t"),
        ("20 thresholds of a quantity, calm", [_threshold(f"r{n}", 1000) for n in range(20)], "t"),
        (
            "1 threshold, and 1000 rules on others",
            [one, *(_threshold(f"r{n}", 1, f"q{n}") for n in range(1000))],
            "t",
        ),
    ]
    for suite in suites(CASES):
        rule = suite.rules[0]
        parts = [part for part in rule.parts() if part.readings]
        if Path(suite.file).stem != "around" and parts:
            quantity = parts[0].select.quantity[0] if parts[0].select.quantity else "t"
            rule = replace(rule, schedule=None)
            found.append((f"{type(rule).__name__.lower()}, busy", [rule], quantity))
    return found


def _threshold(id: str, above: float, quantity: str = "t") -> Threshold:
    return Threshold(id=id, incident="x", select=Select(quantity=Names([quantity])), above=above)


def _judge(rules: Sequence[Rule], quantity: str, count: int) -> float:
    """Readings per second of CPU time; each device each 10 s, values that change."""
    engine = Engine(rules, SUBJECTS)
    values = np.random.default_rng(1).normal(50, 30, count).round(1).tolist()
    seen = [
        Reading(f"d{n % DEVICES}", quantity, value, T0 + n * 10_000 // DEVICES)
        for n, value in enumerate(values)
    ]
    begun = time.process_time()
    for reading in seen:
        engine.observe(reading)
    return count / (time.process_time() - begun)


def _memory(repeat: int) -> None:
    rules = [_threshold("hot", 40), replace(_threshold("warm", 60), wait=Duration.parse("1h")),
             Silence(id="lost", incident="x")]  # fmt: skip
    subjects = {f"s{n}": Subject(f"s{n}", period=Duration.parse("5m")) for n in range(3334)}
    tracemalloc.start()
    engine = Engine(rules, subjects)
    for n, device in enumerate(subjects):
        engine.observe(Reading(device, "t", float(n % 100), T0 + n))
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    cells = 3 * len(subjects)
    writing = median(_timed(engine.snapshot) for _ in range(repeat))
    blob = engine.snapshot()
    reading = median(_timed(lambda: Engine(rules, subjects).restore(blob)) for _ in range(repeat))
    print(f"snapshot of {cells:,} cells: {1e3 * writing:.1f} ms, {len(blob):,} bytes; "
          f"restore {1e3 * reading:.1f} ms; memory {taken / cells:.0f} bytes per cell")  # fmt: skip


def _past(count: int, repeat: int) -> None:
    """In memory: what judging costs."""
    each = count // DEVICES
    rng = np.random.default_rng(2)
    at = T0 + np.arange(each, dtype=np.int64) * 60_000
    day = 50 + 20 * np.sin(np.arange(each) * (2 * np.pi / 1440))
    tracks = [_track(f"d{n}", at, day, rng) for n in range(DEVICES)]
    end, rules = int(at[-1]), [_rule(entry) for entry in yaml.safe_load(PAST)]
    print(f"backtest of {count:,} readings of {DEVICES} devices, one core")
    one = _timed(lambda: _sweep(rules[:1], tracks, end))
    thirty = [v.rule for v in variants(rules[0], ["above=81:95:1", "for=10m,20m"])]
    many = _timed(lambda: _sweep(thirty, tracks, end))
    print(f"  {len(thirty)} variants of threshold {many:6.2f} s, {many / one:.1f} times one")
    for rule in rules:
        few = tracks if rule.id in ("threshold", "silence") else tracks[: max(1, DEVICES // 20)]
        spent = median(_timed(lambda: _sweep([rule], few, end)) for _ in range(repeat))  # noqa: B023 - called at once
        found = sum(len(_run(rule, track, end)) for track in few)
        part = "" if len(few) == len(tracks) else ", reckoned from a twentieth"
        whole = spent * len(tracks) / len(few)
        print(f"  {rule.id:20} {whole:6.2f} s, {found * len(tracks) // len(few)} incidents{part}")


def _track(
    device: str, at: np.ndarray[Any, Any], day: np.ndarray[Any, Any], rng: np.random.Generator
) -> Track:
    """A day's course, another level each hour, and the noise of a sensor."""
    hours = np.repeat(rng.normal(0, 8, len(at) // 60 + 1), 60)[: len(at)]
    return Track(device, "t", "u", at, np.round(day + hours + rng.normal(0, 1, len(at)), 1), {})


def _rule(entry: dict[str, Any]) -> Rule:
    kind = next(k for k in RULES if k.__struct_config__.tag == entry["kind"])
    return msgspec.convert(entry, kind, dec_hook=lambda t, raw: t.parse(raw))


async def _stored(count: int) -> None:
    """From a store on disk, on all cores, by the clock on the wall: reading and judging."""
    rule = _rule(yaml.safe_load(PAST)[0])
    values = np.round(np.random.default_rng(3).normal(60, 10, count), 1).tolist()
    batch, steps = 5000, count // DEVICES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "linli.db"
        store = Store.open(path, StoreSpec())
        for start in range(0, count, batch):
            readings = tuple(
                Reading(f"d{n % DEVICES}", "t", values[n], T0 + n // DEVICES * 60_000, unit="u")
                for n in range(start, min(start + batch, count))
            )
            await store.commit(Batch(at=readings[-1].at, readings=readings))
        await store.aclose()
        end = T0 + steps * 60_000
        cores = os.cpu_count() or 1
        for name, settings in (("threshold", []), ("30 variants", ["above=81:95:1", "for=5m,10m"])):
            question = Question(variants(rule, settings), [], SUBJECTS, UTC, T0, end)
            begun = time.perf_counter()
            backtests.run(path, question, lambda device, readings: None, cores)
            spent = time.perf_counter() - begun
            print(f"  from a store of {count:,} readings, {cores} cores, {name}: {spent:.2f} s")


def _sweep(rules: Sequence[Rule], tracks: Sequence[Track], end: int) -> None:
    for track in tracks:
        for rule in rules:
            _run(rule, track, end)


def _run(rule: Rule, track: Track, end: int) -> list[backtest.Episode]:
    return backtest.judge(rule, [track], backtest.Setting(SUBJECTS, UTC), end)


def _timed(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    main()
