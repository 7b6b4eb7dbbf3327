"""The short way: what the long way found out about a message, kept for the next of its shape.

A device says the same keys for years, and only the numbers change:

    zigbee2mqtt/bin-3  {"temperature":21.5,"battery":80}
      the long way, once --> temperature: reading of bin-3, Cel, 1 to 1, ordinary from -60 to 125
                             battery:     reading of bin-3, %,   1 to 1, ordinary from 0 to 100
    zigbee2mqtt/bin-3  {"temperature":22.0,"battery":80}   --> the short way: compare and copy
    zigbee2mqtt/bin-3  {"temperature":327.67,"battery":80} --> out of its range: the long way

An object in an object is no obstacle: a value is known by its path (`AM2301.Temperature`), and a
list of numbers that holds no reading may hold other numbers.

A plan knows ordinary messages only. Whatever is not exactly of its shape, or out of a range, or
stands for no measurement, goes the long way, which alone judges. A plan that does not repeat what
the long way said of the message that it was made from is not kept.
"""

import math
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

import msgspec

from devices import flat, timestamps, units
from devices.codec import Codec, Value
from devices.measure import NO_NUMBER, measure
from devices.paths import by_path, is_number
from devices.plausibility import Plausibility, watched
from devices.quantity import canonical, find
from devices.recent import Recent
from devices.registry import Calibration, DeviceSpec
from devices.units import Unit
from gateway.model import Duration, Millis, Packet, Quality, Reading

MAX_KEYS = 64
MAX_PLANS = 8
"""Of one topic, and so many attempts: who says something else each time stays on the long way."""
_FINITE = 1e300
_NUMBERS = object()
"""Stands for a list of numbers, whichever."""
_INSTANTS = (str, int, float)
"""What may tell a time; beside another (null), another key may tell it."""
_POSITIONS = ("lat", "lon")
"""Two values that mean something together: see `normaliser`."""


class Source(NamedTuple):
    """What a reading came of, as the normaliser understood it."""

    value: Value
    name: str
    unit: str
    owner: DeviceSpec
    reading: Reading


class Line(NamedTuple):
    """What the value under one key becomes."""

    device: str
    quantity: str
    unit: str
    fixed: float | str | None
    """Of a word or a bool, which are a part of the shape: the value itself."""
    low: float = 0.0
    high: float = 0.0
    """As the device writes it; outside, it is not ordinary."""
    refused: tuple[float, ...] = ()
    turn: Callable[[float], float] | None = None
    """Unit and calibration; None where the number stays as it is."""


class Plan(NamedTuple):
    """What all messages of one shape on one topic mean."""

    dialect: str
    quotes: int
    """How many the text has: one more is a key that came twice, or a word in a number's place."""
    sender: str
    """Who must have proved to be sending, '' for anybody."""
    time: str
    """The path of what says when it was measured, or ''."""
    words: tuple[tuple[str, Any], ...]
    """Paths that hold no number, with exactly what they hold."""
    lines: tuple[tuple[str, Line], ...]
    """(path, what stands there), in the order of the readings."""
    judged: bool
    """Has it a reading that can be possible, but not here and now?"""


class _Topic(msgspec.Struct):
    """The plans of one topic, by the paths of the message."""

    plans: dict[tuple[str, ...], list[Plan]]
    tried: int = 0


class Plans:
    """The plans of all topics; forgotten ones are made again."""

    def __init__(self, zone: tzinfo, late: Duration, plausibility: Plausibility) -> None:
        self._zone, self._late, self._plausibility = zone, late, plausibility
        self._topics: Recent[str, _Topic] = Recent()

    def forget(self) -> None:
        """Something was announced: topics may mean something else now."""
        self._topics.clear()

    def readings(self, packet: Packet, at: Millis) -> tuple[str, tuple[Reading, ...]] | None:
        """(dialect, readings) of *packet*; None where it has to go the long way."""
        topic = self._topics.get(packet.topic)
        if topic is None or packet.retained or packet.dialect:
            return None
        document = by_path(packet.payload)
        if document is None:
            return None
        for plan in topic.plans.get(tuple(document), ()):
            found = self._follow(plan, document, packet, at)
            if found is not None:
                judged = self._plausibility.judge(found) if plan.judged else tuple(found)
                return plan.dialect, judged
        return None

    def learn(
        self,
        packet: Packet,
        at: Millis,
        codec: Codec,
        sources: Sequence[Source],
    ) -> None:
        """Make a plan of how *packet* was read: *sources* became its readings."""
        if codec.steady is None or packet.retained or packet.dialect:
            return
        topic = self._topics.get(packet.topic)
        if topic is None:
            topic = self._topics[packet.topic] = _Topic({})
        document = by_path(packet.payload) if topic.tried < MAX_PLANS else None
        if document is None:
            return
        topic.tried += 1
        plan = _plan(packet.payload, codec, document, sources)
        if plan and self._follow(plan, document, packet, at) == [s.reading for s in sources]:
            topic.plans.setdefault(tuple(document), []).append(plan)

    def _follow(
        self, plan: Plan, document: dict[str, Any], packet: Packet, at: Millis
    ) -> list[Reading] | None:
        """The hot loop: comparisons and copies, nothing else."""
        if not _fits(plan, document, packet):
            return None
        time = plan.time
        measured, quality = self._stamp(document[time], at) if time else (None, 0)
        found = []
        for path, line in plan.lines:
            device, quantity, unit, value, low, high, refused, turn = line
            if value is None:
                raw = document[path]
                kind = raw.__class__
                if (kind is not float and kind is not int) or not low <= raw <= high:
                    return None
                value = float(raw)
                if refused and value in refused:
                    return None
                if turn is not None:
                    value = turn(value)
            found.append(Reading(device, quantity, value, at, measured, quality, unit))
        return found

    def _stamp(self, raw: Any, at: Millis) -> tuple[Millis | None, int]:
        measured, quality = timestamps.stamp(raw, at, self._zone)
        if measured is not None and at and measured < at - self._late:
            quality |= Quality.LATE
        return measured, int(quality)


def _fits(plan: Plan, document: dict[str, Any], packet: Packet) -> bool:
    """Is it of the plan's shape, but for the numbers?"""
    _, quotes, sender, time, words, _, _ = plan
    if packet.payload.count(b'"') != quotes or (sender and packet.sender != sender):
        return False
    for key, word in words:
        raw = document[key]
        if word is _NUMBERS:
            if raw.__class__ is not list or not all(map(is_number, raw)):
                return False
        elif raw is not word and (raw.__class__ is not str or raw != word):
            return False
    return not time or document[time].__class__ in _INSTANTS


def _plan(
    payload: bytes, codec: Codec, document: dict[str, Any], sources: Sequence[Source]
) -> Plan | None:
    """The plan for messages like *document*; None where keys do not tell enough."""
    bare = "" in document and payload[:1] != b"{"
    by_key = {"" if bare else source.value.path: source for source in sources}
    senders = {source.owner.sender for source in sources}
    fits = len(by_key) == len(sources) and by_key.keys() <= document.keys()
    if not fits or len(senders) != 1 or len(document) > MAX_KEYS:
        return None
    lines = []
    for path, source in by_key.items():
        line = _line(codec, document[path], source)
        if line is None:
            return None
        lines.append((path, line))
    texts = sum(isinstance(raw, str) for raw in document.values())
    keys = len(document) + payload.count(b"{") - 1
    return Plan(
        codec.dialect,
        0 if bare else 2 * (keys + texts),
        senders.pop(),
        _clock(codec, document),
        tuple((k, _word(raw)) for k, raw in document.items() if not _inert(k, raw)),
        tuple(lines),
        any(watched(source.reading.quantity) for source in sources),
    )


def _line(codec: Codec, raw: Any, source: Source) -> Line | None:
    """How *raw* became the reading; None where another number could become something else."""
    value, name, unit, owner, reading = source
    if not is_number(raw):
        return Line(reading.device, reading.quantity, reading.unit, reading.value)
    steady = codec.steady(value.path, raw) if codec.steady else None
    quantity = find(name)
    tied = canonical(value.quantity) in _POSITIONS or (quantity and quantity.kind == "state")
    if steady is None or tied:
        return None
    found = measure(name, raw, unit)
    low, high = -math.inf, math.inf
    refused: tuple[float, ...] = NO_NUMBER
    if quantity is not None:
        refused = quantity.sentinels
        if found.unit == quantity.unit:
            low, high = quantity.low, quantity.high
    between = _conversion(unit, found.unit)
    if between is not None:
        stated, wanted = between
        low, high = units.convert(low, wanted, stated), units.convert(high, wanted, stated)
    low, high = max(low, steady[0], -_FINITE), min(high, steady[1], _FINITE)
    return Line(
        reading.device,
        reading.quantity,
        reading.unit,
        None,
        low,
        high,
        tuple(number for number in refused if low <= number <= high),
        _turned(between, owner.calibrate.get(found.quantity)),
    )


def _conversion(unit: str, target: str) -> tuple[Unit, Unit] | None:
    """From which unit into which; None where the number stays as it is."""
    stated, wanted = units.parse(unit), units.parse(target)
    if stated is None or wanted is None or stated is wanted or unit == target:
        return None
    return (stated, wanted) if stated.dimension == wanted.dimension else None


def _turned(
    between: tuple[Unit, Unit] | None, correction: Calibration | None
) -> Callable[[float], float] | None:
    """Conversion and calibration in one; None for neither."""
    if between is None and correction is None:
        return None
    scale, offset = (correction.scale, correction.offset) if correction else (1.0, 0.0)

    def turn(value: float) -> float:
        return (units.convert(value, *between) if between else value) * scale + offset

    return turn


def _clock(codec: Codec, document: dict[str, Any]) -> str:
    """The path of what says when it was measured, or ''."""
    if codec.clock is None:
        return flat.time_key(document)
    return codec.clock if codec.clock in document else ""


def _word(raw: Any) -> Any:
    """What has to stand there in the next message."""
    numbers = isinstance(raw, list) and raw and all(map(is_number, raw))
    return _NUMBERS if numbers else raw


def _inert(key: str, raw: Any) -> bool:
    """Is it a number, or a text that may be any other, without a reading that comes or goes?"""
    last = key.rpartition(".")[2].lower()
    return is_number(raw) or (isinstance(raw, str) and (last in flat.TIMES or flat.about(key)))
