"""A long run of the whole gateway: millions of messages from the wire to the history.

    python -m tests.faults.soak                       5 million messages, some minutes
    python -m tests.faults.soak --messages 50000000   an evening

Twenty devices number their messages. The judge stands outside: it knows which numbers were
acknowledged, and afterwards wants each of them back from the history, once, in order, and no
other; and it watches the memory of the process.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from gateway.mqtt import encode
from gateway.mqtt.packets import Connect, Publish
from gateway.store.history import History
from tests.faults.oracle import Broken
from tests.system.box import Box

DEVICES = 20
WINDOW = 200
"""Messages of one device on their way, sent by halves."""
QUANTITY = "counter"
RULES = """
rules:
  - {id: high, kind: threshold, incident: heat, select: {quantity: counter}, above: 1e15, for: 1m}
  - {id: low, kind: threshold, incident: cold, select: {quantity: counter}, below: -1, for: 1m}
  - {id: silent, kind: silence, incident: device_offline}
"""


class Found(NamedTuple):
    """`slope` is MB of resident memory per hour, over the second half of the run."""

    acknowledged: int
    seconds: float
    rss: float
    slope: float


class Device(asyncio.Protocol):
    """Sends numbers from 0 on, *pace* a second at most, and counts what was acknowledged."""

    def __init__(self, number: int, total: int, pace: float) -> None:
        self._topic, self._total = f"zigbee2mqtt/d-{number}".encode(), total
        self._hello = encode.connect(Connect(version=4, client_id=f"d-{number}"))
        self._pause = WINDOW / 2 / pace if pace else 0.0
        self._loop = asyncio.get_running_loop()
        self._next = 0.0
        self._heard, self._sent = -4, 0  # CONNACK
        self.finished: asyncio.Future[None] = self._loop.create_future()

    @property
    def acknowledged(self) -> int:
        return max(0, self._heard // 4)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        begun, self._heard = self._heard >= 0, self._heard + len(data)
        if not begun:
            self._next = self._loop.time()
            self._send()
        if self.acknowledged >= self._total:
            self.connection_lost(None)
        elif self._sent < self._total and self._sent - self.acknowledged <= WINDOW // 2:
            self._next = max(self._next + self._pause, self._loop.time())
            self._loop.call_at(self._next, self._send)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_result(None)

    def close(self) -> None:
        self._transport.abort()

    def _send(self) -> None:
        upto = min(self._total, self._sent + WINDOW // 2)
        packets = [
            encode.publish(4, Publish(self._topic, b'{"counter":%d}' % n, 1, n % 65_000 + 1))
            for n in range(self._sent, upto)
        ]
        self._sent = upto
        self._transport.write(b"".join(packets))


async def talk(port: int, each: int, pace: float) -> list[int]:
    """How many messages of each device were acknowledged."""
    loop, devices = asyncio.get_running_loop(), list[Device]()
    for number in range(DEVICES):
        make = partial(Device, number, each, pace)
        devices.append((await loop.create_connection(make, "127.0.0.1", port))[1])
    await asyncio.wait([device.finished for device in devices])
    for device in devices:
        device.close()
    return [device.acknowledged for device in devices]


async def watched(box: Box, each: int, pace: float) -> tuple[list[int], list[tuple[float, float]]]:
    """The acknowledgements, and (seconds, MB of resident memory) once a second."""
    samples, begin = list[tuple[float, float]](), time.monotonic()
    talking = asyncio.create_task(talk(box.mqtt, each, pace))
    while not talking.done():
        samples.append((time.monotonic() - begin, resident(box.pid)))
        await asyncio.wait([talking], timeout=1.0)
    return await talking, samples


def resident(pid: int) -> float:
    """Memory in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


def judge(database: Path, acknowledged: list[int]) -> None:
    """Raises Broken unless the history holds exactly what was acknowledged, in order."""
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for part in History(database).scan(0, 2**60, quantity=QUANTITY):
        parts.setdefault(part.device, []).append((part.at, part.value))
    if extra := parts.keys() - {f"d-{n}" for n in range(len(acknowledged))}:
        raise Broken(f"readings of devices that do not exist: {sorted(extra)}")
    for number, count in enumerate(acknowledged):
        found = parts.get(f"d-{number}", [])
        value = np.concatenate([np.empty(0), *(value for _, value in found)])
        at = np.concatenate([np.empty(0, np.int64), *(at for at, _ in found)])
        if len(value) != count:
            raise Broken(f"d-{number}: {count} acknowledged, {len(value)} found")
        if not np.array_equal(value, np.arange(count)) or (np.diff(at) < 0).any():
            raise Broken(f"d-{number}: something is missing, twice, invented or out of order")


def slope(samples: list[tuple[float, float]]) -> float:
    """MB per hour over the second half; a straight line through all of its samples."""
    late = samples[len(samples) // 2 :]
    if len(late) < 3:
        return 0.0
    seconds, size = np.array(late).T
    return float(np.polyfit(seconds, size, 1)[0]) * 3600


def soak(root: Path, messages: int, pace: float = 0.0) -> Found:
    """Run it. *pace* is messages per second of all devices; 0: as fast as acknowledged."""
    each = messages // DEVICES
    devices = "".join(
        f"  - {{id: d-{n}, dialect: zigbee2mqtt, period: 1h}}\n" for n in range(DEVICES)
    )
    with closing(Box(root, devices=devices)) as box:
        site = (root / "gateway.yaml").read_text()
        box.write("gateway.yaml", site.replace('anonymous: ["#"]', 'anonymous: ["#"], max_rate: 0'))
        box.write("rules/soak.yaml", RULES)
        box.start()
        begin = time.monotonic()
        acknowledged, samples = asyncio.run(watched(box, each, pace / DEVICES))
        seconds = time.monotonic() - begin
        box.stop()
    if sum(acknowledged) != each * DEVICES:
        raise Broken(f"{sum(acknowledged)} of {each * DEVICES} messages were acknowledged")
    judge(root / "data" / "linli.db", acknowledged)
    return Found(sum(acknowledged), seconds, samples[-1][1], slope(samples))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=5_000_000)
    parser.add_argument("--pace", type=float, default=0.0, help="messages per second (unbounded)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linli-soak-") as folder:
        found = soak(Path(folder), args.messages, args.pace)
    print(
        f"{found.acknowledged:,} messages in {found.seconds:.0f} s, lost 0, twice 0, invented 0, "
        f"in order; RSS {found.rss:.0f} MB, slope {found.slope:+.1f} MB/h"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
