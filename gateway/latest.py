"""The last reading of each quantity of each registered device: what "now" is made of."""

import zlib
from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from gateway.model import Millis, Quality, Reading, Shift

WEIGHT = 0.1
"""Of the newest gap between two messages in what is learnt of a device's period."""
LONGEST = 5
"""Times the period learnt so far: an outage counts as no more."""

_NONE: Mapping[str, Reading] = {}
_RETAINED = int(Quality.RETAINED)  # the flag itself would make an object per reading


class _Kept(msgspec.Struct, array_like=True):
    readings: list[tuple[str, str, float | str, Millis, Millis | None, int, str]]
    seen: dict[str, Millis]
    periods: dict[str, float] = {}


class Latest:
    """As large as the registry, since only registered devices have readings."""

    def __init__(self) -> None:
        self._readings: dict[str, dict[str, Reading]] = {}
        self._seen: dict[str, Millis] = {}
        self._periods: dict[str, float] = {}

    def update(self, readings: Iterable[Reading]) -> None:
        kept, seen = self._readings, self._seen
        for reading in readings:
            device = reading.device
            if device in kept:
                kept[device][reading.quantity] = reading
            else:
                kept[device] = {reading.quantity: reading}
            if not reading.quality & _RETAINED:
                last = seen.get(device)
                if last != reading.at:
                    seen[device] = reading.at
                    if last is not None:
                        self._learn(device, reading.at - last)

    def of(self, device: str) -> Mapping[str, Reading]:
        return self._readings.get(device, _NONE)

    def seen(self, device: str) -> Millis | None:
        """When it last spoke itself; what a broker kept does not count."""
        return self._seen.get(device)

    def period(self, device: str) -> Millis | None:
        """How often it speaks, as learnt from when it spoke."""
        learnt = self._periods.get(device)
        return round(learnt) if learnt else None

    def put_right(self, shift: Shift) -> None:
        """The time became known."""
        for quantities in self._readings.values():
            for quantity, r in quantities.items():
                if shift.start <= r.at < shift.end:
                    quantities[quantity] = replace(r, at=r.at + shift.by)
        for device, at in self._seen.items():
            if shift.start <= at < shift.end:
                self._seen[device] = at + shift.by

    def snapshot(self) -> bytes:
        """All of it, some 15 bytes per quantity, for `restore` after a restart."""
        readings = [
            (r.device, r.quantity, r.value, r.at, r.measured_at, r.quality, r.unit)
            for quantities in self._readings.values()
            for r in quantities.values()
        ]
        return zlib.compress(msgspec.msgpack.encode(_Kept(readings, self._seen, self._periods)), 1)

    def restore(self, snapshot: bytes) -> None:
        """Know again what was known when *snapshot* was taken."""
        kept = msgspec.msgpack.decode(zlib.decompress(snapshot), type=_Kept)
        for device, quantity, value, at, measured_at, quality, unit in kept.readings:
            reading = Reading(device, quantity, value, at, measured_at, quality, unit)
            self._readings.setdefault(device, {})[quantity] = reading
        self._seen.update(kept.seen)
        self._periods.update(kept.periods)

    def _learn(self, device: str, gap: Millis) -> None:
        known = self._periods.get(device)
        if known is None:
            self._periods[device] = gap
        else:
            self._periods[device] = known + WEIGHT * (min(gap, LONGEST * known) - known)
