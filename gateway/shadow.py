"""Rules on trial, judged beside the live ones. What they tell is recorded, and goes nowhere."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.model import Millis, Observation, Signal, Subject
from rules.engine import UTC, Engine
from rules.rule import Rule
from rules.silences import SilenceSpec


class Episode(NamedTuple):
    """What would have been an incident; `closed` is None while it would be open."""

    key: str
    opened: Millis
    closed: Millis | None
    why: str


class Shadow:
    """Another engine, for other forms of some rules. Live rules that they name in `unless` are
    judged along, and not recorded."""

    def __init__(
        self,
        trials: Sequence[Rule] = (),
        live: Sequence[Rule] = (),
        subjects: Mapping[str, Subject] | None = None,
        zone: ZoneInfo = UTC,
        silences: Sequence[SilenceSpec] = (),
    ) -> None:
        self._ids = frozenset(rule.id for rule in trials)
        named = {id for rule in trials for id in rule.unless} - self._ids
        beside = [rule for rule in live if rule.id in named]
        self._engine = Engine([*trials, *beside], subjects or {}, zone, silences)
        self._told: list[Signal] = []

    @property
    def mistakes(self) -> Counter[tuple[str, str]]:
        """As the engine's own."""
        return self._engine.mistakes

    def observe(self, seen: Observation) -> None:
        if self._ids:
            self._record(self._engine.observe(seen))

    def advance(self, now: Millis) -> None:
        self._record(self._engine.advance(now))

    def due(self) -> Millis | None:
        return self._engine.due()

    def wake(self, now: Millis) -> None:
        self._engine.wake(now)

    def snapshot(self) -> bytes:
        return self._engine.snapshot() if self._ids else b""

    def restore(self, snapshot: bytes) -> None:
        """Go on from *snapshot*; b'' is that of none."""
        if snapshot:
            self._engine.restore(snapshot)

    def taken(self) -> tuple[Signal, ...]:
        """What was told since the last time; a replay takes it, and lets it fall."""
        told, self._told = tuple(self._told), []
        return told

    def _record(self, signals: Sequence[Signal]) -> None:
        self._told += [s for s in signals if s.rule in self._ids and not s.update]


def episodes(told: Sequence[Signal]) -> list[Episode]:
    """Openings and ends, paired by key; in the order in which they opened. After a restart some
    may be told again, of the same instants."""
    made: dict[tuple[str, Millis], Episode] = {}
    opened: dict[str, Millis] = {}
    for signal in told:
        key = signal.key
        if signal.firing:
            opened[key] = signal.at
            made.setdefault((key, signal.at), Episode(key, signal.at, None, _why(signal)))
        elif (at := opened.pop(key, None)) is not None:
            made[key, at] = made[key, at]._replace(closed=signal.at)
    return sorted(made.values(), key=lambda episode: (episode.opened, episode.key))


def _why(signal: Signal) -> str:
    return signal.reasons[0].text if signal.reasons else ""
