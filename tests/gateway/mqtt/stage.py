"""A listener on a free port with a twin of the inbox that commits when the test says so."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from gateway.clock import SystemClock
from gateway.model import Duration, Item, Packet
from gateway.mqtt import encode
from gateway.mqtt.packets import Connect, Publish
from gateway.mqtt.wire import Frame, Frames
from gateway.ports import Ack, Surroundings
from gateway.sources.mqtt_listener import Listener, MqttListener


class HeldInbox:
    """Takes what is offered while there is *room*, and acknowledges on `commit`."""

    def __init__(self, room: int = 1_000_000, *, prompt: bool = False) -> None:
        self.room, self.prompt = room, prompt
        self.items: list[Packet] = []
        self.hand_overs = 0
        self._acks: list[Ack | None] = []
        self._held = 0
        self._changed = asyncio.Event()

    def offer(self, items: Sequence[Item], ack: Ack | None = None) -> bool:
        if self._held >= self.room:
            return False
        self.items += [item for item in items if isinstance(item, Packet)]
        self.hand_overs += 1
        self._changed.set()
        if self.prompt:
            if ack:
                ack()
            return True
        self._held += len(items)
        self._acks.append(ack)
        return True

    async def put(self, items: Sequence[Item], ack: Ack | None = None) -> None:
        while not self.offer(items, ack):
            self._changed.clear()
            await self._changed.wait()

    def commit(self) -> None:
        acks, self._acks, self._held = self._acks, [], 0
        for ack in acks:
            if ack:
                ack()
        self._changed.set()

    async def holds(self, count: int, seconds: float = 5.0) -> list[Packet]:
        """Wait until *count* items have come in sum."""
        async with asyncio.timeout(seconds):
            while len(self.items) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.items

    @property
    def topics(self) -> list[str]:
        return [item.topic for item in self.items]


class Tally:
    """Health that only counts."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.states: list[tuple[str, str, str]] = []

    def count(self, what: str, n: int = 1, *, part: str = "", why: str = "") -> None:
        self.counts[what, why] += n

    def report(self, part: str, state: str, detail: str = "") -> None:
        self.states.append((part, state, detail))

    def of(self, what: str) -> int:
        return sum(n for (name, _), n in self.counts.items() if name == what)


class Stage:
    """The running listener and everything around it."""

    def __init__(self, inbox: HeldInbox, health: Tally, listener: Listener) -> None:
        self.inbox, self.health, self.listener = inbox, health, listener
        self.task: asyncio.Task[None] | None = None
        self.clients: list[RawClient] = []

    @property
    def port(self) -> int:
        return self.listener.port

    async def raw(self) -> "RawClient":
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.clients.append(RawClient(reader, writer))
        return self.clients[-1]


class RawClient:
    """Says exactly the bytes that a test wants to be said."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._frames = Frames(1_000_000)
        self._found: list[Frame] = []

    async def say(self, *parts: bytes) -> None:
        self.writer.write(b"".join(parts))
        await self.writer.drain()

    async def hear(self, seconds: float = 5.0) -> Frame | None:
        """The next packet, or None when the connection was closed."""
        async with asyncio.timeout(seconds):
            while not self._found:
                try:
                    data = await self.reader.read(65536)
                except ConnectionResetError:
                    return None
                if not data:
                    return None
                self._found += self._frames.feed(data)
        return self._found.pop(0)

    async def silence(self, seconds: float = 0.1) -> bool:
        """True when nothing is said, and nothing closed, for *seconds*."""
        try:
            await self.hear(seconds)
        except TimeoutError:
            return True
        return False

    async def greet(self, version: int = 4, **more: Any) -> Frame:
        await self.say(encode.connect(Connect(version=version, **more)))
        answer = await self.hear()
        assert answer is not None
        return answer

    async def publish(self, topic: str, qos: int = 1, number: int = 1, version: int = 4) -> None:
        message = Publish(topic.encode(), b"1", qos, number if qos else 0)
        await self.say(encode.publish(version, message))

    def close(self) -> None:
        self.writer.transport.abort()


def surroundings(root: Path, health: Tally) -> Surroundings:
    return Surroundings(root, "test", SystemClock(), health, lambda sha: sha, lambda sha: root)


@contextlib.asynccontextmanager
async def listening(
    inbox: HeldInbox | None = None, root: Path = Path("."), **fields: Any
) -> AsyncIterator[Stage]:
    inbox, health = inbox or HeldInbox(), Tally()
    if "users" not in fields:
        fields.setdefault("anonymous", ("#",))
    fields = {"grace": Duration(0), **fields}
    listener = MqttListener(id="mqtt", port=0, **fields).build(surroundings(root, health))
    stage = Stage(inbox, health, listener)
    stage.task = asyncio.create_task(listener.run(inbox))
    async with asyncio.timeout(5):
        while not health.states and not stage.task.done():  # noqa: ASYNC110 - set by the listener
            await asyncio.sleep(0.005)
    try:
        yield stage
    finally:
        stage.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await stage.task
        for client in stage.clients:
            client.close()
        await asyncio.sleep(0.01)  # both sides' transports close on the next turns of the loop
