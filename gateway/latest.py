"""The last reading of each quantity of each registered device: what "now" is made of."""

from collections.abc import Iterable, Mapping

from gateway.model import Millis, Quality, Reading

_NONE: Mapping[str, Reading] = {}


class Latest:
    """In memory; as large as the registry, since only registered devices have readings."""

    def __init__(self) -> None:
        self._readings: dict[str, dict[str, Reading]] = {}
        self._seen: dict[str, Millis] = {}

    def update(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            self._readings.setdefault(reading.device, {})[reading.quantity] = reading
            if not reading.quality & Quality.RETAINED:
                self._seen[reading.device] = reading.at

    def of(self, device: str) -> Mapping[str, Reading]:
        return self._readings.get(device, _NONE)

    def seen(self, device: str) -> Millis | None:
        """When it last spoke itself; what a broker kept does not count."""
        return self._seen.get(device)
