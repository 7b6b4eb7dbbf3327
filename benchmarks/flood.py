"""One device goes mad: 5,000 messages a second, beside 200 that speak once a second.

    python -m benchmarks.flood          with the default limits, half a minute

The whole gateway, as in `benchmarks.ingest`. Told are how fast the others were answered, what they
lost, how soon and to what the flood was slowed down, and how much memory that took.
"""

import asyncio
import tempfile
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import uvloop

from benchmarks.ingest import rss, site
from benchmarks.load import Device, Load, connected
from tests.system.box import Box

SECONDS = 20
OTHERS = Load(200, 200 * SECONDS, rate=200)
FLOOD = Load(1, 5000 * SECONDS, window=2000, first=900)


class Told(NamedTuple):
    late: list[float]
    lost: int
    flood: list[int]
    """Messages of the flood that were acknowledged in each second."""
    memory: float
    shown: int
    """In so many seconds /health named who floods."""


async def flooded(box: Box) -> Told:
    port = box.mqtt
    others = await connected(port, OTHERS)
    (loud,) = await connected(port, FLOOD)
    loud.start(0)
    for number, device in enumerate(others):
        device.start(number / OTHERS.devices)
    counts, memory, shown, begin = [0], 0.0, 0, time.monotonic()
    for second in range(1, SECONDS + 1):
        await asyncio.sleep(max(0.0, begin + second - time.monotonic()))
        counts.append(loud.acknowledged)
        memory = max(memory, rss(box.pid))
        health = await asyncio.to_thread(box.get, "/health")
        shown += b"slowed down: bench" in health
    await asyncio.wait([device.finished for device in others], timeout=10)
    late = [1000 * each for device in others for each in device.latencies]
    lost = OTHERS.messages - sum(device.acknowledged for device in others)
    _close([loud, *others])
    return Told(sorted(late), lost, [b - a for a, b in pairwise(counts)], memory, shown)


def _close(devices: list[Device]) -> None:
    for device in devices:
        device.close()


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(site(Path(folder), more="receive_maximum: 2000")) as box,
    ):
        box.start()
        told = uvloop.run(flooded(box))
    late = told.late
    p50, p99 = late[len(late) // 2], late[len(late) * 99 // 100]
    print(f"others: {OTHERS.messages:,} messages, lost {told.lost}")
    print(f"  answered within p50 {p50:.1f}, p99 {p99:.1f} ms")
    print(f"flood: answered in each second {', '.join(f'{n:,}' for n in told.flood)}")
    print(f"  named by /health in {told.shown} of {SECONDS} seconds")
    print(f"memory: {told.memory / 1000:.0f} MB at most")


if __name__ == "__main__":
    main()
