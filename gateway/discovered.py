"""Devices that speak and are not registered: held for a person to see, admit or forget."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

import msgspec

from devices.decoder import Unknown
from gateway.model import Millis

MOST = 500
"""Devices kept; whoever invents more pushes out the one that was silent longest."""
SAMPLES = 12
"""Quantities shown of each."""


class Stranger(msgspec.Struct, frozen=True):
    """One unregistered device, with the last value of some of its quantities."""

    dialect: str
    address: str
    topic: str
    first: Millis
    last: Millis
    messages: int
    samples: dict[str, float | str]


class Discovered:
    """In memory: a device that still speaks is found again after a restart."""

    def __init__(self) -> None:
        self._strangers: OrderedDict[tuple[str, str], Stranger] = OrderedDict()

    def __iter__(self) -> Iterator[Stranger]:
        """Who spoke last comes first."""
        yield from reversed(self._strangers.values())

    def update(self, unknown: Iterable[Unknown], at: Millis) -> None:
        for seen in unknown:
            key = seen.dialect, seen.device
            known = self._strangers.pop(key, None)
            samples = dict(known.samples) if known else {}
            for reading in seen.readings:
                if reading.quantity in samples or len(samples) < SAMPLES:
                    samples[reading.quantity] = reading.value
            self._strangers[key] = Stranger(
                dialect=seen.dialect,
                address=seen.device,
                topic=seen.topic,
                first=known.first if known else at,
                last=at,
                messages=known.messages + 1 if known else 1,
                samples=samples,
            )
        while len(self._strangers) > MOST:
            self._strangers.popitem(last=False)
