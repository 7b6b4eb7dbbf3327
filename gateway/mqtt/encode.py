"""Packets of MQTT 3.1.1 and 5, as bytes: what the gateway's endpoint answers, and what a client
of a broker sends. `version` is 4 for MQTT 3.1.1, 5 for MQTT 5.
"""

from collections.abc import Mapping, Sequence

from gateway.mqtt import properties as prop
from gateway.mqtt.packets import Connect, Publish
from gateway.mqtt.properties import Value
from gateway.mqtt.wire import (
    BAD_CREDENTIALS,
    BUSY,
    CLIENT_ID_INVALID,
    CONNACK,
    CONNECT,
    DISCONNECT,
    FLAGS,
    NO_SUBSCRIPTION,
    NOT_AUTHORIZED,
    PINGREQ,
    PINGRESP,
    PUBLISH,
    SUBACK,
    SUBSCRIBE,
    UNSUBACK,
    UNSUPPORTED_VERSION,
    prefixed,
    vary,
)

_V3_CONNACK = {
    UNSUPPORTED_VERSION: 1,
    CLIENT_ID_INVALID: 2,
    BUSY: 3,
    BAD_CREDENTIALS: 4,
    NOT_AUTHORIZED: 5,
}


def connack(
    version: int,
    code: int = 0,
    *,
    kept: bool = False,
    properties: Mapping[int, Value] | None = None,
) -> bytes:
    """*code* is a reason of MQTT 5; a 3.1.1 client is told the nearest of its own."""
    if version == 5:
        return packet(CONNACK, bytes((kept, code)) + prop.encode(properties or {}))
    return packet(CONNACK, bytes((kept, _V3_CONNACK.get(code, 5) if code else 0)))


def acknowledge(kind: int, packet_id: int, code: int = 0) -> bytes:
    """PUBACK, PUBREC, PUBREL or PUBCOMP; give a *code* to MQTT 5 clients only.

    >>> PUBACK, PUBREL = 4, 6
    >>> acknowledge(PUBACK, 10).hex(), acknowledge(PUBREL, 10, 0x92).hex()
    ('4002000a', '6203000a92')
    """
    number = packet_id.to_bytes(2, "big")
    return packet(kind, number + bytes((code,)) if code else number)


def refuse_subscription(version: int, packet_id: int, filters: int) -> bytes:
    """SUBACK that grants none of the *filters*."""
    codes = bytes((NOT_AUTHORIZED if version == 5 else 0x80,)) * filters
    return packet(SUBACK, packet_id.to_bytes(2, "big") + b"\0" * (version == 5) + codes)


def unsuback(version: int, packet_id: int, filters: int) -> bytes:
    codes = b"\0" + bytes((NO_SUBSCRIPTION,)) * filters if version == 5 else b""
    return packet(UNSUBACK, packet_id.to_bytes(2, "big") + codes)


def disconnect(version: int, code: int = 0, why: str = "") -> bytes:
    """Only MQTT 5 has a DISCONNECT with a reason."""
    if version != 5:
        return packet(DISCONNECT, b"")
    return packet(DISCONNECT, bytes((code,)) + prop.encode({prop.REASON: why} if why else {}))


def connect(hello: Connect) -> bytes:
    """The client's first packet; its will is sent with QoS 1."""
    flags = 2 * hello.clean + 128 * (hello.user is not None) + 64 * (hello.password is not None)
    v5, will = hello.version == 5, hello.will
    body = prefixed("MQTT") + bytes((hello.version, flags + 12 * (will is not None)))
    body += hello.keepalive.to_bytes(2, "big") + (prop.encode(hello.properties) if v5 else b"")
    body += prefixed(hello.client_id)
    if will:
        body += b"\0" * v5 + prefixed(will.topic) + prefixed(will.payload)
    for part in (hello.user, hello.password):
        body += b"" if part is None else prefixed(part)
    return packet(CONNECT, body)


def publish(version: int, message: Publish) -> bytes:
    flags = message.dup << 3 | message.qos << 1 | message.retain
    number = message.packet_id.to_bytes(2, "big") if message.qos else b""
    known = prop.encode({prop.ALIAS: message.alias} if message.alias else {})
    body = prefixed(message.topic) + number + known * (version == 5) + message.payload
    return bytes((PUBLISH << 4 | flags,)) + vary(len(body)) + body


def subscribe(version: int, packet_id: int, filters: Sequence[tuple[str, int]]) -> bytes:
    """*filters* with the QoS of each. MQTT 5 brings retained messages with a new session only,
    and not with each reconnection."""
    once = 0x10 if version == 5 else 0
    body = b"".join(prefixed(name) + bytes((qos | once,)) for name, qos in filters)
    return packet(SUBSCRIBE, packet_id.to_bytes(2, "big") + b"\0" * (version == 5) + body)


def packet(kind: int, body: bytes) -> bytes:
    return bytes((kind << 4 | FLAGS.get(kind, 0),)) + vary(len(body)) + body


PING, PONG = packet(PINGREQ, b""), packet(PINGRESP, b"")
