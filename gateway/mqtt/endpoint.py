"""What the connections of one endpoint share: its limits, its users, its sessions, its memory."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, Protocol

from gateway.mqtt.access import Access, Credentials
from gateway.mqtt.rates import Rates
from gateway.mqtt.wire import SHUTTING_DOWN, TAKEN_OVER
from gateway.ports import Health, Inbox

log = logging.getLogger(__name__)

NOTES_PER_SECOND = 10
"""Lines of log that strangers can provoke."""
FAREWELL = 1.0
"""Seconds that clients have to take their last answers when the gateway stops."""
PROVING_AT_ONCE = 2
"""Password hashes that are computed at the same time: 16 MiB and a core each."""


class Limits(NamedTuple):
    """Seconds, bytes and counts beyond which a client is shed."""

    connections: int = 1000
    packet: int = 1_048_576
    """Bytes of one packet, after CONNECT."""
    connect: int = 16_384
    """Bytes of CONNECT: nobody has proved anything yet."""
    in_flight: int = 2000
    """QoS 1 and 2 messages of one client that are not acknowledged yet."""
    rate: float = 0.0
    """Messages per second of one client, on average over `burst`; 0: no limit."""
    burst: float = 10.0
    connect_seconds: float = 10.0
    stall_seconds: float = 60.0
    """How long an unfinished packet may stay unfinished, and unread answers unread."""
    held: int = 33_554_432
    """Bytes of all clients that may wait for the inbox; half of it for unfinished packets."""
    aliases: int = 32
    session_seconds: int = 86_400
    """How long the packet identifiers of a client that is away are kept."""


class Session:
    """What is remembered of a client: the QoS 2 messages it has not released yet."""

    __slots__ = ("expires", "received")

    def __init__(self) -> None:
        self.received: set[int] = set()
        self.expires = float("inf")


class Sessions:
    """Of the clients that are here, and of at most as many that may come back."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str], Session] = OrderedDict()

    def begin(self, user: str, client_id: str, now: float, *, clean: bool) -> tuple[Session, bool]:
        """The session of a client, and whether it is an old one."""
        session = self._kept.pop((user, client_id), None)
        old = session is not None and not clean and now < session.expires
        if session is None or not old:
            session = Session()
        session.expires = float("inf")
        self._kept[user, client_id] = session
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return session, old

    def end(self, user: str, client_id: str, session: Session, expires: float) -> None:
        """The client went; *session* is kept until *expires*."""
        session.expires = expires


class Client(Protocol):
    """A connection, as the endpoint sees it."""

    user: str

    @property
    def unacknowledged(self) -> bool:
        """Whether it waits for an acknowledgement."""
        ...

    def check(self, now: float) -> None: ...

    def abort(self) -> None: ...

    def close(self, code: int, why: str) -> None: ...

    def stop(self, why: str) -> None: ...

    def go(self, why: str) -> None: ...


class Endpoint:
    """Lives as long as the listener runs; its tasks belong to *tasks*."""

    def __init__(
        self,
        name: str,
        limits: Limits,
        access: Access,
        inbox: Inbox,
        health: Health,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self.name, self.limits, self.access, self.inbox = name, limits, access, inbox
        self.health, self.tasks = health, tasks
        self.connections: set[Client] = set()
        self.clients: dict[str, Client] = {}
        self.partial = 0
        """Bytes of unfinished packets."""
        self.waiting = 0
        """Bytes that wait for room in the inbox."""
        self.closing = False
        self.full = False
        self.sessions = Sessions(2 * limits.connections)
        self.rates = Rates(limits.rate, limits.burst, 2 * limits.connections, access)
        self._proving = asyncio.Semaphore(PROVING_AT_ONCE)
        self._notes = 0

    async def prove(self, shown: Credentials) -> str | None:
        """The user that *shown* proves, or None after a second: guessing is slow, and says
        nothing about which names exist."""
        user = self.access.quick(shown)
        if user is not None:
            return user
        loop = asyncio.get_running_loop()
        answer_at = loop.time() + 1.0
        async with self._proving:
            user = await asyncio.to_thread(self.access.slow, shown)
        if user is None:
            await asyncio.sleep(answer_at - loop.time())
        return user

    def register(self, client: Client, user: str, client_id: str) -> bool:
        """Make *client* the one of its id. The same user's older connection is closed; another
        user's stays, and the answer is False."""
        before = self.clients.get(client_id)
        if before is not None:
            if before.user != user:
                return False
            before.close(TAKEN_OVER, "the same client connected again")
        self.clients[client_id] = client
        return True

    def leave(self, client: Client, client_id: str) -> None:
        if self.clients.get(client_id) is client:
            del self.clients[client_id]

    def wait(self, size: int) -> None:
        """*size* more (or less) bytes wait for the inbox. When they are too many, every client
        is paused, and goes on at half of that."""
        self.waiting += size
        if not self.full and self.waiting > self.limits.held:
            self.full = True
            self.health.count("mqtt_paused", part=self.name)
            for client in self.connections:
                client.stop("full")
        elif self.full and self.waiting * 2 < self.limits.held:
            self.full = False
            for client in tuple(self.connections):
                client.go("full")

    def note(self, text: str, *details: object) -> None:
        """A line of log, unless strangers have made too many of them in this second."""
        self._notes += 1
        if self._notes <= NOTES_PER_SECOND:
            log.warning("%s: " + text, self.name, *details)

    async def watch(self, tell: Callable[[str], None]) -> None:
        """Once a second: shed who is silent or slow, and *tell* in words how it stands."""
        loop, told = asyncio.get_running_loop(), ""
        while True:
            if told != (state := self._state()):
                told = state
                tell(state)
            await asyncio.sleep(1.0)
            if self._notes > NOTES_PER_SECOND:
                log.warning("%s: %d more like these", self.name, self._notes - NOTES_PER_SECOND)
            self._notes = 0
            now = loop.time()
            for client in tuple(self.connections):
                client.check(now)

    def _state(self) -> str:
        here, loudest = f"clients: {len(self.connections)}", self.rates.loudest()
        return f"{here}; above its rate and slowed down: {loudest}" if loudest else here

    async def shut(self, grace: float) -> None:
        """Read no more, wait at most *grace* seconds for what is owed to clients, say goodbye."""
        self.closing = True
        for client in self.connections:
            client.stop("full")
        await _until(lambda: not self._owes(), grace)
        for client in tuple(self.connections):
            client.close(SHUTTING_DOWN, "the gateway is shutting down")
        await _until(lambda: not self.connections, FAREWELL)
        for client in tuple(self.connections):
            client.abort()

    def _owes(self) -> bool:
        return self.waiting > 0 or any(client.unacknowledged for client in self.connections)


async def _until(done: Callable[[], bool], seconds: float) -> None:
    for _ in range(round(seconds * 100)):
        if done():
            return
        await asyncio.sleep(0.01)
