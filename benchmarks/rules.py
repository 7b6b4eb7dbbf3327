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
from gateway.model import (
    Batch,
    Detection,
    Duration,
    Observation,
    Place,
    Reading,
    Scene,
    Subject,
)
from gateway.store import Store, StoreSpec
from rules import backtest, past
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
- {id: quorum, kind: quorum, incident: x, each: {quantity: t, above: 85}, count: 2, within: 10m}
- {id: together, kind: together, incident: x, within: 5m,
   all: [{quantity: t, above: 80}, {quantity: t, below: 20}]}
- {id: sequence, kind: sequence, incident: x, first: {quantity: t, above: 85},
   then: {quantity: t, below: 30}, within: 10m}
- {id: outage, kind: outage, incident: x, count: 3}
"""
BY_PLACE = {"quorum", "together", "sequence", "outage"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readings", type=int, default=100_000, help="per live measurement")
    parser.add_argument("--past", type=int, default=10_000_000, help="readings of the backtest")
    parser.add_argument("--stored", type=int, default=1_000_000, help="readings in a real store")
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    print("live, one core                             readings/s   judgements/s")
    for name, rules, quantity in _live():
        seen = _scenes(rules[0], args.readings) if quantity is None else _readings(quantity, args)
        rate = median(_judge(rules, seen) for _ in range(args.repeat))
        concerned = sum(any(quantity in p.select.quantity or not p.select.quantity
                            for p in r.parts() if p.readings) for r in rules)  # fmt: skip
        print(f"  {name:38} {rate:12,.0f} {rate * (concerned or 1):14,.0f}")
    _memory(args.repeat)
    _past(args.past, args.repeat)
    asyncio.run(_stored(args.stored))


def _live() -> list[tuple[str, Sequence[Rule], str | None]]:
    """Names, rules, and the quantity that they are asked about; None: scenes of cameras."""
    one = _threshold("one", 1000)
    found: list[tuple[str, Sequence[Rule], str | None]] = [
        ("threshold, calm", [one], "t"),
        ("20 thresholds of a quantity, calm", [_threshold(f"r{n}", 1000) for n in range(20)], "t"),
        ("20 thresholds of a quantity, hot", [_threshold(f"r{n}", -1000) for n in range(20)], "t"),
        (
            "1 threshold, and 1000 rules on others",
            [one, *(_threshold(f"r{n}", 1, f"q{n}") for n in range(1000))],
            "t",
        ),
    ]
    for suite in suites(CASES):
        rule = suite.rules[0]
        parts = [part for part in rule.parts() if part.readings]
        if Path(suite.file).stem in ("around", "silences"):
            continue
        quantity = (parts[0].select.quantity or ("t",))[0] if parts else None
        found.append(
            (f"{type(rule).__name__.lower()}, busy", [replace(rule, schedule=None)], quantity)
        )
    return found


def _threshold(id: str, above: float, quantity: str = "t") -> Threshold:
    return Threshold(id=id, incident="x", select=Select(quantity=Names([quantity])), above=above)


def _readings(quantity: str, args: argparse.Namespace) -> list[Observation]:
    """Each device each 10 s, values that change."""
    values = np.random.default_rng(1).normal(50, 30, args.readings).round(1).tolist()
    return [
        Reading(f"d{n % DEVICES}", quantity, value, T0 + n * 10_000 // DEVICES)
        for n, value in enumerate(values)
    ]


def _scenes(rule: Rule, count: int) -> list[Observation]:
    """Each camera each 10 s; half of the time it sees what one part of the rule asks for."""
    parts = [part.select for part in rule.parts() if part.scenes]
    chosen = np.random.default_rng(1).integers(0, 2 * len(parts), count).tolist()
    box = (0.1, 0.1, 0.2, 0.2)
    return [
        Scene(
            f"d{n % DEVICES}",
            tuple(
                Detection(label, 0.9, box, f"t{n % DEVICES}", (part.zone or ("",))[0])
                for part in parts[which : which + 1]
                for label in part.label[:1]
            ),
            T0 + n * 10_000 // DEVICES,
        )
        for n, which in enumerate(chosen)
    ]


def _judge(rules: Sequence[Rule], seen: Sequence[Observation]) -> float:
    """Observations per second of CPU time."""
    engine = Engine(rules, SUBJECTS)
    begun = time.process_time()
    for one in seen:
        engine.observe(one)
    return len(seen) / (time.process_time() - begun)


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
        share = 1 if rule.id in ("threshold", "silence", "when") else 10
        units = list(past.units([rule], SUBJECTS, tracks[: DEVICES // share]))
        spent = median(_timed(lambda: _runs(rule, units, end)) for _ in range(repeat))  # noqa: B023 - called at once
        found = _runs(rule, units, end)
        part = "" if share == 1 else ", reckoned from a tenth"
        print(f"  {rule.id:20} {spent * share:6.2f} s, {found * share} incidents{part}")


def _runs(rule: Rule, units: Sequence[Sequence[Track]], end: int) -> int:
    setting = backtest.Setting(SUBJECTS, UTC)
    return sum(len(backtest.judge(rule, unit, setting, end)) for unit in units)


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
    rules = {entry["id"]: _rule(entry) for entry in yaml.safe_load(PAST)}
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
        cores, one = os.cpu_count() or 1, 0.0
        print(f"from a store of {count:,} readings, {cores} cores, by the clock on the wall")
        for name in ("threshold", "30 variants", "baseline", "together"):
            sweep = ["above=81:95:1", "for=10m,20m"] if name == "30 variants" else []
            forms = variants(rules.get(name, rules["threshold"]), sweep)
            question = Question(forms, [], SUBJECTS, UTC, T0, T0 + steps * 60_000)
            begun = time.perf_counter()
            backtests.run(path, question, lambda device, readings: None, cores)
            spent = time.perf_counter() - begun
            one = one or spent
            more = f", {spent / one:.1f} times one" if sweep else ""
            print(f"  {name:20} {spent:6.2f} s{more}")


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
