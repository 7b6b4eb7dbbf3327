"""What a whole gateway costs before it does anything: start-up and memory.

Each figure is the median of several starts of `linli run` on a site of its own. "first PUBACK"
counts from the start of the process to the acknowledgement of the first reading, so everything
that must be there for it is in it; memory is resident (RSS), of the gateway and its worker.
"""

import argparse
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

from tests.system.box import Box, until

CAMERAS = "".join(
    f"  - {{id: cam-{n}, render: {scene}, fps: 2}}\n"
    for n, scene in enumerate(("street_corner", "bin_area", "exit_corridor", "street_corner"))
)
SETTLE = 15.0
"""Seconds after which memory is read."""
QUIET = 60.0
"""Seconds for which a box without traffic is watched."""
DEVICES = 5000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    devices = "".join(f"  - {{id: d-{n}, dialect: zigbee2mqtt}}\n" for n in range(DEVICES))
    starts = [_measure("") for _ in range(repeat)]
    print(f"start to first PUBACK     {_median(starts, 0):6.2f} s   (n={repeat})")
    print(f"start to first API answer {_median(starts, 1):6.2f} s")
    print(f"RSS idle, no camera       {_median(starts, 2):6.0f} MB")
    print(f"flash while idle          {_idle():6.1f} MB/day")
    many = [_measure(devices) for _ in range(repeat)]
    print(f"RSS, {DEVICES} devices         {_median(many, 2):6.0f} MB")
    filmed = [_measure("", CAMERAS) for _ in range(repeat)]
    print(f"RSS with four cameras     {_median(filmed, 2):6.0f} MB gateway")
    print(f"                          {_median(filmed, 3):6.0f} MB vision worker")


def _measure(devices: str, cameras: str = "") -> tuple[float, float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        box = Box(Path(folder), devices=devices, cameras=cameras)
        box.write("rules/none.yaml", "rules: []\n")
        with closing(box):
            begun = time.monotonic()
            box.start(wait=False)
            until(box.listening, "it listens")
            box.publish(("zigbee2mqtt/d-1", '{"temperature": 21}'))
            acked = time.monotonic() - begun
            box.get("/health")
            answered = time.monotonic() - begun
            time.sleep(SETTLE)
            own, *workers = _tree(box.pid)
            return acked, answered, own, sum(workers)


def _idle() -> float:
    """Megabytes a day that a box without traffic hands to the disk."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # not on a tmpfs
        box = Box(Path(folder))
        box.write("rules/none.yaml", "rules: []\n")
        with closing(box):
            box.start()
            time.sleep(SETTLE)
            before, begin = _written(box.pid), time.monotonic()
            time.sleep(QUIET)
            written = _written(box.pid) - before
            return written / (time.monotonic() - begin) * 86_400 / 1e6


def _written(pid: int) -> int:
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("write_bytes")).split()[1])


def _tree(pid: int) -> list[float]:
    """RSS in MB of a process and of each of its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [_rss(pid), *(_rss(int(child)) for child in children)]


def _rss(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def _median(rows: list[tuple[float, float, float, float]], column: int) -> float:
    return statistics.median(row[column] for row in rows)


if __name__ == "__main__":
    main()
