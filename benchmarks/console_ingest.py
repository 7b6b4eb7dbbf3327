"""What open consoles cost the devices: the gateway's rate with nobody looking, and with twenty.

    python -m benchmarks.console_ingest [--repeat 3] [--consoles 20]

One gateway (`linli run`, 1000 devices, three rules), two lots of load in turn: without a console,
and with consoles that listen to /api/v1/changes as pages do. What they cost is the CPU that the
gateway uses beyond what so many messages cost without them, as a share of a core: by so much the
greatest rate falls. The rate itself is also the generator's, with which the consoles share a core.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import uvloop

from benchmarks.ingest import cpu, site
from benchmarks.load import Load, publish
from tests.system.box import TOKEN, Box, until

DEVICES = 500
FULL = Load(20, 120_000, distinct=DEVICES // 20)
PACED = Load(100, 10_000, rate=1000, distinct=DEVICES // 100)


@contextmanager
def looking(box: Box, consoles: int) -> Iterator[None]:
    """So many pages, in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.console_ingest", "--look", str(box.http)]
    with subprocess.Popen([*command, "--consoles", str(consoles)]) as process:
        os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:1])
        try:
            yield
            assert process.poll() is None, "the consoles were refused"
        finally:
            process.kill()


async def look(port: int, consoles: int) -> None:
    import aiohttp

    headers = {"Authorization": f"Bearer {TOKEN}"}

    async def one(http: aiohttp.ClientSession) -> None:
        async with http.get(f"http://127.0.0.1:{port}/api/v1/changes") as stream:
            async for _ in stream.content.iter_any():
                pass

    timeout, many = aiohttp.ClientTimeout(total=None), aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(
            headers=headers, timeout=timeout, connector=many, raise_for_status=True
        ) as http,
        asyncio.TaskGroup() as tasks,
    ):
        for _ in range(consoles):
            tasks.create_task(one(http))


def run(box: Box, load: Load) -> tuple[float, float]:
    """Messages per second, and CPU seconds of the gateway per second."""
    before = cpu(box.pid)
    outcome = uvloop.run(publish(box.mqtt, load))
    return outcome.acknowledged / outcome.seconds, (cpu(box.pid) - before) / outcome.seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--consoles", type=int, default=20)
    parser.add_argument("--look", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.look:
        asyncio.run(look(args.look, args.consoles))
        return
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder, closing(site(Path(folder))) as box:
        box.start()
        until(lambda: b"console" in box.get("/health"), "the console serves")
        os.sched_setaffinity(box.pid, cores[-1:])
        os.sched_setaffinity(0, cores[:1])
        run(box, FULL)  # every device has spoken
        print(f"{'':28}{'per second':>10}{'CPU':>8}")
        for name, load in (("full speed", FULL), ("1,000 per second", PACED)):
            report(name, box, load, args)


def report(name: str, box: Box, load: Load, args: argparse.Namespace) -> None:
    alone, watched = [], []
    for _ in range(args.repeat):
        alone.append(run(box, load))
        with looking(box, args.consoles):
            watched.append(run(box, load))
    medians = [
        [statistics.median(column) for column in zip(*runs, strict=True)]
        for runs in (alone, watched)
    ]
    for who, (rate, share) in zip(("alone", f"{args.consoles} look"), medians, strict=True):
        print(f"{f'{name}, {who}':28}{rate:>10,.0f}{share:>8.0%}", flush=True)
    (rate, share), (slower, more) = medians
    print(f"{'':28}the consoles take {more - share * slower / rate:.1%} of a core", flush=True)


if __name__ == "__main__":
    main()
