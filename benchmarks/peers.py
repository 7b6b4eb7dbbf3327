"""The same messages through others' gateways, in the same run.

    python -m benchmarks.peers              installs them into a temporary folder: some minutes
    python -m benchmarks.peers --only obvious

All stand behind one mosquitto that drops nothing, and get the 150-byte messages of
`benchmarks.ingest` with QoS 1 from twenty devices, faster than they can take them. Told are the
rate at which they take them, CPU and memory of their processes, and what did not arrive. What they
do with a message differs, and is said in the first column.
"""

import argparse
import contextlib
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import uvloop

from benchmarks.ingest import broker, cpu, mosquitto, rss
from benchmarks.load import Load, publish
from benchmarks.thingsboard import thingsboard
from tests.gateway.mqtt.mosquitto import BROKER, free_port

PATIENCE = 10.0
"""Seconds without a new message after which the rest counts as lost."""


class Running(NamedTuple):
    """A peer that has subscribed at *port*; `taken` counts what it has done."""

    port: int
    pid: int
    taken: Callable[[], int]


class Peer(NamedTuple):
    name: str
    messages: int
    run: Callable[[Path], AbstractContextManager[Running]]


@contextmanager
def linli(folder: Path) -> Iterator[Running]:
    """Decoded, judged by three rules, on disk before the broker hears of it."""
    with broker() as subject:
        yield Running(subject.port, subject.pid, subject.taken)


@contextmanager
def obvious(folder: Path) -> Iterator[Running]:
    python = environment(folder, "aiomqtt", "pydantic")
    database, script = folder / "obvious.db", Path(__file__).with_name("obvious.py")

    def taken() -> int:
        with contextlib.closing(sqlite3.connect(database)) as db:
            try:
                return int(db.execute("SELECT count(*) FROM reading").fetchone()[0])
            except sqlite3.OperationalError:
                return 0  # it has not begun

    with mosquitto() as port, process(str(python), str(script), str(port), str(database)) as pid:
        yield Running(port, pid, taken)


@contextmanager
def node_red(folder: Path) -> Iterator[Running]:
    install = ("npm", "install", "--silent", "--no-audit", "--no-fund", "node-red")
    subprocess.run(install, cwd=folder, check=True, capture_output=True)
    with mosquitto() as port:
        http = free_port()
        (folder / "flows.json").write_text(json.dumps(flow(port)))
        red = folder / "node_modules" / "node-red" / "red.js"
        command = ("node", str(red), "-u", str(folder), "-p", str(http), "flows.json")

        def taken() -> int:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{http}/count", timeout=60) as answer:
                    return int(answer.read())
            except OSError:
                return 0

        with process(*command) as pid:
            yield Running(port, pid, taken)


def flow(port: int) -> list[dict[str, object]]:
    """mqtt in -> json -> function with a rule; and a page that tells how many came."""
    count = "global.set('n', (global.get('n') || 0) + 1);"
    rule = f"{count} return msg.payload.temperature > 60 ? msg : null;"
    say = "msg.payload = String(global.get('n') || 0); return msg;"
    part = {"z": "tab", "x": 0, "y": 0, "wires": [[]]}
    return [
        {"id": "tab", "type": "tab", "label": "bench"},
        {"id": "broker", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(port),
         "clientid": "node-red", "autoConnect": True, "protocolVersion": "4", "keepalive": "60"},
        {**part, "id": "in", "type": "mqtt in", "topic": "zigbee2mqtt/#", "qos": "1",
         "datatype": "utf8", "broker": "broker", "inputs": 0, "wires": [["json"]]},
        {**part, "id": "json", "type": "json", "property": "payload", "action": "obj",
         "wires": [["rule"]]},
        {**part, "id": "rule", "type": "function", "func": rule, "outputs": 1},
        {**part, "id": "page", "type": "http in", "url": "/count", "method": "get",
         "wires": [["say"]]},
        {**part, "id": "say", "type": "function", "func": say, "outputs": 1, "wires": [["out"]]},
        {**part, "id": "out", "type": "http response"},
    ]  # fmt: skip


def environment(folder: Path, *packages: str) -> Path:
    """A Python of its own with *packages*."""
    subprocess.run((sys.executable, "-m", "venv", str(folder / "venv")), check=True)
    python = folder / "venv" / "bin" / "python"
    pip = (str(python), "-m", "pip", "install", "--quiet", *packages)
    subprocess.run(pip, check=True, capture_output=True)
    return python


@contextmanager
def process(*command: str) -> Iterator[int]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **quiet) as running:
        try:
            yield running.pid
        finally:
            running.kill()


@contextmanager
def things_board(folder: Path) -> Iterator[Running]:
    """To a stand-in for the ThingsBoard server, an mosquitto at which we count."""
    python = environment(folder, "thingsboard-gateway")
    with mosquitto() as port, mosquitto() as server, thingsboard(folder, port, server) as taken:
        script = Path(__file__).with_name("thingsboard.py")
        with process(str(python), str(script), str(folder)) as pid:
            yield Running(port, pid, taken)


PEERS = {
    "linli": Peer("Linli: rules, on disk", 100_000, linli),
    "node-red": Peer("Node-RED: one rule, memory", 50_000, node_red),
    "obvious": Peer("aiomqtt + pydantic, on disk", 10_000, obvious),
    "thingsboard": Peer("ThingsBoard gateway, memory", 10_000, things_board),
}


def measure(peer: Peer, folder: Path) -> str:
    with peer.run(folder) as running:
        begun = warm(running)
        before = cpu(running.pid)
        start = time.perf_counter()
        uvloop.run(publish(running.port, Load(20, peer.messages, window=100, distinct=10)))
        taken, last, at = 0, start, start
        while taken < peer.messages and time.perf_counter() - last < PATIENCE:
            time.sleep(0.05)
            found, at = running.taken() - begun, time.perf_counter()
            if found > taken:
                taken, last = found, at
        spent, memory = cpu(running.pid) - before, rss(running.pid) / 1000
    rate, each = taken / (last - start), 1e6 * spent / max(1, taken)
    lost = max(0, peer.messages - taken)  # fewer than none: a message that warmed it came late
    return f"{rate:>12,.0f}{each:>12,.1f}{memory:>9,.0f}{lost:>9,}"


def warm(running: Running) -> int:
    """Send single messages until the peer counts them; how many it has counted then."""
    end = time.monotonic() + 60
    while not running.taken():
        if time.monotonic() > end:
            raise OSError("it does not take a message within a minute")
        uvloop.run(publish(running.port, Load(1, 1)))
        time.sleep(0.5)
    time.sleep(2)
    return running.taken()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=PEERS)
    args = parser.parse_args()
    if not BROKER:
        return print("passed over: mosquitto is not installed")
    print(f"{'':30}{'per second':>12}{'CPU us each':>12}{'RSS MB':>9}{'lost':>9}")
    for name, peer in PEERS.items():
        if args.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    found = measure(peer, Path(folder))
                except (OSError, subprocess.CalledProcessError) as reason:
                    found = f"  passed over: {reason}"
            print(f"{peer.name:30}{found}", flush=True)


if __name__ == "__main__":
    main()
