"""Sensors that do not exist: what they measure, and how their dialect says it.

Everything is a pure function of the sensor and the instant: no state, no clock, no chance but
the sensor's seed. *seconds* run from the beginning of the simulation, which is 07:00.
"""

import math
from collections.abc import Mapping
from random import Random
from typing import Literal, NamedTuple

import msgspec

from gateway.model import Millis
from simulators import dialects

START = 7 * 3600
"""The time of day when the simulation begins, in seconds."""
DAY = 86_400


class Curve(NamedTuple):
    """A quantity over the day: `mean` plus a wave of `swing` that is highest at `peak` o'clock,
    plus noise of the standard deviation `noise`."""

    mean: float
    swing: float = 0.0
    peak: float = 15.0
    noise: float = 0.0
    low: float = 0.0
    high: float = 1e9
    digits: int = 1


class Trouble(NamedTuple):
    """What goes wrong, from `start` to `end` (seconds).

    `ramp` brings `quantity` to `to` within `over` seconds and keeps it there; `silent` sends
    nothing; `broken` damages payloads, each in another way; `twice` repeats every message;
    `burst` sends a hundred at once, at `start`.
    """

    kind: Literal["ramp", "silent", "broken", "twice", "burst"]
    start: float
    end: float = math.inf
    quantity: str = ""
    to: float = 0.0
    over: float = 1.0


class Sensor(msgspec.Struct, frozen=True):
    """One simulated device. `period` is how often it reports, in seconds of the simulation."""

    id: str
    kind: str
    dialect: str
    period: float
    seed: int = 0
    troubles: tuple[Trouble, ...] = ()


class Sent(NamedTuple):
    topic: str
    payload: bytes


KINDS: Mapping[str, Mapping[str, Curve]] = {
    "bin": {
        "fill_level": Curve(35, 20, 19, 0.8, 0, 100, 0),
        "temperature": Curve(22, 6, 15, 0.2, -40, 80),
        "battery": Curve(88, 0, 0, 0.3, 0, 100, 0),
    },
    "exit": {"contact_open": Curve(0), "battery": Curve(93, 0, 0, 0.3, 0, 100, 0)},
    "air": {
        "pm1": Curve(8, 4, 8, 1.0, 0, 1000, 0),
        "pm2_5": Curve(16, 8, 8, 2.0, 0, 1000, 0),
        "pm10": Curve(29, 12, 8, 3.0, 0, 1000, 0),
    },
    "noise": {"noise": Curve(52, 8, 13, 1.5, 20, 130)},
    "leak": {"water_leak": Curve(0), "battery": Curve(91, 0, 0, 0.3, 0, 100, 0)},
    "climate": {
        "temperature": Curve(21, 5, 15, 0.15, -40, 80),
        "humidity": Curve(52, 14, 5, 0.8, 0, 100),
    },
    "power": {
        "power": Curve(180, 140, 20, 12.0, 0, 3600),
        "voltage": Curve(229, 3, 4, 0.6, 200, 250),
    },
    "light": {
        "illuminance": Curve(9000, 12000, 13, 200.0, 0, 120_000, 0),
        "battery": Curve(85, 0, 0, 0.3, 0, 100, 0),
    },
    "well": {"water_level": Curve(240, 60, 8, 4.0, 0, 4000, 0)},
}
"""What each kind of sensor measures, in canonical units (devices/quantity.py)."""

BURST = 100


def measure(sensor: Sensor, seconds: float) -> dict[str, float]:
    """What *sensor* measures at an instant, in canonical units."""
    found = {}
    for quantity, curve in KINDS[sensor.kind].items():
        value = _normal(curve, sensor.seed, quantity, seconds)
        for trouble in sensor.troubles:
            if trouble.kind == "ramp" and trouble.quantity == quantity:
                value = _ramped(trouble, value, seconds)
        found[quantity] = round(min(max(value, curve.low), curve.high), curve.digits)
    if "pm10" in found:  # what is finer than 2.5 um is finer than 10 um as well
        found["pm10"] = max(found["pm10"], found["pm2_5"])
    return found


def messages(sensor: Sensor, seconds: float, now: Millis) -> list[Sent]:
    """What *sensor* sends at *seconds*; *now* is what its own clock shows."""
    active = {t.kind: t for t in sensor.troubles if t.start <= seconds < t.end}
    if "silent" in active:
        return []
    step = int(seconds // sensor.period)
    sent = _said(sensor, seconds, step, now)
    if "broken" in active:
        damage = DAMAGES[step % len(DAMAGES)]
        sent = [Sent(topic, damage(payload)) for topic, payload in sent]
    if "twice" in active:
        sent *= 2
    if "burst" in active and seconds - active["burst"].start < sensor.period:
        for n in range(1, BURST):
            sent += _said(sensor, seconds + n / BURST, step + n, now + n)
    return sent


def _said(sensor: Sensor, seconds: float, step: int, now: Millis) -> list[Sent]:
    say = dialects.SAY[sensor.dialect]
    said = say(sensor.id, sensor.kind, measure(sensor, seconds), step, now)
    return [Sent(topic, payload) for topic, payload in said]


DAMAGES = (
    lambda payload: payload[: len(payload) // 2],
    lambda payload: b"nan",
    lambda payload: bytes(255 - byte for byte in payload),
    lambda payload: b'{"temperature": NaN, "battery": 1e999}',
    lambda payload: b"[" * 2000,
)
"""What payloads look like when a device, its battery or its programmer is not well."""


def _normal(curve: Curve, seed: int, quantity: str, seconds: float) -> float:
    rng = Random(f"{seed} {quantity}")  # noqa: S311 - a simulation
    offset = rng.gauss(0, 0.04) * curve.mean
    hour = (START + seconds) / 3600 + rng.uniform(-1, 1)
    wave = curve.swing * math.cos((hour - curve.peak) * math.tau / 24)
    chance = Random(f"{seed} {quantity} {seconds}")  # noqa: S311 - a simulation
    return curve.mean + offset + wave + chance.gauss(0, curve.noise)


def _ramped(trouble: Trouble, value: float, seconds: float) -> float:
    if not trouble.start <= seconds < trouble.end:
        return value
    share = min(1.0, (seconds - trouble.start) / trouble.over)
    return value + (trouble.to - value) * share
