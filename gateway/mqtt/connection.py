"""One client of the gateway's own endpoint. It may publish; everything else is refused.

bytes --Frames--> packets of one read --one hand-over--> inbox ... commit ... receipt
                                                                                 |
client <------------------ every PUBACK and PUBREC of that read, in order -------+
"""

import asyncio
from collections import deque
from functools import partial

from gateway.model import Packet
from gateway.mqtt import encode
from gateway.mqtt.endpoint import Endpoint
from gateway.mqtt.greeting import Welcome, greet
from gateway.mqtt.line import Line
from gateway.mqtt.packets import Connect, decode_connect, decode_disconnect, decode_subscribe
from gateway.mqtt.publishing import Publishing, Receipt
from gateway.mqtt.rates import Rate
from gateway.mqtt.wire import (
    BUSY,
    CONNECT,
    DISCONNECT,
    FLAGS,
    KEEP_ALIVE,
    MALFORMED,
    PACKET_TOO_LARGE,
    PINGREQ,
    PROTOCOL,
    PUBLISH,
    PUBREL,
    QUOTA,
    SUBSCRIBE,
    UNSUBSCRIBE,
    UNSUPPORTED_VERSION,
    WORDS,
    Frame,
    Frames,
    ProtocolError,
)

CROWD = 100
"""Connections above the limit that are still told why they are refused."""
WITH_WILL = 0x04
"""DISCONNECT, and publish my will all the same (MQTT 5)."""
LINGER = 5.0
"""Seconds that a closed client has to read its last answers."""


class Connection(Line):
    """From bytes to the inbox, and from the commit to the acknowledgement."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint.tasks)
        self._endpoint, self._limits = endpoint, endpoint.limits
        self._frames = Frames(endpoint.limits.packet)
        self._hello: Connect | None = None
        self._welcome: Welcome | None = None
        self._publishing: Publishing | None = None
        self._early: list[Frame] = []
        self._owed: deque[Receipt] = deque()
        self._partial = 0
        self._rate = Rate(0, 0, self._seen)
        self.user = ""

    @property
    def unacknowledged(self) -> bool:
        return bool(self._owed)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        endpoint = self._endpoint
        if endpoint.closing or len(endpoint.connections) >= self._limits.connections + CROWD:
            endpoint.health.count("mqtt_refused", part=endpoint.name, why=WORDS[BUSY])
            self._closed = self._seen
            self.abort()
            return
        endpoint.connections.add(self)
        if endpoint.full:
            self.stop("full")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._closed is None:
            self._part(with_will=True)
        super().connection_lost(exc)
        self._endpoint.connections.discard(self)
        self._weigh(0)

    def check(self, now: float) -> None:
        """Shed the client when it has been silent or slow for too long at *now*."""
        limits, silent = self._limits, now - self._seen
        if self._closed is not None:
            if now - self._closed > LINGER and self._turn is None:
                self.abort()
        elif "deaf" in self._stops:
            if now - self._deaf > limits.stall_seconds:
                self.close(KEEP_ALIVE, "it does not read its answers")
                self.abort()
        elif self._stops:
            pass
        elif self._hello is None:
            if silent > limits.connect_seconds:
                self.close(KEEP_ALIVE, "no CONNECT in time")
        elif self._hello.keepalive and silent > 1.5 * self._hello.keepalive:
            self.close(KEEP_ALIVE, f"silent for 1.5 times its {self._hello.keepalive} s")
        elif self._frames.pending and silent > limits.stall_seconds:
            self.close(KEEP_ALIVE, "a packet stays unfinished")

    def close(self, code: int, why: str) -> None:
        """End the connection, telling the client why as far as its protocol can."""
        if self._closed is not None:
            return
        self._closed = self._loop.time()
        endpoint = self._endpoint
        endpoint.health.count("mqtt_refused", part=endpoint.name, why=WORDS.get(code, "other"))
        peer = self._transport.get_extra_info("peername")
        endpoint.note("closed %s of user %r: %s", peer, self.user, why)
        version = self._hello.version if self._hello else 4
        if self._welcome:
            if version == 5:
                self._transport.write(encode.disconnect(version, code, why))
        elif self._hello or code == UNSUPPORTED_VERSION:
            self._transport.write(encode.connack(version, code))
        self._part(with_will=not endpoint.closing)
        self._transport.close()

    def received(self, data: bytes) -> None:
        try:
            self._read(data)
        except ProtocolError as error:
            self.close(error.code, str(error))

    def _read(self, data: bytes) -> None:
        frames = self._frames.feed(data)
        if self._hello is None and self._frames.pending > self._limits.connect:
            raise ProtocolError(PACKET_TOO_LARGE, "CONNECT is too large")
        if frames:
            self._seen = self._loop.time()
            if self._publishing is None:
                self._meet(frames)
            else:
                self._take(frames, self._publishing)
        if not self._weigh(self._unfinished()):
            raise ProtocolError(QUOTA, "all clients together hold too many unfinished packets")

    def _unfinished(self) -> int:
        """Bytes that are kept until more come, or until it is clear who sent them. What waits
        for the inbox is booked elsewhere."""
        if self._publishing is None:
            return self._frames.pending + sum(len(frame.body) for frame in self._early)
        return self._frames.pending if self._turn is None else 0

    def _weigh(self, unfinished: int) -> bool:
        """Book the bytes of this client's unfinished packet; False: more than there is room."""
        endpoint, grown = self._endpoint, unfinished - self._partial
        self._partial = unfinished
        endpoint.partial += grown
        return grown <= 0 or endpoint.partial <= self._limits.held // 2

    def _meet(self, frames: list[Frame]) -> None:
        first, body = frames[0]
        if first != CONNECT << 4:
            raise ProtocolError(PROTOCOL, "the first packet is not CONNECT")
        if len(body) > self._limits.connect:
            raise ProtocolError(PACKET_TOO_LARGE, "CONNECT is too large")
        self._hello = decode_connect(body)
        self._early = frames[1:]
        self._wait_for(self._greet(self._hello), "mqtt greeting")

    async def _greet(self, hello: Connect) -> None:
        endpoint, limits = self._endpoint, self._limits
        certificate = self._transport.get_extra_info("peercert")
        try:
            welcome = await greet(self, hello, certificate, endpoint)
        except ProtocolError as error:
            self._turn = None
            self.close(error.code, str(error))
            return
        self._welcome, self.user = welcome, welcome.user
        self._rate = endpoint.rates.of(welcome.user, welcome.client_id, self._loop.time())
        self._publishing = Publishing(
            hello.version,
            endpoint.name,
            welcome.user,
            welcome.session.received,
            partial(endpoint.access.may_publish, welcome.user),
            self._denied,
            in_flight=limits.in_flight,
            aliases=limits.aliases,
        )
        self._transport.write(welcome.answer)
        self._turn = None
        early, self._early = self._early, []
        try:
            self._take(early, self._publishing)
        except ProtocolError as error:
            self.close(error.code, str(error))
        if self._turn is None:
            self._go_on()

    def _take(self, frames: list[Frame], publishing: Publishing) -> None:
        """Hand over what one read brought, and answer the rest."""
        receipt = Receipt(self._committed)
        for frame in frames:
            if frame.first >> 4 == PUBLISH:
                publishing.take(frame, receipt)
            else:
                self._answer(frame, publishing)
                if self._closed is not None:
                    break
        if receipt.items:
            self._hand_over(receipt)
        elif self._owed:
            self._owed[-1].acks += receipt.acks  # answers keep the order of their messages
        elif receipt.acks:
            self._transport.write(receipt.acks)
        if self._closed is not None and self._turn is None:
            self._transport.close()

    def _answer(self, frame: Frame, publishing: Publishing) -> None:
        kind, version = frame.kind, publishing.version
        if frame.first & 15 != FLAGS.get(kind, 0):
            raise ProtocolError(MALFORMED, "the flags of a packet are not what they must be")
        if kind == PINGREQ and not frame.body:
            self._transport.write(encode.PONG)
        elif kind == PUBREL:
            self._transport.write(publishing.release(frame))
        elif kind == SUBSCRIBE:
            number, filters = decode_subscribe(frame, version)
            self._endpoint.health.count("mqtt_subscriptions_refused", part=self._endpoint.name)
            self._transport.write(encode.refuse_subscription(version, number, len(filters)))
        elif kind == UNSUBSCRIBE:
            number, filters = decode_subscribe(frame, version)
            self._transport.write(encode.unsuback(version, number, len(filters)))
        elif kind == DISCONNECT:
            reason = decode_disconnect(frame, version)
            self._closed = self._loop.time()
            self._part(with_will=reason == WITH_WILL)
        else:
            raise ProtocolError(PROTOCOL, f"packet {kind} has no place here; only publish")

    def _hand_over(self, receipt: Receipt) -> None:
        endpoint = self._endpoint
        endpoint.health.count("mqtt_messages", len(receipt.items), part=endpoint.name)
        if receipt.acks:
            self._owed.append(receipt)
        pause = self._rate.debt(len(receipt.items), self._loop.time())
        taken = endpoint.inbox.offer(receipt.items, receipt if receipt.acks else None)
        if not taken or pause:
            waiting = None if taken else receipt
            self._wait_for(self._wait(waiting, pause), f"mqtt client {self.user}")

    async def _wait(self, receipt: Receipt | None, pause: float) -> None:
        """Until the inbox has taken *receipt*, and for *pause* seconds more."""
        endpoint = self._endpoint
        if receipt:
            size = receipt.bytes + self._frames.pending
            endpoint.wait(size)
            await endpoint.inbox.put(receipt.items, receipt if receipt.acks else None)
            endpoint.wait(-size)
        if pause:
            endpoint.rates.slow(self.user or "anonymous", endpoint.name, endpoint.health)
            await asyncio.sleep(pause)
        if self._closed is not None:
            self._transport.close()
        self._go_on()

    def _committed(self, receipt: Receipt) -> None:
        if self._publishing:
            self._publishing.committed(receipt)
        self._owed.remove(receipt)
        if not self._transport.is_closing():
            self._transport.write(receipt.acks)

    def _denied(self, topic: str) -> None:
        endpoint, who = self._endpoint, self.user or "anonymous"
        endpoint.health.count("mqtt_denied", part=endpoint.name, why=who)
        endpoint.note("user %r may not publish to %r", who, topic)

    def _part(self, *, with_will: bool) -> None:
        """Leave the endpoint's books, and publish the will if that is due."""
        if self._turn and self._welcome is None:
            self._turn.cancel()
        if not self._welcome or not self._hello:
            return
        endpoint, (user, client_id, session, _, kept) = self._endpoint, self._welcome
        endpoint.leave(self, client_id)
        endpoint.sessions.end(user, client_id, session, self._loop.time() + kept)
        will = self._hello.will
        if with_will and will:
            if not endpoint.access.may_publish(user, will.topic):
                self._denied(will.topic)
            elif not endpoint.inbox.offer(
                [Packet(will.topic, will.payload, endpoint.name, user)], None
            ):
                endpoint.health.count("mqtt_dropped", part=endpoint.name, why="will, inbox full")
