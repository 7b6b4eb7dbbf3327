"""How fast readings become lines, and lines become points in real servers.

    python -m benchmarks.influx            200,000 readings, 5 runs each
    python -m benchmarks.influx --n 50000

"journal to database" is the whole way of `gateway.delivery.project`: read from the store on disk,
build lines, compress, send, move the cursor.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path

from influxdb_client.client.write.point import Point

from gateway.line_protocol import writer
from gateway.model import Batch, Reading
from gateway.projection import BATCH, project
from gateway.sinks.influx import Influx
from gateway.store import Store, StoreSpec
from tests.contracts.facts import surroundings
from tests.contracts.servers import INFLUXD, VICTORIA, influxd, victoria_metrics

SERIES = 1000
START = 1_760_000_000_000


def readings(n: int) -> list[Reading]:
    """As a neighbourhood sends them: 1,000 series, two decimals, milliseconds that wander."""
    return [
        Reading(
            f"sensor-{i % SERIES:04}",
            ("temperature", "humidity", "fill_level", "noise")[i % 4],
            round(i * 0.37 % 100, 2),
            START + i // SERIES * 60_000 + i * 7919 % 60_000,
            unit="1",
        )
        for i in range(n)
    ]


def build(n: int) -> None:
    sample = readings(min(n, 50_000))
    line = writer({"site": "east"})
    ours = _cpu(lambda: [line(reading) for reading in sample]) / len(sample)
    point = _cpu(lambda: [_point(reading) for reading in sample[:5000]]) / 5000
    print(f"building a line: {ours * 1e6:.2f} us CPU (influxdb_client.Point {point * 1e6:.1f})")


def _point(reading: Reading) -> str:
    point = Point(reading.quantity).tag("device", reading.device).tag("unit", reading.unit)
    return (
        point.tag("site", "east")
        .field("value", reading.value)
        .time(reading.at * 1_000_000)
        .to_line_protocol()
    )


def _cpu(work: Callable[[], object]) -> float:
    def once() -> float:
        before = time.process_time()
        work()
        return time.process_time() - before

    return statistics.median(once() for _ in range(5))


async def sink(spec: Influx, n: int, runs: int, name: str) -> float:
    batch = readings(n)
    async with spec.open(surroundings(Path())) as target:

        async def once() -> None:
            for start in range(0, n, BATCH):
                assert await target.write(batch[start : start + BATCH]) == []

        return await _rate(name, n, runs, once)


async def journal(spec: Influx, n: int, runs: int, root: Path, name: str) -> float:
    with closing(Store.open(root / "linli.db", StoreSpec())) as store:
        everything = readings(n)
        for start in range(0, n, BATCH):
            await store.commit(Batch(at=START, readings=tuple(everything[start : start + BATCH])))
        end = (await store.journal.read(0, n + 1))[1]

        async def once() -> None:
            await store.journal.advance(spec.id, 0)
            task = asyncio.create_task(
                project(spec, surroundings(root), store.journal, store.refused, asyncio.Event())
            )
            while await store.journal.cursor(spec.id) < end:  # noqa: ASYNC110 - it is on disk
                await asyncio.sleep(0.01)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        return await _rate(name, n, runs, once)


async def _rate(name: str, n: int, runs: int, once: Callable[[], Awaitable[None]]) -> float:
    """Prints and returns the median of readings per second, after one run to warm up."""
    await once()
    seconds, cpus = [], []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        await once()
        seconds.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    rate, cpu = n / statistics.median(seconds), statistics.median(cpus) / n * 1e6
    print(
        f"{name:38} {rate:10,.0f} readings/s   {cpu:5.2f} us CPU each   "
        f"(min {n / max(seconds):,.0f}, max {n / min(seconds):,.0f}, {runs} runs)"
    )
    return rate


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=200_000, help="readings per run")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    build(args.n)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if INFLUXD:
            with influxd(root) as server:
                spec = Influx(id="influx", url=server.url)
                asyncio.run(sink(spec, args.n, args.runs, "sink to influxd 1.x"))
                asyncio.run(journal(spec, args.n, args.runs, root, "journal to influxd 1.x"))
        if VICTORIA:
            with victoria_metrics(root) as server:
                spec = Influx(id="influx", url=server.url, api="v2", org="o", token="t")
                asyncio.run(sink(spec, args.n, args.runs, "sink to VictoriaMetrics, v2 client"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
