"""A client of the MQTT broker that is there already: mosquitto, EMQX, the one in Home Assistant.

The broker hears of a message's arrival when the message is on disk, not before; what it may
lose on its own side is written in docs/mqtt.md.
"""

import asyncio
import ssl
from collections import Counter
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from gateway.model import Duration, Packet
from gateway.mqtt import properties as prop
from gateway.mqtt.access import check_filters
from gateway.mqtt.packets import Connect
from gateway.mqtt.publishing import Subscribed
from gateway.mqtt.quota import Quota, Quotas
from gateway.mqtt.subscriber import Refused, Subscriber
from gateway.mqtt.wire import UNSUPPORTED_VERSION
from gateway.ports import Inbox, Retry, SourceSpec, Surroundings

CONNECT_SECONDS = 15.0
GRACE_SECONDS = 5.0
"""For how long a stop waits for commits, so that the broker need not send again."""
IN_FLIGHT = 65_535
"""What we put up with: 3.1.1 has no word to ask for less, and mosquitto 2.0.11 sends far more
than it was asked for. What bounds our memory is that nothing is read while the inbox is full."""
DROPPED = "$SYS/broker/publish/messages/dropped"
"""Where mosquitto tells how many messages it threw away since it started."""
_OLD_BROKER = frozenset({1, UNSUPPORTED_VERSION})
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
    max_rate: Annotated[float, Meta(ge=0)] = 500.0
    """Messages per second of one topic, on average over 10 s; what is above it is left out and
    counted as shed. 0: no limit."""
    quotas: tuple[Quota, ...] = ()
    """Other allowances, for single devices."""

    def __post_init__(self) -> None:
        if not self.topics:
            raise ValueError("name at least one topic")
        check_filters(self.topics)

    def hello(self, version: int, site: str) -> Connect:
        """What to say first; *version* is 5, or 4 for MQTT 3.1.1."""
        terms: prop.Properties = {
            prop.SESSION_EXPIRY: int(self.session.seconds),
            prop.RECEIVE_MAXIMUM: self.receive_maximum,
            prop.MAXIMUM_PACKET: self.max_packet,
        }
        return Connect(
            version=version,
            client_id=self.client_id or f"linli-{site}-{self.id}",
            clean=False,
            keepalive=min(65_535, round(self.keepalive.seconds)),
            user=self.user or None,
            password=self.password.encode() if self.user else None,
            properties=terms if version == 5 else {},
        )

    def build(self, around: Surroundings) -> "Broker":
        return Broker(self, around)


class Broker:
    """`run` keeps one connection for as long as it lasts; the supervisor starts it again."""

    def __init__(self, spec: MqttBroker, around: Surroundings) -> None:
        self._spec, self._around = spec, around
        self._received: set[int] = set()
        """QoS 2 messages on disk that the broker has not released yet."""
        self._known = False
        self._watch = Watch(spec, around)

    async def run(self, inbox: Inbox) -> None:
        spec, watch = self._spec, self._watch
        async with asyncio.TaskGroup() as tasks:
            link, version = await self._connect(inbox, tasks)
            try:
                await self._subscribe(link)
                if self._known and not link.kept:
                    watch.forgotten()
                self._known = True
                watch.subscribed(f"subscribed at {spec.host}:{spec.port}, MQTT {version}")
                await link.hold(watch.tell)
            finally:
                await link.leave(GRACE_SECONDS)

    async def _connect(self, inbox: Inbox, tasks: asyncio.TaskGroup) -> tuple[Subscriber, str]:
        """Speak MQTT 5, and 3.1.1 with a broker that does not know it."""
        try:
            return await self._greet(5, inbox, tasks), "5"
        except Refused as refusal:
            if refusal.code not in _OLD_BROKER:
                raise
        return await self._greet(4, inbox, tasks), "3.1.1"

    async def _greet(self, version: int, inbox: Inbox, tasks: asyncio.TaskGroup) -> Subscriber:
        """A connection whose CONNECT was answered with welcome."""
        spec, around = self._spec, self._around
        loop = asyncio.get_running_loop()
        tls = await asyncio.to_thread(spec.tls.context, around.root) if spec.tls else None
        publishing = Subscribed(
            version,
            spec.id,
            self._received,
            self._watch.admit,
            self._watch.denied,
            in_flight=IN_FLIGHT,
        )
        hello, health = spec.hello(version, around.site), around.health
        async with asyncio.timeout(CONNECT_SECONDS):
            _, link = await loop.create_connection(
                lambda: Subscriber(
                    spec.id, hello, publishing, spec.max_packet, inbox, health, tasks
                ),
                spec.host,
                spec.port,
                ssl=tls,
            )
            try:
                await link.welcome()
            except BaseException:
                link.abort()
                raise
        return link

    async def _subscribe(self, link: Subscriber) -> None:
        """To everything that is wanted. What the broker dropped is only asked for: not every
        broker tells, and not to everybody."""
        spec = self._spec
        wanted = [(topic, spec.qos) for topic in spec.topics]
        async with asyncio.timeout(CONNECT_SECONDS):
            codes = await link.subscribe([*wanted, (DROPPED, 0)])
        refused = [t for (t, _), code in zip(wanted, codes, strict=False) if code >= 0x80]
        if refused:
            raise Retry(f"{spec.host} does not let us subscribe to {', '.join(refused)}")


class Watch:
    """What of the messages does not become readings, and the words for it; outlives the
    connections."""

    def __init__(self, spec: MqttBroker, around: Surroundings) -> None:
        self._name, self._health = spec.id, around.health
        self._quotas = Quotas(spec.max_rate, spec.quotas, 0.0)
        self._time = asyncio.get_running_loop().time
        self._where = self._told = ""
        self._dropped: int | None = None
        self._news: Counter[str] = Counter()
        """What to say in words besides, since the gateway started."""

    def admit(self, packet: Packet) -> bool:
        """Whether *packet* is a device's, and within what the device may say."""
        topic = packet.topic
        if topic == DROPPED:
            self._drops(packet.payload)
            return False
        return self._quotas.admit(topic, self._time())

    def denied(self, topic: str) -> None:
        self._health.count("mqtt_dropped", part=self._name, why="topic not valid")

    def forgotten(self) -> None:
        """The broker no longer knows our session: what it held for us is gone."""
        self._health.count("mqtt_sessions_forgotten", part=self._name)
        self._news["times the broker forgot what it kept for us"] += 1

    def subscribed(self, where: str) -> None:
        self._where, self._told = where, ""
        self.tell()

    def tell(self) -> None:
        """Count what was shed, and say how it stands when that has changed."""
        shed = self._quotas.shed()
        for topic, n in shed.items():
            self._health.count("mqtt_shed", n, part=self._name, why=topic[:100])
        words = [self._where, *(f"{what}: {n}" for what, n in self._news.items())]
        if shed:
            loudest = shed.most_common(1)[0][0][:100]
            words.append(f"shedding what is above its rate: {loudest}")
        told = "; ".join(words)
        if told != self._told:
            self._told = told
            self._health.report(self._name, "ok", told)

    def _drops(self, payload: bytes) -> None:
        """The broker's own count since it started; the first one we hear is where we begin."""
        if not payload.isdigit() or len(payload) > 18:
            return
        now, before = int(payload), self._dropped
        self._dropped = now
        if before is None or now == before:
            return
        lost = now - before if now > before else now  # it started again
        self._health.count("mqtt_broker_dropped", lost, part=self._name)
        self._news["messages that the broker dropped, of any of its clients"] += lost
