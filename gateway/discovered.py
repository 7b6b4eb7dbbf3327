"""Devices that speak and are not registered: held for a person to see, admit or ignore.

What they say is kept for that moment. Both are bounded: whoever invents devices pushes out the one
that was silent longest, and its own oldest readings.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

import msgspec

from devices.decoder import Unknown
from devices.registry import Pattern
from gateway.model import Millis, Reading

MOST = 500
"""Devices."""
SAMPLES = 12
"""Quantities shown of each."""
KEPT = 200
"""Readings of each."""
LONGEST = 512
"""Characters of a topic; it may have 65,535."""
MOST_BYTES = 4_000_000
"""Of all readings together, about."""


class Stranger(msgspec.Struct, frozen=True):
    """One unregistered device, with the last value of some of its quantities. Two senders that
    claim one address are two strangers."""

    dialect: str
    address: str
    topic: str
    first: Millis
    last: Millis
    messages: int
    samples: dict[str, float | str]
    sender: str = ""
    """Who proved to be sending; '' where nobody asked."""
    id: str = ""
    units: dict[str, str] = {}
    """UCUM, of the samples that have one."""
    kept: int = 0
    """Readings that are stored when it is admitted."""


class Discovered:
    """In memory, and in a file now and then: a device that still speaks is found again anyway."""

    def __init__(self) -> None:
        self._strangers: OrderedDict[str, Stranger] = OrderedDict()
        self._kept: dict[str, deque[Reading]] = {}
        self._bytes = 0
        self.ignored: Sequence[Pattern] = ()
        """Nobody wants to hear of these."""

    def __iter__(self) -> Iterator[Stranger]:
        """Who spoke last comes first."""
        for stranger in reversed(self._strangers.values()):
            if not self._ignores(stranger.dialect, stranger.address, stranger.topic):
                yield msgspec.structs.replace(stranger, kept=len(self._kept[stranger.id]))

    def get(self, id: str) -> Stranger | None:
        return self._strangers.get(id)

    def update(self, unknown: Iterable[Unknown], at: Millis) -> None:
        for seen in unknown:
            if not self._ignores(seen.dialect, seen.device, seen.topic):
                self._hear(seen, at)
        while len(self._strangers) > MOST:
            self.forget(next(iter(self._strangers)))
        for id in [*self._kept] if self._bytes > MOST_BYTES else ():
            while self._kept[id] and self._bytes > MOST_BYTES:
                self._bytes -= _weight(self._kept[id].popleft())

    def forget(self, id: str) -> Sequence[Reading]:
        """Gone, and what it said is the caller's."""
        if self._strangers.pop(id, None) is None:
            return ()
        kept = self._kept.pop(id)
        self._bytes -= sum(map(_weight, kept))
        return tuple(kept)

    def snapshot(self) -> bytes:
        readings = {id: [_flat(reading) for reading in kept] for id, kept in self._kept.items()}
        return msgspec.msgpack.encode((list(self._strangers.values()), readings))

    def restore(self, blob: bytes) -> None:
        """Know again what was known when `snapshot` was made."""
        shape = tuple[list[Stranger], dict[str, list[_Flat]]]
        strangers, readings = msgspec.msgpack.decode(blob, type=shape)
        for stranger in strangers[-MOST:]:
            kept = deque(_reading(*flat) for flat in readings.get(stranger.id, ())[-KEPT:])
            self._strangers[stranger.id], self._kept[stranger.id] = stranger, kept
            self._bytes += sum(map(_weight, kept))

    def _hear(self, seen: Unknown, at: Millis) -> None:
        id = sha256(f"{seen.dialect}\0{seen.device}\0{seen.sender}".encode()).hexdigest()[:12]
        known = self._strangers.pop(id, None)
        samples = dict(known.samples) if known else {}
        units = dict(known.units) if known else {}
        for reading in seen.readings:
            if reading.quantity in samples or len(samples) < SAMPLES:
                samples[reading.quantity] = reading.value
                if reading.unit:
                    units[reading.quantity] = reading.unit
        self._strangers[id] = Stranger(
            dialect=seen.dialect,
            address=seen.device,
            topic=seen.topic[:LONGEST],
            first=known.first if known else at,
            last=at,
            messages=known.messages + 1 if known else 1,
            samples=samples,
            sender=seen.sender,
            id=id,
            units=units,
        )
        self._keep(self._kept.setdefault(id, deque()), seen.readings)

    def _keep(self, kept: deque[Reading], readings: Sequence[Reading]) -> None:
        kept.extend(readings)
        self._bytes += sum(map(_weight, readings))
        while len(kept) > KEPT:
            self._bytes -= _weight(kept.popleft())

    def _ignores(self, dialect: str, address: str, topic: str) -> bool:
        return any(pattern.fits(dialect, address, topic) for pattern in self.ignored)


_Flat = tuple[str, str, float | str, Millis, Millis | None, int, str]


def _flat(r: Reading) -> _Flat:
    return r.device, r.quantity, r.value, r.at, r.measured_at, r.quality, r.unit


def _reading(*flat: object) -> Reading:
    return Reading(*flat)  # type: ignore[arg-type]  # msgspec has checked `_Flat`


def _weight(reading: Reading) -> int:
    """Bytes that a reading takes, about."""
    return 200 + (len(reading.value) if isinstance(reading.value, str) else 0)
