"""Values that are possible, but not here and now.

A DS18B20 says 85.0 when it lost its power for a moment; a meter's counter does not grow by a
month's use in a second; fine dust of 2.5 µm is a part of that of 10 µm.
"""

from collections.abc import Sequence
from functools import lru_cache

from msgspec.structs import replace

from devices.recent import Recent
from devices.registry import PART
from gateway.model import Millis, Quality, Reading

POWER_ON = 85.0
"""What a DS18B20 holds before its first measurement, in Cel."""
NEAR_POWER_ON = 10.0
"""Cel. A value as near as this before it makes 85.0 believable."""
STRONGEST = 200.0
"""kW. More than a house's connection carries; a counter that says so has jumped."""


_WATCHED = ("temperature", "energy", "pm10")


@lru_cache(maxsize=4096)
def watched(quantity: str) -> str:
    """The name, without part, of a quantity that can jump; '' for another."""
    name = quantity.partition(PART)[0]
    return name if name in _WATCHED else ""


class Plausibility:
    """Remembers the last value of what can jump."""

    def __init__(self) -> None:
        self._last: Recent[tuple[str, str], tuple[float, Millis]] = Recent(limit=20_000)

    def judge(self, readings: Sequence[Reading]) -> tuple[Reading, ...]:
        """*readings* of one message; those that cannot be true here are marked."""
        judged: list[Reading] | None = None
        dust: dict[str, float] = {}
        for index, reading in enumerate(readings):
            name, value = watched(reading.quantity), reading.value
            if not name or not isinstance(value, float):
                continue
            if name == "pm10":
                if reading.quantity == name:
                    dust[reading.device] = value
            elif not self._believable(name, reading, value):
                judged = judged or list(readings)
                judged[index] = _marked(reading)
        found = tuple(judged or readings)
        return _without_finer(found, dust) if dust else found

    def _believable(self, name: str, reading: Reading, value: float) -> bool:
        key = (reading.device, reading.quantity)
        last = self._last.get(key)
        self._last[key] = (value, reading.at)
        if name == "temperature":
            near = last is not None and abs(last[0] - value) <= NEAR_POWER_ON
            return value != POWER_ON or near
        if last is None or value <= last[0]:
            return True  # a counter that fell was reset
        hours = max(reading.at - last[1], 60_000) / 3_600_000
        return value - last[0] <= STRONGEST * hours


def _without_finer(readings: tuple[Reading, ...], dust: dict[str, float]) -> tuple[Reading, ...]:
    """Of a device whose fine dust is more than all of it, the fine dust is marked."""
    return tuple(
        _marked(r)
        if r.quantity == "pm2_5"
        and isinstance(r.value, float)
        and r.value > dust.get(r.device, r.value)
        else r
        for r in readings
    )


def _marked(reading: Reading) -> Reading:
    return replace(reading, quality=reading.quality | Quality.IMPLAUSIBLE)
