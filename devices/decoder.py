"""Packet -> readings: recognise the dialect, find the values, bring them to canonical form, and
say whose they are. No bytes, whatever they are, make it raise or change what follows.

    zigbee2mqtt/bin-3  {"temperature":NaN,"battery":"80.00"}
      --recognise--> zigbee2mqtt --decode--> temperature nan, battery "80.00"
      --normalise--> battery 80 %   (temperature refused: not_a_number)
      --registry---> Reading(device="bin-3", quantity="battery", value=80.0, unit="%")
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any, Literal, NamedTuple

import msgspec

import devices.codecs
from devices.codec import Codec, Ignored, Malformed, Message, Value
from devices.normaliser import Found, Normaliser, Unknown
from devices.plan import Plans
from devices.plausibility import Plausibility
from devices.recent import Recent
from devices.registry import Admission, DeviceSpec, Registry
from gateway.model import Duration, Millis, Packet, Place, Reading, Subject
from gateway.plugins import constants

__all__ = ["Decoded", "Decoder", "Unknown", "codecs"]

MAX_BYTES = 8 << 20
"""A larger payload is not looked at."""
LATE = Duration.parse("15m")
"""Measured longer ago than this: stored and forwarded, shown to no rule."""
REPEATED = Duration.parse("1s")
"""The same bytes on the same topic within this are one message: a redelivery, a button that
sends fifty frames. MQTT's DUP flag says nothing about it."""

_BLANK = b" \t\r\n\0"

_BROKEN = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a codec with a mistake in it raises on data that its author did not think of. It must not
take the gateway down: a retained message would do so again after each restart. Tests call the
codecs directly, where such a mistake is visible."""

Status = Literal["ok", "ignored", "malformed"]


class Decoded(NamedTuple):
    """What became of one packet."""

    status: Status
    reason: str = ""
    """In words: why it is ignored or malformed, or what of it was refused."""
    dialect: str = ""
    readings: tuple[Reading, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    rejected: tuple[str, ...] = ()
    """One of few words per value that was left out, for counting."""


class Decoder:
    """All dialects, and the memory that some of them need."""

    def __init__(
        self,
        devices: Sequence[DeviceSpec] = (),
        place: Place = Place(),  # noqa: B008 - frozen, so one for all is safe
        zone: tzinfo = UTC,
        admissions: Sequence[Admission] = (),
        repeated: Duration = REPEATED,
        late: Duration = LATE,
    ) -> None:
        plausibility = Plausibility()
        self._registry = Registry(devices, place, admissions)
        self._normaliser = Normaliser(self._registry, late, plausibility)
        self._plans = Plans(zone, late, plausibility)
        self._zone, self._repeated = zone, repeated
        self._codecs = codecs()
        self._memories: dict[str, Recent[str, Any]] = {name: Recent() for name in self._codecs}
        self._candidates: Recent[str, list[Codec]] = Recent()
        self._last: Recent[str, tuple[int, Millis]] = Recent(limit=20_000)

    def decode(self, packet: Packet, at: Millis, model: str = "") -> Decoded:
        """What *packet*, which arrived at *at*, says. *model* is what an installer would enter in
        devices.yaml for its device. Never raises."""
        needless = self._sift(packet, at)
        if needless is not None:
            return needless
        planned = self._plans.readings(packet, at)
        if planned is not None:
            return Decoded("ok", "", *planned)
        return self._read(packet, at, model)

    def _read(self, packet: Packet, at: Millis, model: str) -> Decoded:
        """The long way: any message whatever."""
        spec = self._registry.at(packet.topic)
        message = Message(
            packet.topic,
            packet.payload,
            packet.retained,
            at,
            self._zone,
            frozenset(spec.map) if spec else frozenset(),
            self._registry.models,
            model,
            packet.sender,
        )
        dialect = packet.dialect or (spec.dialect if spec else "")
        try:
            if spec is not None and spec.encoding != "utf-8":
                message.payload = _transcoded(packet.payload, spec.encoding)
            codec = self._codec(message, dialect)
            dialect = codec.dialect
            values = self._values(codec, message)
            found = self._normaliser.readings(packet, message, dialect, spec, values)
            clean = not (message.notes or found.refused or found.unknown)
            if clean and found.readings and message.payload is packet.payload:
                self._plans.learn(packet, at, codec, found.sources)
            return _told(dialect, message, found)
        except Ignored as why:
            return Decoded("ignored", str(why), dialect, rejected=_noted(message))
        except Malformed as why:
            return Decoded("malformed", str(why), dialect, rejected=_noted(message))
        except _BROKEN as error:
            text = f"the codec {dialect} failed: {type(error).__name__}: {error}"
            return Decoded("malformed", text[:200], dialect, rejected=("codec_failed",))

    def _values(self, codec: Codec, message: Message) -> Sequence[Value]:
        memory = self._memories[codec.dialect]
        before = memory.writes
        try:
            values = codec.decode(message, memory)
        finally:
            if codec.expects is not None and memory.writes != before:
                self._plans.forget()  # it has announced what topics mean
        if not values:
            raise Ignored("it holds no value")
        return values

    def subjects(self) -> Mapping[str, Subject]:
        """Every device by id, as rules and people know it."""
        return self._registry.subjects()

    def snapshot(self) -> bytes:
        """What the codecs remember: units from discovery, aliases from a birth."""
        return msgspec.msgpack.encode({d: dict(m) for d, m in self._memories.items() if m})

    def restore(self, blob: bytes) -> None:
        """Remember what `snapshot` gave; a dialect that is gone is forgotten."""
        kept = msgspec.msgpack.decode(blob, type=dict[str, dict[str, Any]]) if blob else {}
        for dialect, memory in kept.items():
            if dialect in self._memories:
                self._memories[dialect].update(memory)
        self._plans.forget()

    def follow(self, former: "Decoder") -> None:
        """Go on in the place of *former*, also with what a repetition is recognised by."""
        self.restore(former.snapshot())
        self._last = former._last

    def _sift(self, packet: Packet, at: Millis) -> Decoded | None:
        """What becomes of a message that no codec needs to see; None for any other."""
        payload, topic = packet.payload, packet.topic
        if len(payload) > MAX_BYTES:
            reason = f"{len(payload)} bytes; more than {MAX_BYTES} are not read"
            return self._unread(packet, reason, "malformed")
        if len(payload) < 64 and not payload.strip(_BLANK):
            return self._unread(packet, "empty: what was retained is deleted")
        if topic.startswith("cmnd/") or topic.endswith(("/set", "/get", "/command")):
            return self._unread(packet, "a command to a device")
        if self._repeated and not packet.retained:
            mark, last = hash((payload, packet.sender)), self._last.get(topic)
            if last is None or last[0] != mark or at - last[1] >= self._repeated:
                self._last[topic] = (mark, at)
            else:
                return self._unread(packet, f"repeated within {self._repeated}")
        return None

    def _unread(self, packet: Packet, reason: str, status: Status = "ignored") -> Decoded:
        spec = self._registry.at(packet.topic)
        return Decoded(status, reason, packet.dialect or (spec.dialect if spec else ""))

    def _codec(self, message: Message, dialect: str) -> Codec:
        """The codec that is named, or the first that recognises the message."""
        if dialect:
            if dialect not in self._codecs:
                raise Malformed(f"there is no dialect {dialect!r}")
            return self._codecs[dialect]
        candidates = self._candidates.get(message.topic)
        if candidates is None:
            candidates = [c for c in self._codecs.values() if _may(c, message)]
            self._candidates[message.topic] = candidates
        for codec in candidates:
            if codec.expects and codec.expects(message, self._memories[codec.dialect]):
                return codec
            try:
                if codec.recognise(message):
                    return codec
            except Malformed:
                continue
        if message.payload[:1] in b"{[":
            message.json()  # what is broken JSON to all of them is broken
        raise Ignored("no dialect is recognised; name it in devices.yaml")


def codecs() -> dict[str, Codec]:
    """All codecs by dialect, in the order in which they are asked."""
    found = constants(devices.codecs, "CODEC", Codec).values()
    return {codec.dialect: codec for codec in sorted(found, key=lambda c: (c.priority, c.dialect))}


def _transcoded(payload: bytes, encoding: str) -> bytes:
    try:
        return payload.decode(encoding).encode()
    except UnicodeError:
        raise Malformed(f"not {encoding}") from None


def _may(codec: Codec, message: Message) -> bool:
    """Could a message on this topic be of the dialect, whatever it holds?"""
    return not codec.by_topic or codec.expects is not None or codec.recognise(message)


def _told(dialect: str, message: Message, found: Found) -> Decoded:
    said = bool(found.readings or found.unknown)
    notes = [*message.notes, *(text for _, text in found.refused)]
    return Decoded(
        "ok" if said else "malformed" if found.refused else "ignored",
        "; ".join(notes[:5]) if notes or said else "the mapping asks for nothing in it",
        dialect,
        found.readings,
        found.unknown,
        (*_noted(message), *(why for why, _ in found.refused)),
    )


def _noted(message: Message) -> tuple[str, ...]:
    """The word before the colon of each note counts; the rest is for people."""
    return tuple(note.partition(":")[0] for note in message.notes)
