"""Packets of MQTT 3.1.1 and 5 (OASIS standards), understood. Pure; no I/O, no state.

`version` is what CONNECT says: 4 for MQTT 3.1.1, 5 for MQTT 5. Whatever is wrong with the
bytes is a `ProtocolError` with the MQTT 5 reason code to close with.
"""

import msgspec

from gateway.mqtt import properties as prop
from gateway.mqtt.properties import Properties
from gateway.mqtt.wire import (
    ALIAS_INVALID,
    CONNACK,
    MALFORMED,
    PROTOCOL,
    SUBACK,
    SUBSCRIBE,
    TOPIC_INVALID,
    UNSUPPORTED_VERSION,
    Frame,
    ProtocolError,
    binary,
    text,
    two,
)


class Will(msgspec.Struct, frozen=True):
    """What to publish for a client whose connection breaks."""

    topic: str
    payload: bytes


class Connect(msgspec.Struct, frozen=True, kw_only=True):
    """The first packet of a client. `keepalive` in seconds, 0 for none."""

    version: int
    client_id: str = ""
    clean: bool = True
    keepalive: int = 60
    user: str | None = None
    password: bytes | None = None
    will: Will | None = None
    properties: Properties = msgspec.field(default_factory=dict)


class Publish(msgspec.Struct, frozen=True, gc=False):
    """A message. `topic` is raw, and empty where an alias stands for it."""

    topic: bytes
    payload: bytes
    qos: int = 0
    packet_id: int = 0
    dup: bool = False
    retain: bool = False
    alias: int = 0


def decode_connect(body: bytes) -> Connect:
    name, at = binary(body, 0)
    if name not in (b"MQTT", b"MQIsdp") or at + 4 > len(body):
        raise ProtocolError(MALFORMED, "this is not MQTT")
    version, flags = body[at], body[at + 1]
    if name != b"MQTT" or version not in (4, 5):
        raise ProtocolError(UNSUPPORTED_VERSION, "MQTT 3.1.1 and 5 are spoken here")
    keepalive, at = two(body, at + 2)
    has_will, qos = flags & 4, flags >> 3 & 3
    if flags & 1 or qos == 3 or (not has_will and flags & 0x38):
        raise ProtocolError(MALFORMED, "the flags of CONNECT contradict each other")
    if version == 4 and flags & 0xC0 == 0x40:
        raise ProtocolError(MALFORMED, "a password without a user name")
    properties: Properties = {}
    if version == 5:
        properties, at = prop.decode(body, at, prop.IN_CONNECT)
    client_id, at = text(body, at)
    will: Will | None = None
    if has_will:
        will, at = _will(body, at, version)
    user: str | None = None
    password: bytes | None = None
    if flags & 0x80:
        user, at = text(body, at)
    if flags & 0x40:
        password, at = binary(body, at)
    if at != len(body):
        raise ProtocolError(MALFORMED, "bytes are left over behind CONNECT")
    return Connect(
        version=version,
        client_id=client_id,
        clean=bool(flags & 2),
        keepalive=keepalive,
        user=user,
        password=password,
        will=will,
        properties=properties,
    )


def _will(body: bytes, at: int, version: int) -> tuple[Will, int]:
    if version == 5:
        _, at = prop.decode(body, at, prop.IN_WILL)
    topic, at = text(body, at)
    payload, at = binary(body, at)
    check_topic(topic)
    return Will(topic, payload), at


def decode_publish(frame: Frame, version: int) -> Publish:
    first, body = frame
    size = len(body)
    if size < 2:
        raise ProtocolError(MALFORMED, "a packet is cut off")
    qos, packet_id, alias = first >> 1 & 3, 0, 0
    at = (body[0] << 8 | body[1]) + 2
    topic = body[2:at]
    if qos:
        if qos == 3:
            raise ProtocolError(MALFORMED, "QoS 3 does not exist")
        packet_id, at = two(body, at)
        if not packet_id:
            raise ProtocolError(PROTOCOL, "packet identifier 0")
    elif first & 8:
        raise ProtocolError(PROTOCOL, "DUP is set on QoS 0")
    if at > size or (version == 5 and at == size):
        raise ProtocolError(MALFORMED, "a packet is cut off")
    if version == 5:
        if body[at]:
            properties, at = prop.decode(body, at, prop.IN_PUBLISH)
            alias = _alias(properties)
        else:
            at += 1
    return Publish(topic, body[at:], qos, packet_id, first & 8 > 0, first & 1 > 0, alias)


def _alias(properties: Properties) -> int:
    alias = properties.get(prop.ALIAS)
    if alias == 0:
        raise ProtocolError(ALIAS_INVALID, "topic alias 0")
    return alias if isinstance(alias, int) else 0


def check_topic(topic: str) -> str:
    """*topic* when something may be published to it (section 4.7.3)."""
    if not topic or "+" in topic or "#" in topic:
        raise ProtocolError(TOPIC_INVALID, "a topic is empty or holds + or #")
    return topic


def decode_ack(frame: Frame, version: int) -> tuple[int, int]:
    """PUBACK, PUBREC, PUBREL or PUBCOMP -> packet identifier, reason code."""
    body = frame.body
    packet_id, at = two(body, 0)
    if not packet_id:
        raise ProtocolError(PROTOCOL, "packet identifier 0")
    if version == 4 and len(body) != 2:
        raise ProtocolError(MALFORMED, "bytes are left over behind a packet identifier")
    if at == len(body):
        return packet_id, 0
    code, at = body[at], at + 1
    if at < len(body):
        _, at = prop.decode(body, at, prop.IN_ACK)
    if at != len(body):
        raise ProtocolError(MALFORMED, "bytes are left over behind an acknowledgement")
    return packet_id, code


def decode_subscribe(frame: Frame, version: int) -> tuple[int, list[str]]:
    """SUBSCRIBE or UNSUBSCRIBE -> packet identifier, topic filters."""
    body = frame.body
    packet_id, at = two(body, 0)
    if not packet_id:
        raise ProtocolError(PROTOCOL, "packet identifier 0")
    if version == 5:
        _, at = prop.decode(body, at, prop.IN_SUBSCRIBE)
    filters: list[str] = []
    while at < len(body):
        name, at = text(body, at)
        filters.append(name)
        at += frame.kind == SUBSCRIBE
    if at != len(body) or not filters:
        raise ProtocolError(PROTOCOL, "a subscription without a topic, or cut off")
    return packet_id, filters


def decode_disconnect(frame: Frame, version: int) -> int:
    """The client's reason; 0 means a clean farewell that cancels its will."""
    body = frame.body
    if version == 4 and body:
        raise ProtocolError(MALFORMED, "DISCONNECT has a body")
    if len(body) > 1 and prop.decode(body, 1, prop.IN_DISCONNECT)[1] != len(body):
        raise ProtocolError(MALFORMED, "bytes are left over behind DISCONNECT")
    return body[0] if body else 0


def decode_connack(frame: Frame, version: int) -> tuple[int, bool, Properties]:
    """CONNACK -> reason code (0 is welcome), whether a session was kept, properties."""
    body = frame.body
    if frame.kind != CONNACK or len(body) < 2:
        raise ProtocolError(PROTOCOL, "CONNACK was expected")
    properties = prop.decode(body, 2, prop.IN_CONNACK)[0] if version == 5 and body[2:] else {}
    return body[1], bool(body[0] & 1), properties


def decode_suback(frame: Frame, version: int) -> tuple[int, list[int]]:
    """SUBACK -> packet identifier, the QoS granted to each filter (0x80 and more: refused)."""
    body = frame.body
    packet_id, at = two(body, 0)
    if version == 5:
        _, at = prop.decode(body, at, prop.IN_ACK)
    if frame.kind != SUBACK or at == len(body):
        raise ProtocolError(MALFORMED, "SUBACK says nothing")
    return packet_id, list(body[at:])
