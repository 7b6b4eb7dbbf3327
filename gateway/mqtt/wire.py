"""The smallest parts of MQTT on the wire: numbers, strings, and where a packet ends.

    a packet: 1 byte kind << 4 | flags, 1..4 bytes length of the body, body

Pure; no I/O, no state but the unfinished packet at the end of a stream.
"""

from typing import NamedTuple

# Kinds of packets.
CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = range(8, 16)

FLAGS = {PUBREL: 2, SUBSCRIBE: 2, UNSUBSCRIBE: 2}
"""The low four bits of the first byte, where they are fixed and not 0."""

# Reason codes of MQTT 5 (section 2.4) that this gateway gives.
SUCCESS = 0x00
NO_SUBSCRIPTION = 0x11
UNSPECIFIED = 0x80
MALFORMED = 0x81
PROTOCOL = 0x82
UNSUPPORTED_VERSION = 0x84
CLIENT_ID_INVALID = 0x85
BAD_CREDENTIALS = 0x86
NOT_AUTHORIZED = 0x87
BUSY = 0x89
SHUTTING_DOWN = 0x8B
BAD_METHOD = 0x8C
KEEP_ALIVE = 0x8D
TAKEN_OVER = 0x8E
TOPIC_INVALID = 0x90
UNKNOWN_PACKET_ID = 0x92
TOO_MANY_IN_FLIGHT = 0x93
ALIAS_INVALID = 0x94
PACKET_TOO_LARGE = 0x95
QUOTA = 0x97

WORDS = {
    1: "unsupported version",
    2: "client id not valid",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorized",
    UNSPECIFIED: "unspecified",
    MALFORMED: "malformed packet",
    PROTOCOL: "protocol error",
    UNSUPPORTED_VERSION: "unsupported version",
    CLIENT_ID_INVALID: "client id not valid",
    BAD_CREDENTIALS: "bad user name or password",
    NOT_AUTHORIZED: "not authorized",
    0x88: "server unavailable",
    BUSY: "too many connections",
    0x8A: "banned",
    SHUTTING_DOWN: "shutting down",
    BAD_METHOD: "bad authentication method",
    KEEP_ALIVE: "silent for too long",
    TAKEN_OVER: "session taken over",
    TOPIC_INVALID: "topic not valid",
    TOO_MANY_IN_FLIGHT: "too many unacknowledged messages",
    ALIAS_INVALID: "topic alias not valid",
    PACKET_TOO_LARGE: "packet too large",
    QUOTA: "quota exceeded",
}
"""The same for counters and for people; 1 to 5 are the return codes of CONNACK in 3.1.1."""

LONGEST = 268_435_455
"""The most that a variable byte integer can say: four bytes of seven bits."""


def word(code: int) -> str:
    """A reason that another side gave, for people.

    >>> word(0x97), word(0xA2)
    ('quota exceeded (0x97)', 'reason (0xa2)')
    """
    return f"{WORDS.get(code, 'reason')} (0x{code:02x})"


class ProtocolError(Exception):
    """The other side broke the protocol. `code` is the MQTT 5 reason to close with."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


def variable(body: bytes, at: int) -> tuple[int, int]:
    """A variable byte integer (section 1.5.5) and the offset behind it."""
    value = 0
    for place in range(4):
        if at + place >= len(body):
            break
        byte = body[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            if place and not byte:
                raise ProtocolError(MALFORMED, "a length is written with more bytes than needed")
            return value, at + place + 1
    raise ProtocolError(MALFORMED, "a length is cut off or longer than four bytes")


def vary(value: int) -> bytes:
    """*value* as a variable byte integer.

    >>> vary(127), vary(128), vary(268_435_455)
    (b'\\x7f', b'\\x80\\x01', b'\\xff\\xff\\xff\\x7f')
    """
    if not 0 <= value <= LONGEST:
        raise ValueError(f"{value} does not fit into a variable byte integer")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def two(body: bytes, at: int) -> tuple[int, int]:
    """A two-byte integer and the offset behind it."""
    if at + 2 > len(body):
        raise ProtocolError(MALFORMED, "a packet is cut off")
    return body[at] << 8 | body[at + 1], at + 2


def binary(body: bytes, at: int) -> tuple[bytes, int]:
    """Bytes with their two-byte length in front, and the offset behind them."""
    length, at = two(body, at)
    end = at + length
    if end > len(body):
        raise ProtocolError(MALFORMED, "a string runs past the end of the packet")
    return body[at:end], end


def text(body: bytes, at: int) -> tuple[str, int]:
    """A UTF-8 string with its two-byte length in front, and the offset behind it."""
    raw, at = binary(body, at)
    return utf8(raw), at


def utf8(raw: bytes) -> str:
    """*raw* as text; MQTT forbids bad UTF-8, surrogates and U+0000 (section 1.5.4)."""
    try:
        found = raw.decode()
    except UnicodeDecodeError:
        raise ProtocolError(MALFORMED, "a string is not UTF-8") from None
    if "\0" in found:
        raise ProtocolError(MALFORMED, "a string holds U+0000")
    return found


def prefixed(raw: str | bytes) -> bytes:
    """*raw* with its two-byte length in front.

    >>> prefixed("a/b")
    b'\\x00\\x03a/b'
    """
    found = raw.encode() if isinstance(raw, str) else raw
    if len(found) > 0xFFFF:
        raise ValueError("a string of MQTT has at most 65,535 bytes")
    return len(found).to_bytes(2, "big") + found


class Frame(NamedTuple):
    """One whole packet, not yet understood."""

    first: int
    body: bytes

    @property
    def kind(self) -> int:
        return self.first >> 4


class Frames:
    """Cuts a stream into packets. Keeps at most one unfinished packet of at most *limit* bytes.

    >>> Frames(100).feed(bytes([0xC0, 0, 0xE0, 0, 0x30]))
    [Frame(first=192, body=b''), Frame(first=224, body=b'')]
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._rest = bytearray()
        self._needed = 0

    @property
    def pending(self) -> int:
        """Bytes kept of an unfinished packet."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[Frame]:
        """Every packet that *data* completes, in order."""
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:
                return []
            data = bytes(self._rest)
            self._rest.clear()
        found: list[Frame] = []
        at, size, limit = 0, len(data), self.limit
        while size - at >= 2:
            length, start = data[at + 1], at + 2
            if length > 0x7F:
                length, start = self._length(data, at + 1)
            if length > limit:
                raise ProtocolError(
                    PACKET_TOO_LARGE, f"a packet of {length} bytes; at most {limit} are taken"
                )
            end = start + length
            if not start or end > size:
                break
            found.append(Frame(data[at], data[start:end]))
            at = end
        if at < size:
            self._keep(data, at)
        return found

    def _keep(self, data: bytes, at: int) -> None:
        self._rest += data[at:]
        length, start = self._length(self._rest, 1)
        self._needed = start + length if start else len(self._rest) + 1

    @staticmethod
    def _length(data: bytes | bytearray, at: int) -> tuple[int, int]:
        """The remaining length at *at* and the offset behind it, which is 0 while unfinished."""
        value = 0
        for place in range(4):
            if at + place >= len(data):
                return 0, 0
            byte = data[at + place]
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return value, at + place + 1
        raise ProtocolError(MALFORMED, "a remaining length of more than four bytes")
