"""Incidents to another broker, as CloudEvents 1.0 in structured JSON, QoS 1.

    topic    linli/<site>/incident/<kind>          (or what the configuration says)
    payload  {… gateway.events …}

An incident is delivered when the broker has acknowledged it. Who reads there must know `source` and
`id` again, as QoS 1 may bring an event twice. MQTT 5 tells when the broker refuses or nobody reads;
a 3.1.1 broker acknowledges even what its access rules throw away.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from itertools import count
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from gateway.events import CONTENT_TYPE, event
from gateway.exchange import step
from gateway.model import Duration, Envelope
from gateway.mqtt import encode, packets, wire
from gateway.mqtt import properties as prop
from gateway.mqtt.wire import Frame, Frames, ProtocolError
from gateway.ports import Barred, Reject, Retry, Sink, SinkSpec, Surroundings
from gateway.template import as_text, filled, holes, unknown
from gateway.uplink import Tls, trust_of

T = TypeVar("T")

ANSWER_LIMIT = 64 * 1024
NO_READER = 0x10
_HOLES = ("site", "id", "kind", "severity", "status", "phase", "rule", "key", "grid")
_UNFIT = re.compile(r"[/+#\x00-\x1f\x7f\ud800-\udfff]")
_ELSEWHERE = 0x9C, 0x9D
"""Use another server, server moved: redirects, which are not followed."""
_NOT_WELCOME = {1, 2, 4, 5, wire.UNSUPPORTED_VERSION, wire.CLIENT_ID_INVALID,
                wire.BAD_CREDENTIALS, wire.NOT_AUTHORIZED, wire.BAD_METHOD,
                *_ELSEWHERE}  # fmt: skip
"""Answers to CONNECT, of 3.1.1 and 5, that no waiting changes."""
_THIS_ONE = {wire.TOPIC_INVALID, wire.PACKET_TOO_LARGE, 0x99}
"""Answers to PUBLISH that are about this message; 0x99 is "payload format invalid"."""


class MqttBridge(SinkSpec, frozen=True, kw_only=True):
    """Another MQTT broker, the city's or the estate's."""

    host: str
    """Name or address of the broker."""
    port: Annotated[int, Meta(ge=1, le=65535)] = 1883
    """8883 is usual with TLS."""
    topic: str = "linli/{site}/incident/{kind}"
    """May name site, id, kind, severity, status, phase, rule, key and grid.<scheme>."""
    retain: bool = False
    """The broker keeps the last event of each topic for who comes later; put {id} into it."""
    version: Literal["5", "3.1.1"] = "5"
    """Of the protocol; only MQTT 5 tells of a refusal."""
    user: str = ""
    """User name, where the broker asks for one."""
    password: str = ""
    """As `!secret`."""
    tls: bool = False
    """Encrypt, and check who the broker is."""
    ca: str = ""
    """PEM file with the authorities to trust instead of the system's."""
    certificate: str = ""
    """PEM file with this gateway's certificate, where the broker asks for one."""
    private_key: str = ""
    """PEM file with its key, if it is not in the same file."""
    timeout: Duration = Duration.parse("15s")
    """For connecting, and for each acknowledgement."""

    def __post_init__(self) -> None:
        if missing := unknown(self.topic, _HOLES):
            raise ValueError(f"topic: nothing is called {missing[0]!r}; use {', '.join(_HOLES)}")
        if "grid" in holes(self.topic):
            raise ValueError("topic: a place has several grids; write grid.<scheme>")
        if not self.topic or re.search(r"[+#\x00]", self.topic):
            raise ValueError(f"topic: {self.topic!r} cannot be published to")

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Sink]:
        return _opened(self, around)

    @property
    def level(self) -> int:
        """The version as the wire says it."""
        return 5 if self.version == "5" else 4


@asynccontextmanager
async def _opened(spec: MqttBridge, around: Surroundings) -> AsyncIterator[Sink]:
    trust = None
    if spec.tls:
        tls = Tls(spec.ca, spec.certificate, spec.private_key)
        trust = await asyncio.to_thread(trust_of, tls, around.root)
    try:
        async with asyncio.timeout(spec.timeout.seconds):
            reader, writer = await asyncio.open_connection(spec.host, spec.port, ssl=trust)
    except ssl.SSLError as failure:
        raise Barred(f"no safe connection: {failure}") from failure
    except OSError as failure:
        raise Retry(str(failure) or "no connection in time") from failure
    try:
        bridge = _Bridge(spec, around, reader, writer)
        await bridge.greet()
        yield bridge
        writer.write(encode.disconnect(spec.level))
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await writer.drain()
    finally:
        writer.close()


class _Bridge:
    """One connection. After any failure the delivery opens a new one."""

    def __init__(
        self,
        spec: MqttBridge,
        around: Surroundings,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._spec, self._around, self._reader, self._writer = spec, around, reader, writer
        self._frames, self._ready = Frames(ANSWER_LIMIT), list[Frame]()
        self._numbers = (n % 65_535 + 1 for n in count())

    async def greet(self) -> None:
        spec = self._spec
        hello = packets.Connect(
            version=spec.level,
            client_id=f"linli-{self._around.site}-{spec.id}",
            keepalive=0,  # between incidents there is nothing to say
            user=spec.user or None,
            password=spec.password.encode() if spec.password else None,
        )
        code, _, _ = await self._asked(encode.connect(hello), wire.CONNACK, packets.decode_connack)
        step(f"CONNECT {spec.host}:{spec.port} -> {wire.word(code)}")
        if code:
            failure = Barred if code in _NOT_WELCOME else Retry
            raise failure(f"the broker does not let us in: {wire.word(code)}")

    async def send(self, envelope: Envelope) -> str:
        spec, number = self._spec, next(self._numbers)
        payload = msgspec.json.encode(event(envelope, self._around))
        topic = topic_of(spec, envelope, self._around.site)
        answered, code = await self._asked(
            _publish(spec, topic, payload, number), wire.PUBACK, packets.decode_ack
        )
        step(f"PUBLISH {topic} ({len(payload)} bytes) -> {wire.word(code)}", payload)
        if answered != number:
            raise Retry(f"the broker acknowledged {answered}, not {number}")
        _settle(code, topic, spec.retain)
        return ""

    async def _asked(self, packet: bytes, wanted: int, read: Callable[[Frame, int], T]) -> T:
        """Send *packet*; what *read* finds in the answer. Raises Retry when there is none."""
        try:
            async with asyncio.timeout(self._spec.timeout.seconds):
                self._writer.write(packet)
                await self._writer.drain()
                frame = await self._frame()
            if frame.kind == wanted:
                return read(frame, self._spec.level)
        except TimeoutError as failure:
            raise Retry("no answer in time") from failure
        except ProtocolError as failure:
            raise Retry(f"the broker answers nonsense: {failure}") from failure
        if frame.kind == wire.DISCONNECT:
            raise Retry(f"the broker hung up: {wire.word(frame.body[0] if frame.body else 0)}")
        raise Retry(f"the broker answered with packet {frame.kind}, not {wanted}")

    async def _frame(self) -> Frame:
        while not self._ready:
            data = await self._reader.read(ANSWER_LIMIT)
            if not data:
                raise Retry("the broker closed the connection")
            self._ready += self._frames.feed(data)
        return self._ready.pop(0)


def topic_of(spec: MqttBridge, envelope: Envelope, site: str) -> str:
    """Where *envelope* is published. What is filled in never makes a level or a wildcard."""
    incident = envelope.incident
    told = {name: getattr(incident, name) for name in _HOLES if hasattr(incident, name)}
    told |= {"site": site, "phase": envelope.phase}
    safe = {name: _level(value) for name, value in told.items()}
    grid = {hole.partition(".")[2]: "-" for hole in holes(spec.topic)}
    grid |= {code.scheme: _level(code.value) for code in incident.place.codes}
    return as_text(filled(spec.topic, {**safe, "grid": grid}))


def _level(text: str) -> str:
    return _UNFIT.sub("_", text)[:200] or "-"


def _publish(spec: MqttBridge, topic: str, payload: bytes, number: int) -> bytes:
    """With QoS 1; MQTT 5 is also told that the payload is text, and which."""
    known: prop.Properties = {prop.PAYLOAD_FORMAT: 1, prop.CONTENT_TYPE: CONTENT_TYPE}
    about = prop.encode(known) if spec.level == 5 else b""
    body = wire.prefixed(topic) + number.to_bytes(2, "big") + about + payload
    first = wire.PUBLISH << 4 | 1 << 1 | spec.retain
    return bytes((first,)) + wire.vary(len(body)) + body


def _settle(code: int, topic: str, retain: bool) -> None:
    if code < NO_READER or (code == NO_READER and retain):
        return
    if code == NO_READER:
        raise Retry(f"nobody subscribes to {topic}: the broker threw it away")
    if code == wire.NOT_AUTHORIZED:
        raise Barred(f"we may not publish to {topic}; see the broker's access rules")
    if code in _THIS_ONE:
        raise Reject(f"the broker refuses it: {wire.word(code)}")
    raise Retry(f"the broker does not take it now: {wire.word(code)}")
