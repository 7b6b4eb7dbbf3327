"""The store's cost: CPU and flash per reading, history's size and speed, a restart.

    python benchmarks/store.py            about a minute
    python benchmarks/store.py --json

CPU is user and system time of this process, all threads. Flash is what the kernel was told to
write (`write_bytes` of /proc/self/io), without the file system's own journal.
"""

import argparse
import asyncio
import json
import random
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gateway.model import Batch, Reading
from gateway.store import Store, StoreSpec
from gateway.store.history import History

NOON = 1_800_000_000_000
SERIES, LONG = 200, 20
"""Sensors of the commit benchmark, and of the long history."""
APART = 10_000
"""Milliseconds between two readings of one sensor."""


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def written() -> int:
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("write_bytes")).split()[1])


class Sensors:
    """Temperatures of two decimals that wander, read with a jitter of some 200 ms."""

    def __init__(self, n: int) -> None:
        self._chance = random.Random(1)
        self._names = [f"sensor-{i:04d}" for i in range(n)]
        self._values = [20.0] * n
        self._round = 0

    def round(self) -> Iterator[Reading]:
        """One reading of each, in the order in which they come in."""
        start, chance = NOON + self._round * APART, self._chance
        n = len(self._names)
        moments = sorted((start + i * APART // n + chance.randrange(200), i) for i in range(n))
        for at, i in moments:
            self._values[i] += chance.gauss(0, 0.05)
            yield Reading(self._names[i], "temperature", round(self._values[i], 2), at, unit="Cel")
        self._round += 1


def batches(size: int, n: int, snapshots: int = 0, series: int = SERIES) -> Iterator[Batch]:
    sensors, waiting = Sensors(series), list[Reading]()
    for number in range(n):
        while len(waiting) < size:
            waiting += sensors.round()
        part, waiting = tuple(waiting[:size]), waiting[size:]
        snapshot = b"rules" if snapshots and number % snapshots == 0 else None
        yield Batch(at=part[-1].at, readings=part, snapshot=snapshot)


async def commits(folder: Path, size: int, n: int) -> dict[str, float]:
    """Batches of one size, prepared beforehand, one after the other."""
    store = Store.open(folder / f"commit-{size}.db", StoreSpec())
    ready = list(batches(size, n, snapshots=max(1, n // 8)))
    took = []
    flash, start, used = written(), time.perf_counter(), cpu()
    for batch in ready:
        begin = time.perf_counter()
        await store.commit(batch)
        took.append(time.perf_counter() - begin)
    seconds, used, flash = time.perf_counter() - start, cpu() - used, written() - flash
    store.close()
    return {
        "batch": size,
        "readings_per_s": round(size * n / seconds),
        "cpu_us_per_reading": round(used / size / n * 1e6, 2),
        "flash_bytes_per_reading": round(flash / size / n),
        "commit_p50_ms": round(statistics.median(took) * 1e3, 2),
        "commit_p99_ms": round(np.quantile(took, 0.99).item() * 1e3, 2),
    }


async def fill(path: Path, readings: int) -> dict[str, float]:
    """A history written and compacted by the gateway's own path."""
    start = cpu()
    for _ in batches(5000, readings // 5000, snapshots=4, series=LONG):
        pass
    made = cpu() - start
    store, start = Store.open(path, StoreSpec()), cpu()
    for batch in batches(5000, readings // 5000, snapshots=4, series=LONG):
        await store.commit(batch)
    while store._chores._round is not None:
        await store.totals()
    used = cpu() - start - made
    store.close()
    return {
        "readings": readings,
        "cpu_us_per_reading_with_compaction": round(used / readings * 1e6, 2),
    }


def best(work: object, times: int = 5) -> tuple[float, object]:
    """Seconds of the median run, and what it returned."""
    took, result = [], None
    for _ in range(times):
        begin = time.perf_counter()
        result = work()  # type: ignore[operator]  # a callable
        took.append(time.perf_counter() - begin)
    return statistics.median(took), result


async def history(path: Path, readings: int) -> dict[str, float]:
    end = NOON + readings // LONG * APART
    seconds, counted = best(lambda: sum(len(c.at) for c in History(path).scan(0, 2**60)), 3)
    assert counted == readings, f"scanned {counted} of {readings}"
    month = min(end, NOON + 30 * 86_400_000)
    one, found = best(
        lambda: sum(len(c.at) for c in History(path).scan(NOON, month, "sensor-0007"))
    )
    store = Store.open(path, StoreSpec())
    took = []
    for number in range(LONG):
        begin = time.perf_counter()
        chart = await store.series(f"sensor-{number:04d}", "temperature", NOON, month)
        took.append(time.perf_counter() - begin)
    db = store._access.writer.db
    sizes = db.execute(
        "SELECT sum(length(body)), sum(length(summary)), sum(n), count(*) FROM chunk"
    )
    body, brief, n, chunks = sizes.fetchone()
    size = path.stat().st_size  # noqa: ASYNC240 - nobody waits
    store.close()
    return {
        "file_bytes_per_reading": round(size / readings, 2),
        "bytes_per_compacted_reading": round((body + (brief or 0)) / n, 2),
        "chunks": chunks,
        "scan_readings_per_s": round(readings / seconds),
        "series_days": round((month - NOON) / 86_400_000, 1),
        "series_readings": found,
        "series_scan_ms": round(one * 1e3, 1),
        "chart_ms": round(statistics.median(took) * 1e3, 1),
        "chart_points": len(chart.at),
    }


async def restart(folder: Path, readings: int) -> dict[str, float]:
    """Open, recall and read the tail behind the snapshot, with a journal that no sink has read."""
    path = folder / "restart.db"
    store = Store.open(path, StoreSpec())
    await store.journal.keep(["dead"])
    for batch in batches(1000, readings // 1000, snapshots=100):
        await store.commit(batch)
    store.close()
    begin = time.perf_counter()
    store = Store.open(path, StoreSpec())
    recall = store.recall()
    opened = time.perf_counter() - begin
    tail = sum(len(batch) for batch in recall.tail)
    seconds = time.perf_counter() - begin
    store.close()
    return {
        "journal_readings": readings,
        "open_ms": round(opened * 1e3, 1),
        "tail_readings": tail,
        "tail_ms": round((seconds - opened) * 1e3, 1),
    }


def salvage(path: Path) -> dict[str, float]:
    """The same file, when its beginning has become noise: until it is open again."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(b"nothing that SQLite knows")
    begin = time.perf_counter()
    store = Store.open(path, StoreSpec())
    seconds = time.perf_counter() - begin
    store.close()
    return {"file_mb": round(size / 1e6), "seconds": round(seconds, 2),
            "mb_per_s": round(size / 1e6 / seconds)}  # fmt: skip


async def run(args: argparse.Namespace) -> dict[str, object]:
    folder = Path(tempfile.mkdtemp(prefix="linli-bench-", dir=args.folder))
    try:
        report: dict[str, object] = {
            "commit": [
                await commits(folder, size, n)
                for size, n in ((1, 2000), (10, 2000), (100, 1000), (1000, 300), (5000, 100))
            ]
        }
        path = folder / "history.db"
        filled = await fill(path, args.readings)
        report["history"] = filled | await history(path, args.readings)
        report["restart"] = await restart(folder, 3_000_000)
        report["salvage"] = salvage(folder / "restart.db")
        return report
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readings", type=int, default=5_200_000, help="in the history")
    parser.add_argument("--folder", help="on the medium to be measured")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    report = asyncio.run(run(args))
    if args.json:
        print(json.dumps(report, indent=1))
        return
    for name, found in report.items():
        for row in found if isinstance(found, list) else [found]:
            print(name, *(f"{key}={value:,}" for key, value in row.items()), sep="  ")


if __name__ == "__main__":
    main()
