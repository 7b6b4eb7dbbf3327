"""Values that are possible, but not here and now.

A DS18B20 says 85.0 when it lost its power for a moment; a meter's counter does not grow by a
month's use in a second; fine dust of 2.5 µm is a part of that of 10 µm.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from devices.recent import Recent
from gateway.model import Millis, Quality, Reading

POWER_ON = 85.0
"""What a DS18B20 holds before its first measurement, in Cel."""
NEAR_POWER_ON = 10.0
"""Cel. A value as near as this before it makes 85.0 believable."""
STRONGEST = 200.0
"""kW. More than a house's connection carries; a counter that says so has jumped."""


WATCHED = ("temperature", "energy", "pm10")


class Plausibility:
    """Remembers the last value of what can jump."""

    def __init__(self) -> None:
        self._last: Recent[tuple[str, str], tuple[float, Millis]] = Recent(limit=20_000)

    def judge(self, readings: Sequence[Reading]) -> tuple[Reading, ...]:
        """*readings* of one message; those that cannot be true here are marked."""
        if not any(reading.quantity.startswith(WATCHED) for reading in readings):
            return tuple(readings)
        dust: dict[str, float] = {}
        judged = []
        for reading in readings:
            value = reading.value
            if isinstance(value, float):
                if reading.quantity == "pm10":
                    dust[reading.device] = value
                if not self._believable(reading, value):
                    reading = _marked(reading)
            judged.append(reading)
        if dust:
            judged = [
                _marked(r)
                if r.quantity == "pm2_5"
                and isinstance(r.value, float)
                and r.value > dust.get(r.device, r.value)
                else r
                for r in judged
            ]
        return tuple(judged)

    def _believable(self, reading: Reading, value: float) -> bool:
        name = reading.quantity.partition("#")[0]
        if name not in ("temperature", "energy"):
            return True
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


def _marked(reading: Reading) -> Reading:
    return replace(reading, quality=reading.quality | Quality.IMPLAUSIBLE)
