"""The properties of MQTT 5 packets (OASIS MQTT 5.0, section 2.2.2). Pure; no I/O.

length (variable byte integer) | id | value | id | value | ...
"""

from collections.abc import Mapping

from gateway.mqtt.wire import MALFORMED, PROTOCOL, ProtocolError, binary, text, variable, vary

Value = int | str | bytes | tuple[str, str]
Properties = dict[int, Value]
"""By the identifier of section 2.2.2.2. Of a repeated user property the last one is kept."""

PAYLOAD_FORMAT, EXPIRY, CONTENT_TYPE, RESPONSE_TOPIC, CORRELATION = 1, 2, 3, 8, 9
SESSION_EXPIRY, ASSIGNED_CLIENT, SERVER_KEEP_ALIVE, METHOD, METHOD_DATA = 17, 18, 19, 21, 22
PROBLEM_INFO, WILL_DELAY, RESPONSE_INFO, RESPONSE_GIVEN, SERVER_REFERENCE = 23, 24, 25, 26, 28
REASON, RECEIVE_MAXIMUM, ALIAS_MAXIMUM, ALIAS = 31, 33, 34, 35
MAXIMUM_QOS, RETAIN_AVAILABLE, USER, MAXIMUM_PACKET, WILDCARDS = 36, 37, 38, 39, 40
SUBSCRIPTION_IDS, SHARED = 41, 42

_BYTE, _TWO, _FOUR, _VARIABLE, _TEXT, _BINARY, _PAIR = range(7)
_WIDTH = {_BYTE: 1, _TWO: 2, _FOUR: 4}
_TYPES = {
    **dict.fromkeys((1, 23, 25, 36, 37, 40, 41, 42), _BYTE),
    **dict.fromkeys((19, 33, 34, 35), _TWO),
    **dict.fromkeys((2, 17, 24, 39), _FOUR),
    **dict.fromkeys((3, 8, 18, 21, 26, 28, 31), _TEXT),
    **dict.fromkeys((9, 22), _BINARY),
    11: _VARIABLE,
    USER: _PAIR,
}

IN_CONNECT = frozenset({17, 21, 22, 23, 25, 33, 34, 38, 39})
IN_WILL = frozenset({1, 2, 3, 8, 9, 24, 38})
IN_PUBLISH = frozenset({1, 2, 3, 8, 9, 35, 38})
IN_ACK = frozenset({31, 38})
IN_SUBSCRIBE = frozenset({11, 38})
IN_DISCONNECT = frozenset({17, 28, 31, 38})
IN_CONNACK = frozenset({17, 18, 19, 21, 22, 26, 28, 31, 33, 34, 36, 37, 38, 39, 40, 41, 42})
_NOT_ZERO = frozenset({RECEIVE_MAXIMUM, MAXIMUM_PACKET})
_FLAGS = frozenset({1, 23, 25, 36, 37, 40, 41, 42})


def decode(body: bytes, at: int, allowed: frozenset[int]) -> tuple[Properties, int]:
    """The properties that begin at *at*, and the offset behind them.

    Raises `ProtocolError` for an unknown, misplaced, repeated or cut-off property.
    """
    length, at = variable(body, at)
    end = at + length
    if end > len(body):
        raise ProtocolError(MALFORMED, "properties run past the end of the packet")
    found: Properties = {}
    while at < end:
        key = body[at]
        if key not in allowed:
            raise ProtocolError(PROTOCOL, f"property {key} has no place in this packet")
        if key in found and key != USER:
            raise ProtocolError(PROTOCOL, f"property {key} is given twice")
        found[key], at = _value(body, at + 1, _TYPES[key])
        if (key in _NOT_ZERO and not found[key]) or (key in _FLAGS and found[key] not in (0, 1)):
            raise ProtocolError(PROTOCOL, f"property {key} may not be {found[key]!r}")
    if at != end:
        raise ProtocolError(MALFORMED, "a property runs past the end of the properties")
    return found, at


def _value(body: bytes, at: int, kind: int) -> tuple[Value, int]:
    if width := _WIDTH.get(kind):
        if at + width > len(body):
            raise ProtocolError(MALFORMED, "a property is cut off")
        return int.from_bytes(body[at : at + width], "big"), at + width
    if kind == _TEXT:
        return text(body, at)
    if kind == _BINARY:
        return binary(body, at)
    if kind == _VARIABLE:
        return variable(body, at)
    name, at = text(body, at)
    value, at = text(body, at)
    return (name, value), at


def encode(properties: Mapping[int, Value]) -> bytes:
    """The bytes of *properties*, with their length in front."""
    body = b"".join(bytes((key,)) + _bytes(key, value) for key, value in properties.items())
    return vary(len(body)) + body


def _bytes(key: int, value: Value) -> bytes:
    if isinstance(value, int):
        width = _WIDTH.get(_TYPES[key])
        return value.to_bytes(width, "big") if width else vary(value)
    parts = value if isinstance(value, tuple) else (value,)
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(2, "big") + part for part in raw)
