"""The messages of one client: what is let in, what is answered, what is still owed. No I/O."""

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
    """What one read of a client brought. Called when it is on disk: then, and only then, the
    client is told."""

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
    """Of one client.

    *received* are the QoS 2 identifiers that are on disk and not yet released; they outlive
    the connection. *allowed* says whether the client may publish to a topic, *denied* is told
    of each message that it may not. *in_flight* and *aliases* are the endpoint's limits.
    """

    def __init__(  # noqa: PLR0913 - the client's side of the contract
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
                self._add(topic, message.payload, receipt)
        elif message.qos == 1:
            self._take_one(message, topic, welcome, receipt)
        else:
            self._take_two(message, topic, welcome, receipt)

    def _add(self, topic: str, payload: bytes, receipt: Receipt) -> None:
        receipt.items.append(Packet(topic, payload, self._source, self._sender))
        receipt.bytes += len(payload)

    def _take_one(self, message: Publish, topic: str, welcome: bool, receipt: Receipt) -> None:
        if not welcome:
            receipt.acks += acknowledge(PUBACK, message.packet_id, self._code(NOT_AUTHORIZED))
            return
        self._ones += 1
        if self.version == 5 and self._ones + len(self._twos) > self._in_flight:
            raise ProtocolError(TOO_MANY_IN_FLIGHT, "more messages than the receive maximum")
        self._add(topic, message.payload, receipt)
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
            self._add(topic, message.payload, receipt)
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
