"""A device's side of MQTT 3.1.1: connects, publishes with QoS 1, sends again what was not
acknowledged, and comes back when the connection breaks. No more."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Coroutine
from random import Random
from typing import Any

from gateway.mqtt import encode
from gateway.mqtt.packets import Connect, Publish, decode_ack, decode_connack
from gateway.mqtt.wire import DISCONNECT, PUBACK, Frame, Frames, ProtocolError

KEEP = 500
"""Messages kept while there is no connection; then the oldest goes, as on a real device."""
WINDOW = 20
"""Messages on their way at the same time."""
KEEPALIVE = 60
VERSION = 4


class Refused(OSError):
    """The other side does not let this client in."""


class Publisher:
    """`acknowledged` counts the promises that were made to this device, `lost` what it threw
    away itself."""

    def __init__(
        self, host: str, port: int, client_id: str, user: str = "", password: str = ""
    ) -> None:
        self._host, self._port = host, port
        self._hello = Connect(
            version=VERSION,
            client_id=client_id,
            clean=False,
            keepalive=KEEPALIVE,
            user=user or None,
            password=password.encode() if user else None,
        )
        self._waiting: deque[Publish] = deque()
        self._sent: OrderedDict[int, Publish] = OrderedDict()
        self._wake = asyncio.Event()
        self._number = 0
        self.acknowledged = self.lost = 0

    def send(self, topic: str, payload: bytes) -> None:
        if len(self._waiting) >= KEEP:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(Publish(topic.encode(), payload, qos=1))
        self._wake.set()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        rng = Random(self._hello.client_id)  # noqa: S311 - jitter, not a secret
        while True:
            try:
                await self._connected()
            except (OSError, ProtocolError, EOFError):
                await asyncio.sleep(rng.uniform(0.2, 2.0))

    async def _connected(self) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(encode.connect(self._hello))
            frames = Frames(65536)
            code, _, _ = decode_connack((await _read(reader, frames))[0], VERSION)
            if code:
                raise Refused(f"refused with {code}")
            for number, message in self._sent.items():
                writer.write(_numbered(message, number, dup=True))
            await _first_end(self._hear(reader, frames), self._say(writer))
        finally:
            if not writer.is_closing():
                writer.write(encode.packet(DISCONNECT, b""))
            writer.close()

    async def _say(self, writer: asyncio.StreamWriter) -> None:
        while True:
            while self._waiting and len(self._sent) < WINDOW:
                self._number = self._number % 65535 + 1
                message = self._sent[self._number] = self._waiting.popleft()
                writer.write(_numbered(message, self._number))
            await writer.drain()
            self._wake.clear()
            try:
                async with asyncio.timeout(KEEPALIVE / 2):
                    await self._wake.wait()
            except TimeoutError:
                writer.write(encode.PING)

    async def _hear(self, reader: asyncio.StreamReader, frames: Frames) -> None:
        while True:
            for frame in await _read(reader, frames):
                if frame.kind == PUBACK:
                    number, _ = decode_ack(frame, VERSION)
                    self.acknowledged += self._sent.pop(number, None) is not None
            self._wake.set()


async def _first_end(*halves: Coroutine[Any, Any, None]) -> None:
    """Run *halves* until one of them ends, and raise what ended it. A TaskGroup would lose a
    cancellation that comes at that very moment (up to Python 3.12)."""
    tasks = [asyncio.create_task(half) for half in halves]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)  # noqa: TID251 - ended ones
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def _read(reader: asyncio.StreamReader, frames: Frames) -> list[Frame]:
    """The next packets, at least one."""
    found: list[Frame] = []
    while not found:
        data = await reader.read(65536)
        if not data:
            raise EOFError("the connection was closed")
        found = frames.feed(data)
    return found


def _numbered(message: Publish, number: int, *, dup: bool = False) -> bytes:
    numbered = Publish(message.topic, message.payload, message.qos, number, dup)
    return encode.publish(VERSION, numbered)
