"""Devices that publish as fast as they are acknowledged, or at a fixed rate; MQTT 3.1.1, QoS 1.

Everything that is sent is made before the clock starts, so that the generator costs little.
"""

import asyncio
import time
from array import array
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple, cast

from gateway.mqtt import encode
from gateway.mqtt.packets import Connect, Publish

HEAD, ACK = 4, 4
"""Bytes of CONNACK and of PUBACK."""
USER, PASSWORD = "bench", "mark"  # a pair for benchmarks only


class Load(NamedTuple):
    """`rate` is messages per second of all devices together; 0: as fast as acknowledged, with
    `window` messages of each on their way."""

    devices: int
    messages: int
    rate: float = 0.0
    window: int = 250
    distinct: int = 0
    """Different topics of one connection; 0: one."""
    first: int = 0
    """Number of the first device."""


class Outcome(NamedTuple):
    seconds: float
    acknowledged: int
    latencies: "array[float]"
    """Seconds from publish to PUBACK; only where `rate` is fixed."""

    def latency(self, share: float) -> float:
        """In milliseconds."""
        return sorted(self.latencies)[int(share * (len(self.latencies) - 1))] * 1000


def payload(number: int) -> bytes:
    """About 150 bytes of zigbee2mqtt."""
    return (
        b'{"battery":%d,"humidity":%d.%d,"linkquality":%d,"temperature":%d.%02d,"voltage":3000,'
        b'"last_seen":"2026-11-21T01:54:%02d.%03dZ","update_available":false}'
        % (
            number % 100,
            30 + number % 40,
            number % 10,
            number % 255,
            15 + number % 15,
            number % 100,
            number % 60,
            number % 1000,
        )
    )


def _messages(load: Load, device: int, count: int) -> Iterator[bytes]:
    topics = max(1, load.distinct)
    for n in range(count):
        topic = b"zigbee2mqtt/d-%d" % (device * topics + n % topics)
        yield encode.publish(4, Publish(topic, payload(n * 7 + device), 1, n % 65000 + 1))


class Device(asyncio.Protocol):
    """One connection. Half a window is on its way while the other half is acknowledged."""

    def __init__(self, number: int, load: Load) -> None:
        self._total = load.messages // load.devices
        self._hello = encode.connect(
            Connect(version=4, client_id=f"d-{number}", user=USER, password=PASSWORD.encode())
        )
        self._half = 1 if load.rate else max(1, load.window // 2)
        packets = list(_messages(load, number, self._total))
        self._chunks = deque(
            b"".join(packets[n : n + self._half]) for n in range(0, self._total, self._half)
        )
        self._interval = load.devices / load.rate if load.rate else 0.0
        self._next = 0.0
        self._times: deque[float] = deque()
        self._bytes = -HEAD
        self._sent = self.acknowledged = 0
        self.latencies = array("d")
        self._loop = asyncio.get_running_loop()
        self.connected: asyncio.Future[None] = self._loop.create_future()
        self.finished: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        if self._bytes < 0:
            assert data == b"\x20\2\0\0", f"CONNECT was answered with {data!r}"
            self.connected.set_result(None)
        self._bytes += len(data)
        self.acknowledged = self._bytes // ACK
        if self._interval:
            now = time.perf_counter()
            while len(self.latencies) < self.acknowledged:
                self.latencies.append(now - self._times.popleft())
        else:
            while self._sent and self._chunks and self._sent - self.acknowledged <= self._half:
                self._send()
        if self.acknowledged >= self._total:
            self.connection_lost(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_result(None)

    def start(self, phase: float) -> None:
        """*phase* (0..1) shifts a paced device, so that not all speak at once."""
        if self._interval:
            self._next = self._loop.time() + phase * self._interval
            self._loop.call_at(self._next, self._tick)
        else:
            self._send()
            self._send()

    def close(self) -> None:
        self._chunks.clear()
        self._transport.abort()

    def _tick(self) -> None:
        self._times.append(time.perf_counter())
        self._send()
        self._next += self._interval
        if self._chunks:
            self._loop.call_at(self._next, self._tick)

    def _send(self) -> None:
        if self._chunks:
            self._transport.write(self._chunks.popleft())
            self._sent = min(self._total, self._sent + self._half)


async def connected(port: int, load: Load) -> list[Device]:
    """The devices of *load*, let in and silent."""
    loop, devices = asyncio.get_running_loop(), list[Device]()
    for number in range(load.first, load.first + load.devices):
        _, device = await loop.create_connection(partial(Device, number, load), "127.0.0.1", port)
        devices.append(device)
    await asyncio.wait([device.connected for device in devices])
    return devices


async def publish(port: int, load: Load) -> Outcome:
    """Connect all devices, then let them publish; returns when everything is acknowledged."""
    devices = await connected(port, load)
    start = time.perf_counter()
    for number, device in enumerate(devices):
        device.start(number / load.devices)
    await asyncio.wait([device.finished for device in devices])
    seconds = time.perf_counter() - start
    latencies = array("d")
    for device in devices:
        latencies.extend(device.latencies)
        device.close()
    return Outcome(seconds, sum(device.acknowledged for device in devices), latencies)
