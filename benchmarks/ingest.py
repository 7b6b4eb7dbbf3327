"""Readings in: what one costs from the wire to the acknowledgement, and how long that takes.

    python -m benchmarks.ingest                 all rows, about two minutes
    python -m benchmarks.ingest --only null     the endpoint alone: its inbox commits nothing

CPU is user and system time of the process under test (and of its children), from /proc; the
rate is messages per second until the last one is acknowledged (behind a broker: taken). A message
of 150 bytes holds six readings, and `each` is per message. Each figure is the median of `--repeat`
runs, the best one in brackets. Where there are two cores, the devices have one and the process
under test the other.

    null      the endpoint with an inbox that acknowledges every 2 ms and stores nothing
    client    the client of a mosquitto with such an inbox
    gateway   `linli run` with passwords, three rules and what is shown as "now", on the disk of the
              temporary folder, no rate limit
    slow      the same on a disk whose every sync takes 10 ms more (needs a C compiler)
    broker    the gateway behind a mosquitto
"""

import argparse
import asyncio
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import uvloop

from benchmarks.load import PASSWORD, USER, Load, Outcome, connected, publish
from tests.gateway.mqtt.mosquitto import BROKER, free_port
from tests.system.box import Box, until

RULES = """
rules:
  - {id: hot, kind: threshold, incident: heat, select: {quantity: temperature}, above: 60, for: 1m}
  - {id: wet, kind: threshold, incident: damp, select: {quantity: humidity}, above: 95, for: 1m}
  - {id: silent, kind: silence, incident: device_offline}
"""
SLOW_SYNC = b"""
#include <unistd.h>
#include <sys/syscall.h>
int fdatasync(int fd) { usleep(10000); return syscall(SYS_fdatasync, fd); }
int fsync(int fd) { usleep(10000); return syscall(SYS_fsync, fd); }
"""


class Row(NamedTuple):
    name: str
    under_test: str
    load: Load


ROWS = (
    Row("endpoint, 20 devices", "null", Load(20, 1_000_000)),
    Row("endpoint, 1000 devices", "null", Load(1000, 500_000, window=50)),
    Row("endpoint, 200 devices at 5,000/s", "null", Load(200, 25_000, rate=5000)),
    Row("client of mosquitto, 20 devices", "client", Load(20, 100_000, window=100)),
    Row("gateway, 20 devices", "gateway", Load(20, 100_000, distinct=10)),
    Row("gateway, 1000 devices", "gateway", Load(1000, 100_000, window=50)),
    Row("gateway, 200 devices at 1,000/s", "gateway", Load(200, 10_000, rate=1000)),
    Row("gateway, 200 devices at 5,000/s", "gateway", Load(200, 50_000, rate=5000)),
    Row("slow disk, 200 devices at 2,000/s", "slow", Load(200, 20_000, rate=2000)),
    Row("behind mosquitto, 20 devices", "broker", Load(20, 60_000, window=100, distinct=10)),
)


class Subject(NamedTuple):
    """A process under test. `settled` returns when it has taken so many messages."""

    port: int
    pid: int
    settled: Callable[[int], None] = lambda messages: None
    taken: Callable[[], int] = lambda: 0


@contextmanager
def null(kind: str = "listener", port: int = 0) -> Iterator[Subject]:
    port = port or free_port()
    command = [sys.executable, "-m", "benchmarks.null", kind, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = process.stdout
        try:
            assert next(lines) == "ready\n"
            yield Subject(port, process.pid, lambda n: _counted(lines, n))
        finally:
            process.kill()


def _counted(lines: Iterable[str], messages: int) -> None:
    """Read on until *messages* have been taken."""
    for line in lines:
        if int(line) >= messages:
            return


@contextmanager
def client() -> Iterator[Subject]:
    """CPU is the client's, not mosquitto's."""
    with mosquitto() as port, null("client", port) as subject:
        yield subject


@contextmanager
def gateway(**environment: str) -> Iterator[Subject]:
    with tempfile.TemporaryDirectory() as folder, closing(site(Path(folder))) as box:
        box.start(**environment)
        yield Subject(box.mqtt, box.pid)


@contextmanager
def slow() -> Iterator[Subject]:
    with tempfile.TemporaryDirectory() as folder:
        shim = Path(folder) / "slow.so"
        compiler = ("cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(shim))
        subprocess.run(compiler, input=SLOW_SYNC, check=True)
        with gateway(LD_PRELOAD=str(shim)) as subject:
            yield subject


@contextmanager
def broker() -> Iterator[Subject]:
    """The devices speak to mosquitto, the gateway is its client. CPU is the gateway's alone."""
    with tempfile.TemporaryDirectory() as folder, mosquitto() as port:
        where = f"host: 127.0.0.1, port: {port}, max_rate: 0"
        with closing(
            site(Path(folder), f"  - {{kind: mqtt_broker, id: broker, {where}}}\n")
        ) as box:
            box.start()
            until(lambda: "subscribed" in _health(box), "the gateway has subscribed")
            yield Subject(port, box.pid, lambda n: _settled(box, n), lambda: _taken(box))


@contextmanager
def mosquitto() -> Iterator[int]:
    """With no limit that would slow it down or drop anything."""
    with tempfile.TemporaryDirectory() as folder:
        conf, port = Path(folder) / "mosquitto.conf", free_port()
        conf.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
            "max_inflight_messages 0\n"
        )
        process = subprocess.Popen([BROKER, "-c", str(conf)], stderr=subprocess.DEVNULL)
        try:
            until(lambda: _open(port), "mosquitto listens")
            yield port
        finally:
            process.kill()
            process.wait()


def site(root: Path, parts: str = "", more: str = "max_rate: 0", rules: str = RULES) -> Box:
    """A thousand devices, one password for all; not started. *more* is the listener's."""
    devices = "".join(f"  - {{id: d-{n}, dialect: zigbee2mqtt, period: 1h}}\n" for n in range(1000))
    box = Box(root, parts, devices=devices)
    users = f'users: [{{name: {USER}, password: {PASSWORD}, topics: ["zigbee2mqtt/+"]}}]'
    text = (root / "gateway.yaml").read_text().replace("{linger: 0s}", "{}")
    text = text.replace('anonymous: ["#"]', f"{users}, max_connections: 5000, {more}")
    box.write("gateway.yaml", text)
    box.write("rules/bench.yaml", rules)
    return box


def _settled(box: Box, messages: int) -> None:
    until(lambda: _taken(box) >= messages, "the gateway has taken everything", patience=120)


def _taken(box: Box) -> int:
    """Messages that the broker's client has handed over so far."""
    found = re.search(r'^linli_mqtt_messages_total{part="broker".*} (.+)$', _metrics(box), re.M)
    return round(float(found[1])) if found else 0


def _metrics(box: Box) -> str:
    return box.get("/metrics").decode()


def _health(box: Box) -> str:
    return box.get("/health").decode()


def cpu(pid: int) -> float:
    """Seconds that a process and its children have worked so far."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu(int(child)) for child in children)


UNDER_TEST: dict[str, Callable[[], AbstractContextManager[Subject]]] = {
    "null": null,
    "client": client,
    "gateway": gateway,
    "slow": slow,
    "broker": broker,
}
NEEDED = {"client": BROKER, "broker": BROKER, "slow": shutil.which("cc")}
"""Programs without which a row is passed over."""


def measure(row: Row) -> tuple[float, float, Outcome]:
    """Messages per second, CPU microseconds per message, and the devices' own view."""
    cores = sorted(os.sched_getaffinity(0))
    with UNDER_TEST[row.under_test]() as subject:
        until(lambda: _open(subject.port), "the process under test listens")
        os.sched_setaffinity(subject.pid, cores[-1:])
        os.sched_setaffinity(0, cores[:1])
        try:
            before = cpu(subject.pid)
            outcome = uvloop.run(publish(subject.port, row.load))
            sent = time.perf_counter()
            subject.settled(outcome.acknowledged)
            seconds = outcome.seconds + time.perf_counter() - sent
            spent = cpu(subject.pid) - before
        finally:
            os.sched_setaffinity(0, cores)
    assert outcome.acknowledged == row.load.messages // row.load.devices * row.load.devices
    return outcome.acknowledged / seconds, spent / outcome.acknowledged * 1e6, outcome


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", choices=sorted(UNDER_TEST))
    args = parser.parse_args()
    print(f"{'':36}{'per second':>22}{'CPU us each':>16}{'p50 ms':>9}{'p99 ms':>9}")
    for row in ROWS:
        if args.only not in (None, row.under_test) or not NEEDED.get(row.under_test, True):
            continue
        runs = [measure(row) for _ in range(args.repeat)]
        rates, costs = [run[0] for run in runs], [run[1] for run in runs]
        text = f"{row.name:36}{statistics.median(rates):>12,.0f} ({max(rates):>7,.0f})"
        text += f"{statistics.median(costs):>9.1f} ({min(costs):>4.1f})"
        for share in (0.5, 0.99) if row.load.rate else ():
            median = statistics.median(run[2].latency(share) for run in runs)
            text += f"{median:>9.1f}"
        print(text, flush=True)
    if args.only in (None, "null"):
        crowd()


def crowd() -> None:
    """What clients cost that are only there."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = min(10_000, most - 500)
    with null() as subject:
        empty = rss(subject.pid)
        full, share = uvloop.run(_stand_there(subject, count))
    each = (full - empty) / count
    print(f"{count:,} silent clients: {each:.1f} kB of RSS each, {share:.1%} of a core")


async def _stand_there(subject: Subject, count: int, seconds: float = 10.0) -> tuple[float, float]:
    there = await connected(subject.port, Load(count, count, rate=count))
    before = cpu(subject.pid)
    await asyncio.sleep(seconds)
    share = (cpu(subject.pid) - before) / seconds
    full = rss(subject.pid)
    for device in there:
        device.close()
    return full, share


def rss(pid: int) -> float:
    """Resident memory in kB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4.096


if __name__ == "__main__":
    main()
