"""The last reading of each quantity of each registered device: what "now" is made of."""

import zlib
from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from gateway.model import Millis, Quality, Reading, Shift

_NONE: Mapping[str, Reading] = {}
_RETAINED = int(Quality.RETAINED)  # the flag itself would make an object per reading


class _Kept(msgspec.Struct, array_like=True):
    readings: list[tuple[str, str, float | str, Millis, Millis | None, int, str]]
    seen: dict[str, Millis]


class Latest:
    """As large as the registry, since only registered devices have readings."""

    def __init__(self) -> None:
        self._readings: dict[str, dict[str, Reading]] = {}
        self._seen: dict[str, Millis] = {}

    def update(self, readings: Iterable[Reading]) -> None:
        kept, seen = self._readings, self._seen
        for reading in readings:
            device = reading.device
            if device in kept:
                kept[device][reading.quantity] = reading
            else:
                kept[device] = {reading.quantity: reading}
            if not reading.quality & _RETAINED:
                seen[device] = reading.at

    def of(self, device: str) -> Mapping[str, Reading]:
        return self._readings.get(device, _NONE)

    def seen(self, device: str) -> Millis | None:
        """When it last spoke itself; what a broker kept does not count."""
        return self._seen.get(device)

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
        return zlib.compress(msgspec.msgpack.encode(_Kept(readings, self._seen)), 1)

    def restore(self, snapshot: bytes) -> None:
        """Know again what was known when *snapshot* was taken."""
        kept = msgspec.msgpack.decode(zlib.decompress(snapshot), type=_Kept)
        for device, quantity, value, at, measured_at, quality, unit in kept.readings:
            reading = Reading(device, quantity, value, at, measured_at, quality, unit)
            self._readings.setdefault(device, {})[quantity] = reading
        self._seen.update(kept.seen)
