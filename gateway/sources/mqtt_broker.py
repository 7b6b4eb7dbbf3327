"""A client of the MQTT broker that is there already: mosquitto, EMQX, the one in Home Assistant.

The broker hears of a message's arrival when the message is on disk, not before; what it may
lose on its own side is written in docs/mqtt.md.
"""

import asyncio
import logging
import ssl
from pathlib import Path
from typing import Annotated, Any

import gmqtt
import msgspec
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError
from msgspec import Meta

from gateway.model import Duration, Packet
from gateway.mqtt.access import check_filters
from gateway.ports import Health, Inbox, Retry, SourceSpec, Surroundings

CONNECT_SECONDS = 15.0
GRACE_SECONDS = 5.0
"""For how long a stop waits for commits, so that the broker need not send again."""
QOS_0_WAITING = 10_000
"""Messages that the broker will not send again, kept while the inbox is full."""
_OLD_BROKER = frozenset({1, 0x84})
"""Answers to MQTT 5 of a broker that does not speak it."""


class BrokerTls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the broker is recognised, and how the gateway proves itself to it."""

    ca: str = ""
    """PEM file with the authorities to trust, relative to the site's folder, as the others;
    without it the system's are trusted."""
    certificate: str = ""
    """PEM file with the gateway's own certificate, where the broker asks for one."""
    key: str = ""
    """PEM file with its private key."""

    def context(self, root: Path) -> ssl.SSLContext:
        """TLS 1.2 or later; the broker's name must be in its certificate."""
        context = ssl.create_default_context(cafile=root / self.ca if self.ca else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate:
            context.load_cert_chain(root / self.certificate, root / self.key if self.key else None)
        return context


class MqttBroker(SourceSpec, frozen=True, kw_only=True):
    """Subscribes to a broker (MQTT 5, or 3.1.1 where it speaks no other) with a session that
    the broker keeps while the gateway is away."""

    host: str
    """Name or address of the broker."""
    port: Annotated[int, Meta(ge=1, le=65535)] = 1883
    """8883 is usual with TLS."""
    topics: tuple[str, ...] = ("#",)
    """Topic filters to subscribe to, with + and #."""
    qos: Annotated[int, Meta(ge=0, le=2)] = 1
    """0: the broker may lose messages; 1: it sends again what was not acknowledged."""
    user: str = ""
    """User name, where the broker asks for one."""
    password: str = ""
    """As `!secret`."""
    tls: BrokerTls | None = None
    """Encrypt, and check who the broker is; `{}` trusts the system's authorities."""
    client_id: str = ""
    """The session's name at the broker; where it is left out, made of the site and this id."""
    session: Duration = Duration.parse("7d")
    """How long the broker shall keep messages while the gateway is away."""
    receive_maximum: Annotated[int, Meta(ge=1, le=65_535)] = 5000
    """Messages that may be on their way unacknowledged: what one commit can hold."""
    max_packet: Annotated[int, Meta(ge=1024, le=268_435_455)] = 1_048_576
    """Bytes of the largest message that the broker shall send."""
    keepalive: Duration = Duration.parse("30s")
    """A broker that is silent for twice as long is given up."""

    def __post_init__(self) -> None:
        if not self.topics:
            raise ValueError("name at least one topic")
        check_filters(self.topics)

    def build(self, around: Surroundings) -> "Broker":
        return Broker(self, around)


class Broker:
    """`run` keeps one connection for as long as it lasts; the supervisor starts it again."""

    def __init__(self, spec: MqttBroker, around: Surroundings) -> None:
        self._spec, self._around = spec, around

    async def run(self, inbox: Inbox) -> None:
        spec, health = self._spec, self._around.health
        logging.getLogger("gmqtt").setLevel(logging.ERROR)  # what it warns of, health reports
        async with asyncio.TaskGroup() as tasks:
            gathering = Gathering(spec.id, inbox, health, tasks)
            link, version = await self._connect(gathering)
            try:
                await _subscribe(link, spec, version)
                said = "5" if version == MQTTv50 else "3.1.1"
                health.report(spec.id, "ok", f"subscribed at {spec.host}:{spec.port}, MQTT {said}")
                await link.lost.wait()
                raise Retry(f"the connection to {spec.host}:{spec.port} broke")
            finally:
                if not link.lost.is_set():
                    await gathering.settle(GRACE_SECONDS)
                await _close(link)
                gathering.abandon()

    async def _connect(self, gathering: "Gathering") -> "tuple[_Link, int]":
        """Speak MQTT 5, and 3.1.1 with a broker that does not know it."""
        for version in (MQTTv50, MQTTv311):
            link = _Link(self._spec, self._around.site)
            link.on_message = gathering.take  # a kept session sends as soon as it is connected
            try:
                await self._greet(link, version)
            except MQTTConnectError as error:
                await _close(link)
                if version == MQTTv311 or error._code not in _OLD_BROKER:
                    raise Retry(f"{self._spec.host} refuses: {error}") from None
            except BaseException:
                await _close(link)
                raise
            else:
                return link, version
        raise AssertionError("the last version either connects or raises")

    async def _greet(self, link: "_Link", version: int) -> None:
        """CONNECT and CONNACK. A broker that hangs up instead does not know the version."""
        spec = self._spec
        tls = spec.tls.context(self._around.root) if spec.tls else False
        keepalive = int(spec.keepalive.seconds)
        greeting = asyncio.create_task(
            link.connect(spec.host, spec.port, tls, keepalive, version), name="greeting"
        )
        link.waiting = greeting
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await greeting
        except asyncio.CancelledError:
            if link.lost.is_set():
                raise MQTTConnectError(1) from None
            raise
        finally:
            greeting.cancel()


class _Link(gmqtt.Client):  # type: ignore[misc]  # gmqtt has no types
    """A client that does not come back by itself: the supervisor does that, and says so."""

    def __init__(self, spec: MqttBroker, site: str) -> None:
        super().__init__(
            spec.client_id or f"linli-{site}-{spec.id}",
            clean_session=False,
            optimistic_acknowledgement=False,
            session_expiry_interval=int(spec.session.seconds),
            receive_maximum=spec.receive_maximum,
            maximum_packet_size=spec.max_packet,
        )
        self.lost = asyncio.Event()
        self.waiting: asyncio.Task[None] | None = None
        self.granted: asyncio.Future[tuple[int, ...]] = asyncio.get_running_loop().create_future()
        self.on_subscribe = self._granted
        if spec.user:
            self.set_auth_credentials(spec.user, spec.password)

    async def reconnect(self, delay: bool = False) -> None:
        self.lost.set()
        if self.waiting:
            self.waiting.cancel()  # gmqtt would wait for a CONNACK that nobody sends any more
        self._granted(self, 0, (), None)

    def _granted(self, link: Any, mid: int, codes: tuple[int, ...], properties: Any) -> None:
        if not self.granted.done():
            self.granted.set_result(codes)


async def _subscribe(link: _Link, spec: MqttBroker, version: int) -> None:
    """Retained messages come with a new session only, not with each reconnection (MQTT 5)."""
    more = {"retain_handling_options": 1} if version == MQTTv50 else {}
    link.subscribe([gmqtt.Subscription(topic, spec.qos, **more) for topic in spec.topics])
    async with asyncio.timeout(CONNECT_SECONDS):
        codes = await link.granted
    if not codes:
        raise Retry(f"{spec.host} hung up on the subscription")
    refused = [t for t, code in zip(spec.topics, codes, strict=False) if code >= 0x80]
    if refused:
        raise Retry(f"{spec.host} does not let us subscribe to {', '.join(refused)}")


async def _close(link: _Link) -> None:
    try:
        async with asyncio.timeout(2):
            await link.disconnect()
    except (OSError, AttributeError):
        pass  # there is nobody to say goodbye to


class Gathering:
    """Hands over together what arrives together: all messages of one turn of the loop."""

    def __init__(self, name: str, inbox: Inbox, health: Health, tasks: asyncio.TaskGroup) -> None:
        self._name, self._inbox, self._health, self._tasks = name, inbox, health, tasks
        self._loop = asyncio.get_running_loop()
        self._items: list[Packet] = []
        self._done: asyncio.Future[None] | None = None
        self._owed: set[asyncio.Future[None]] = set()
        self._full = False

    async def take(
        self, link: Any, topic: str | bytes, payload: bytes, qos: int, properties: dict[str, Any]
    ) -> int:
        """One message; returns, and so acknowledges, when it is on disk."""
        if isinstance(topic, bytes):
            self._health.count("mqtt_dropped", part=self._name, why="topic is not UTF-8")
            return 0
        if qos == 0 and len(self._items) >= QOS_0_WAITING:
            self._health.count("mqtt_dropped", part=self._name, why="QoS 0, inbox full")
            return 0
        if self._done is None:
            self._done = self._loop.create_future()
            self._owed.add(self._done)
            self._loop.call_soon(self._hand_over)
        self._items.append(Packet(topic, payload, self._name, "", bool(properties["retain"])))
        await self._done
        return 0

    async def settle(self, seconds: float) -> None:
        """Wait until everything that was taken is on disk, at most *seconds*."""
        if self._owed:
            await asyncio.wait(self._owed, timeout=seconds)

    def abandon(self) -> None:
        """The connection is closed: nobody is to be told any more."""
        for done in self._owed:
            done.set_result(None)
        self._owed.clear()

    def _hand_over(self) -> None:
        if self._full or self._done is None:
            return
        items, done = self._items, self._done
        self._items, self._done = [], None
        self._health.count("mqtt_messages", len(items), part=self._name)

        def ack() -> None:
            if done in self._owed:
                self._owed.remove(done)
                done.set_result(None)

        if not self._inbox.offer(items, ack):
            self._full = True
            self._tasks.create_task(self._wait(items, ack), name=f"{self._name} waits")

    async def _wait(self, items: list[Packet], ack: Any) -> None:
        await self._inbox.put(items, ack)
        self._full = False
        self._hand_over()
