"""The messages of one connection: what is let in, what is answered, what is still owed. No I/O.

The other side is a device at our endpoint, or a broker to which we subscribed.
"""

from collections.abc import Callable

from gateway.model import Packet
from gateway.mqtt.encode import acknowledge
from gateway.mqtt.packets import Publish, check_topic, decode_ack, decode_publish
from gateway.mqtt.wire import (
    ALIAS_INVALID,
    NOT_AUTHORIZED,
    PUBACK,
    PUBCOMP,
    PUBREC,
    TOO_MANY_IN_FLIGHT,
    UNKNOWN_PACKET_ID,
    Frame,
    ProtocolError,
    utf8,
)

TOPICS_KNOWN = 1000
"""Topics of one client whose check is remembered."""


class Receipt:
    """What one read brought. Called when it is on disk: then, and only then, the other side is
    told."""

    __slots__ = ("_tell", "acks", "bytes", "items", "ones", "twos")

    def __init__(self, tell: "Callable[[Receipt], None]") -> None:
        self._tell = tell
        self.items: list[Packet] = []
        self.acks = bytearray()
        self.bytes = 0
        self.ones = 0
        """QoS 1 messages."""
        self.twos: list[int] = []
        """Packet identifiers of QoS 2 messages."""

    def __call__(self) -> None:
        self._tell(self)


class Publishing:
    """Of one publisher.

    *received* are the QoS 2 identifiers that are on disk and not yet released; they outlive
    the connection. *allowed* says whether it may publish to a topic, *denied* is told of each
    message that it may not. *in_flight* and *aliases* are our limits.
    """

    def __init__(  # noqa: PLR0913 - the publisher's side of the contract
        self,
        version: int,
        source: str,
        sender: str,
        received: set[int],
        allowed: Callable[[str], bool],
        denied: Callable[[str], None],
        *,
        in_flight: int,
        aliases: int,
    ) -> None:
        self.version, self._source, self._sender = version, source, sender
        self._received, self._allowed, self._denied = received, allowed, denied
        self._in_flight, self._most_aliases = in_flight, aliases
        self._topics: dict[bytes, tuple[str, bool]] = {}
        self._aliases: dict[int, bytes] = {}
        self._twos = set(received)
        """QoS 2 identifiers in use: waiting for the commit, or for PUBREL."""
        self._ones = 0

    def take(self, frame: Frame, receipt: Receipt) -> None:
        """Add one PUBLISH to *receipt*: the item, and the answer that it will get."""
        message = decode_publish(frame, self.version)
        raw = message.topic if not message.alias else self._unalias(message)
        topic, welcome = self._topics.get(raw) or self._check(raw)
        if not welcome:
            self._denied(topic)
        if message.qos == 0:
            if welcome:
                self._add(topic, message, receipt)
        elif message.qos == 1:
            self._take_one(message, topic, welcome, receipt)
        else:
            self._take_two(message, topic, welcome, receipt)

    def _add(self, topic: str, message: Publish, receipt: Receipt) -> None:
        receipt.items.append(Packet(topic, message.payload, self._source, self._sender))
        receipt.bytes += len(message.payload)

    def _take_one(self, message: Publish, topic: str, welcome: bool, receipt: Receipt) -> None:
        if not welcome:
            receipt.acks += acknowledge(PUBACK, message.packet_id, self._code(NOT_AUTHORIZED))
            return
        self._ones += 1
        if self.version == 5 and self._ones + len(self._twos) > self._in_flight:
            raise ProtocolError(TOO_MANY_IN_FLIGHT, "more messages than the receive maximum")
        self._add(topic, message, receipt)
        receipt.ones += 1
        receipt.acks += b"\x40\x02" + message.packet_id.to_bytes(2, "big")

    def _take_two(self, message: Publish, topic: str, welcome: bool, receipt: Receipt) -> None:
        number = message.packet_id
        if number in self._received:
            receipt.acks += acknowledge(PUBREC, number)
        elif number in self._twos:
            return  # sent again before the commit; its PUBREC is on its way
        elif not welcome:
            receipt.acks += acknowledge(PUBREC, number, self._code(NOT_AUTHORIZED))
        else:
            self._twos.add(number)
            if len(self._twos) > self._in_flight:
                raise ProtocolError(TOO_MANY_IN_FLIGHT, "too many QoS 2 messages not released")
            self._add(topic, message, receipt)
            receipt.twos.append(number)
            receipt.acks += acknowledge(PUBREC, number)

    def committed(self, receipt: Receipt) -> None:
        """*receipt* is on disk; a QoS 2 message sent again from now on is not taken twice."""
        self._ones -= receipt.ones
        self._received.update(receipt.twos)

    def release(self, frame: Frame) -> bytes:
        """PUBREL -> PUBCOMP: the client knows, its identifier is free again."""
        number, _ = decode_ack(frame, self.version)
        known = number in self._received
        self._received.discard(number)
        self._twos.discard(number)
        return acknowledge(PUBCOMP, number, 0 if known else self._code(UNKNOWN_PACKET_ID))

    def forget(self) -> None:
        """The other side has begun a new session."""
        self._received.clear()
        self._twos.clear()

    def _code(self, code: int) -> int:
        return code if self.version == 5 else 0

    def _unalias(self, message: Publish) -> bytes:
        if message.alias > self._most_aliases:
            raise ProtocolError(ALIAS_INVALID, "a topic alias above the maximum")
        if message.topic:
            self._aliases[message.alias] = message.topic
            return message.topic
        if message.alias not in self._aliases:
            raise ProtocolError(ALIAS_INVALID, "a topic alias that stands for nothing")
        return self._aliases[message.alias]

    def _check(self, raw: bytes) -> tuple[str, bool]:
        topic = check_topic(utf8(raw))
        if len(self._topics) >= TOPICS_KNOWN:
            self._topics.clear()
        found = self._topics[raw] = topic, self._allowed(topic)
        return found


class Subscribed(Publishing):
    """Of a broker. It says which messages it had kept, it speaks for many, and it would send a
    message that we do not answer again for ever: so a topic that cannot be is denied, and what
    *admit* does not let in is acknowledged and left out."""

    def __init__(
        self,
        version: int,
        source: str,
        received: set[int],
        admit: Callable[[Packet], bool],
        denied: Callable[[str], None],
        *,
        in_flight: int,
    ) -> None:
        super().__init__(
            version, source, "", received, _all, denied, in_flight=in_flight, aliases=0
        )
        self._admit = admit

    def _add(self, topic: str, message: Publish, receipt: Receipt) -> None:
        packet = Packet(topic, message.payload, self._source, "", message.retain)
        if self._admit(packet):
            receipt.items.append(packet)

    def _check(self, raw: bytes) -> tuple[str, bool]:
        try:
            return super()._check(raw)
        except ProtocolError:
            return repr(raw)[:100], False


def _all(topic: str) -> bool:
    return True
