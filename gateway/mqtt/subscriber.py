"""One connection to somebody else's broker: subscribes, and acknowledges what is on disk.

bytes --Frames--> packets of one read --one hand-over--> inbox ... commit ... receipt
                                                                                 |
broker <------------------ every PUBACK and PUBREC of that read, in order -------+

It does not come back by itself when it breaks: the supervisor of the source does that.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from gateway.mqtt import encode
from gateway.mqtt import properties as prop
from gateway.mqtt.line import Line
from gateway.mqtt.packets import Connect, decode_connack, decode_disconnect, decode_suback
from gateway.mqtt.publishing import Publishing, Receipt
from gateway.mqtt.wire import (
    CONNACK,
    DISCONNECT,
    FLAGS,
    MALFORMED,
    PINGRESP,
    PROTOCOL,
    PUBLISH,
    PUBREL,
    SUBACK,
    SUCCESS,
    UNSUPPORTED_VERSION,
    Frame,
    Frames,
    ProtocolError,
    word,
)
from gateway.ports import Health, Inbox, Retry

STALL = 120.0
"""Seconds that one packet may take to arrive."""
_SUBSCRIPTION = 1
"""The packet identifier of the one SUBSCRIBE."""


class Refused(Retry):
    """The broker does not let us in. `code` as CONNACK says it; hanging up without an answer is
    how old brokers say that they do not know the version."""

    def __init__(self, code: int) -> None:
        super().__init__(f"refused: {word(code)}")
        self.code = code


class Subscriber(Line):
    """Speaks first, in `connection_made`. `kept` is whether the broker remembers us."""

    def __init__(
        self,
        name: str,
        hello: Connect,
        publishing: Publishing,
        largest: int,
        inbox: Inbox,
        health: Health,
        tasks: asyncio.TaskGroup,
    ) -> None:
        super().__init__(tasks)
        self._name, self._hello, self._publishing = name, hello, publishing
        self._inbox, self._health = inbox, health
        self._frames = Frames(largest)
        self._owed: deque[Receipt] = deque()
        self._granted: list[int] | None = None
        self._failure: Retry | None = None
        self._changed = asyncio.Event()
        self._keepalive = float(hello.keepalive)
        self._heard = self._asked = self._loop.time()
        """When any byte came; when we last said PINGREQ."""
        self.kept: bool | None = None

    async def welcome(self) -> None:
        """CONNACK has come. Raises `Refused`."""
        await self._until(lambda: self.kept is not None)

    async def subscribe(self, filters: Sequence[tuple[str, int]]) -> list[int]:
        """Ask for *filters*, each with its QoS; the broker's answer to each (0x80 and more: no)."""
        self._transport.write(encode.subscribe(self._hello.version, _SUBSCRIPTION, filters))
        await self._until(lambda: self._granted is not None)
        return self._granted or []

    async def hold(self, tick: Callable[[], None]) -> None:
        """Keep the connection alive, and call *tick* once a second; ends with `Retry`."""
        while True:
            try:
                async with asyncio.timeout(1.0):
                    await self._until(lambda: False)
            except TimeoutError:
                self._check(self._loop.time())
                tick()

    async def leave(self, seconds: float) -> None:
        """Read no more, wait at most *seconds* for the commits that are owed, say goodbye."""
        self.stop("leaving")
        try:
            async with asyncio.timeout(seconds):
                await self._until(lambda: not self._owed)
        except (TimeoutError, Retry):
            pass  # the broker sends again what it was not told about
        self.close(SUCCESS, "we leave")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._transport.write(encode.connect(self._hello))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        why = f": {exc}" if exc else ""
        hung_up = Refused(UNSUPPORTED_VERSION) if self.kept is None else None
        self._fail(hung_up or Retry(f"the connection broke{why}"))

    def close(self, code: int, why: str) -> None:
        """End the connection; the broker keeps the session."""
        self._fail(Retry(why))
        if self._closed is None:
            self._closed = self._loop.time()
            if self.kept is not None:
                self._transport.write(encode.disconnect(self._hello.version, code))
            self._transport.close()

    def received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        try:
            frames = self._frames.feed(data)
            if frames:
                self._seen = self._heard
                self._take(frames)
        except ProtocolError as error:
            self.close(error.code, f"the broker breaks the protocol: {error}")

    def _take(self, frames: list[Frame]) -> None:
        receipt, publishing = Receipt(self._committed), self._publishing
        for frame in frames:
            if frame.first >> 4 == PUBLISH and self.kept is not None:
                publishing.take(frame, receipt)
            else:
                self._answer(frame)
        if receipt.items:
            self._hand_over(receipt)
        elif receipt.acks:
            publishing.committed(receipt)  # there is nothing of it to keep
            if self._owed:
                self._owed[-1].acks += receipt.acks  # answers keep the order of their messages
            else:
                self._say(receipt.acks)

    def _answer(self, frame: Frame) -> None:
        kind, version = frame.kind, self._hello.version
        if frame.first & 15 != FLAGS.get(kind, 0):
            raise ProtocolError(MALFORMED, "the flags of a packet are not what they must be")
        if kind == CONNACK and self.kept is None:
            self._welcomed(frame)
        elif self.kept is None:
            raise ProtocolError(PROTOCOL, f"packet {kind} before CONNACK")
        elif kind == PUBREL:
            self._say(self._publishing.release(frame))
        elif kind == SUBACK and self._granted is None:
            number, self._granted = decode_suback(frame, version)
            if number != _SUBSCRIPTION:
                raise ProtocolError(PROTOCOL, f"SUBACK for {number}, which was not asked")
            self._changed.set()
        elif kind == DISCONNECT and version == 5:
            code = decode_disconnect(frame, version)
            self.close(SUCCESS, f"the broker hangs up: {word(code)}")
        elif kind != PINGRESP or frame.body:
            raise ProtocolError(PROTOCOL, f"packet {kind} has no place here")

    def _welcomed(self, frame: Frame) -> None:
        code, kept, properties = decode_connack(frame, self._hello.version)
        if code:
            self._fail(Refused(code))
            self._transport.close()
            return
        if not kept:
            self._publishing.forget()
        theirs = properties.get(prop.SERVER_KEEP_ALIVE)
        self._keepalive = float(theirs) if isinstance(theirs, int) else self._keepalive
        self.kept = kept
        self._changed.set()

    def _hand_over(self, receipt: Receipt) -> None:
        self._health.count("mqtt_messages", len(receipt.items), part=self._name)
        if receipt.acks:
            self._owed.append(receipt)
        if not self._inbox.offer(receipt.items, receipt if receipt.acks else None):
            self._wait_for(self._wait(receipt), f"{self._name} waits")

    async def _wait(self, receipt: Receipt) -> None:
        """Until the inbox has taken *receipt*; meanwhile nothing is read."""
        await self._inbox.put(receipt.items, receipt if receipt.acks else None)
        self._go_on()

    def _committed(self, receipt: Receipt) -> None:
        self._publishing.committed(receipt)
        self._owed.remove(receipt)
        self._say(receipt.acks)
        if not self._owed:
            self._changed.set()

    def _say(self, data: bytes | bytearray) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def _check(self, now: float) -> None:
        """Ask whether the broker is there, and give it up when it does not say so: it hangs, or
        the line is cut and nobody told us (half-open)."""
        patience = self._keepalive
        if patience and now - self._asked >= patience:
            self._asked = now
            self._say(encode.PING)
        if "deaf" in self._stops:
            if now - self._deaf > 2 * (patience or STALL):
                self._give_up("it does not read our acknowledgements")
        elif self._stops:
            self._heard = now  # what it says waits until there is room
        elif patience and now - self._heard > 2 * patience:
            self._give_up(f"it is silent for {now - self._heard:.0f} s")
        elif self._frames.pending and now - self._seen > STALL:
            self._give_up("a packet stays unfinished")

    def _give_up(self, why: str) -> None:
        self._fail(Retry(f"the broker is given up: {why}"))
        self.abort()

    def _fail(self, failure: Retry) -> None:
        self._failure = self._failure or failure
        self._changed.set()

    async def _until(self, done: Callable[[], bool]) -> None:
        """Wait for *done*; raises what ended the connection."""
        while not done():
            if self._failure:
                raise self._failure
            self._changed.clear()
            await self._changed.wait()
