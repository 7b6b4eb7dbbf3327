"""The source that is a client of a broker, and devices that publish to that broker."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from gateway.ports import Retry
from gateway.sources.mqtt_broker import MqttBroker
from simulators.publisher import Publisher
from tests.gateway.mqtt.stage import HeldInbox, Tally, surroundings


class Client:
    """The source under a supervisor that does not wait."""

    def __init__(self, port: int, inbox: HeldInbox, root: Path, **fields: Any) -> None:
        self.inbox, self.health = inbox, Tally()
        spec = MqttBroker(id="broker", host="127.0.0.1", port=port, **fields)
        self._source = spec.build(surroundings(root, self.health))
        self.failures: list[str] = []

    async def run(self) -> None:
        while True:
            try:
                await self._source.run(self.inbox)
            except* (Retry, OSError) as errors:
                self.failures.append(str(errors.exceptions[0]))
            await asyncio.sleep(0.05)

    async def subscribed(self, times: int = 1) -> str:
        async with asyncio.timeout(10):
            while True:
                good = [detail for _, state, detail in self.health.states if state == "ok"]
                if len(good) >= times:
                    return good[-1]
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def subscribing(
    port: int, inbox: HeldInbox, root: Path = Path("."), **fields: Any
) -> AsyncIterator[Client]:
    client = Client(port, inbox, root, **fields)
    task = asyncio.create_task(client.run())
    try:
        yield client
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.01)


def say(port: int, topic: str, payload: str, *more: str) -> None:
    subprocess.run(
        ("mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-t", topic, "-m", payload, *more),
        check=True,
    )


@contextlib.asynccontextmanager
async def publishing(port: int) -> AsyncIterator[Publisher]:
    device = Publisher("127.0.0.1", port, "device")
    task = asyncio.create_task(device.run())
    try:
        yield device
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def acknowledged(device: Publisher, count: int) -> None:
    async with asyncio.timeout(20):
        while device.acknowledged < count:  # noqa: ASYNC110 - a plain counter
            await asyncio.sleep(0.01)


async def fails(client: Client) -> None:
    async with asyncio.timeout(10):
        while not client.failures:  # noqa: ASYNC110 - a plain list
            await asyncio.sleep(0.01)


def numbers(inbox: HeldInbox) -> set[int]:
    return {int(item.payload) for item in inbox.items}
