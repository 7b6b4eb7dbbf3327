"""Operators' own tests of their rules: what is seen, and which incidents that must make.

```yaml
tests:
  - name: a bin that stays full is an incident
    devices: {bin-1: {tags: [bin], period: 10m}}
    every: 10m
    readings: {bin-1.fill_level: 80 95x6 20}
    expect:
      - {rule: bin-full, key: bin-1, opens: 40m, closes: 80m}
```
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from gateway.model import (
    Detection,
    Duration,
    Evidence,
    Millis,
    Observation,
    Place,
    Reading,
    Scene,
    Severity,
    Signal,
    Subject,
)
from rules.engine import Engine
from rules.fold import RANKS
from rules.notation import Look, Looks, Series, Timeline
from rules.rule import Rule
from rules.silences import SilenceSpec


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device or camera of a test."""

    name: str = ""
    tags: frozenset[str] = frozenset()
    period: Duration | None = None
    place: Place = Place()


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An incident that must be; what is left out may be anything."""

    rule: str
    opens: Duration
    """After the start."""
    closes: Duration | None = None
    """After the start; left out: it is still open at the end."""
    key: str | None = None
    severity: Severity | None = None
    """At the end."""
    devices: frozenset[str] | None = None
    updates: int | None = None
    title: str | None = None
    """At the opening."""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One test."""

    name: str
    expect: tuple[Expected, ...] = ()
    """Exactly these incidents; none where it is left out."""
    rules: tuple[str, ...] = ()
    """Only these rules are judged; all of the file where it is left out."""
    devices: dict[str, Known] = {}
    cameras: dict[str, Known] = {}
    silences: tuple[SilenceSpec, ...] = ()
    """As in silences.yaml."""
    taken_up: Duration | None = None
    """A person takes each incident up so long after it opened; nobody, where it is left out."""
    time_zone: str = "Asia/Shanghai"
    start: str = "2024-01-01 00:00"
    """Local time of the first sample; a Monday."""
    every: Duration = Duration(60_000)
    """Between two samples of a series."""
    readings: dict[str, Series] = {}
    """By `device.quantity`."""
    scenes: dict[str, Looks] = {}
    """By camera."""
    until: Duration | None = None
    """How long time goes on; until the last sample where it is left out."""
    unit: str = ""

    def __post_init__(self) -> None:
        if self.time_zone not in available_timezones():
            raise ValueError(f"time_zone: {self.time_zone!r} is no time zone")
        try:
            datetime.fromisoformat(self.start)
        except ValueError:
            raise ValueError(f"start: {self.start!r}; write 2024-01-01 22:00") from None
        for name in self.readings:
            if "." not in name:
                raise ValueError(f"readings: {name!r} has no quantity; write bin-1.fill_level")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def begin(self) -> Millis:
        local = datetime.fromisoformat(self.start).replace(tzinfo=self.zone)
        return round(local.timestamp() * 1000)


class Happened(msgspec.Struct):
    """An incident that was made."""

    rule: str
    key: str
    opens: Duration
    title: str
    severity: Severity | None
    devices: tuple[str, ...]
    why: tuple[str, ...]
    closes: Duration | None = None
    updates: int = 0


class Outcome(NamedTuple):
    """What came of a test: nothing wrong, or the differences, line by line."""

    case: Case
    happened: tuple[Happened, ...]
    differences: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.differences


def run(case: Case, rules: Sequence[Rule]) -> Outcome:
    """Feed a test's observations to the engine, and compare what opens and closes."""
    wanted = set(case.rules)
    if unknown := sorted((wanted or set()) - {rule.id for rule in rules}):
        return Outcome(case, (), (f"there is no rule {', '.join(unknown)}",))
    judged = [rule for rule in rules if not wanted or rule.id in wanted]
    engine = Engine(judged, subjects(case), case.zone, case.silences)
    signals: list[Signal] = []
    seen = sorted(observations(case), key=lambda o: o.at)
    for observation in seen:
        signals += engine.observe(observation)
    last = seen[-1].at if seen else case.begin
    end = last if case.until is None else case.begin + case.until
    signals += engine.advance(max(last, end))
    happened = tuple(_incidents(case, signals, engine))
    for one in happened:
        _escalate(one, engine.rule(one.rule), case.taken_up, max(last, end) - case.begin)
    return Outcome(case, happened, tuple(_differences(case.expect, happened)))


def subjects(case: Case) -> dict[str, Subject]:
    silent = {name.rpartition(".")[0] for name in case.readings} | set(case.scenes)
    known = {**dict.fromkeys(silent, Known()), **case.devices, **case.cameras}
    return {id: Subject(id, k.name, k.place, k.tags, k.period) for id, k in known.items()}


def observations(case: Case) -> Iterator[Observation]:
    for name, series in case.readings.items():
        device, _, quantity = name.rpartition(".")
        for at, value in _placed(case, series):
            yield Reading(device, quantity, value, at, unit=case.unit)
    for camera, looks in case.scenes.items():
        came: dict[str, Millis] = {}
        for at, look in _placed(case, looks):
            came = {t.track: came.get(t.track, at) for t in look.things}
            yield _scene(camera, look, came, at)


def _placed(case: Case, timeline: Timeline) -> Iterator[tuple[Millis, Any]]:
    for n, (offset, value) in enumerate(timeline):
        if value is not None:
            yield case.begin + (n * case.every if offset is None else offset), value


def _scene(camera: str, look: Look, came: dict[str, Millis], at: Millis) -> Scene:
    return Scene(
        camera,
        tuple(
            Detection(
                thing.label,
                score=0.9,
                box=(0.4, 0.4, 0.6, 0.6),
                track=thing.track,
                zone=thing.zone,
                since=came[thing.track],
                evidence=(Evidence(f"{camera}/{thing.track}", "image/jpeg", "now", at, 0),),
            )
            for thing in look.things
        ),
        at,
        look.health,
    )


def _incidents(case: Case, signals: Sequence[Signal], engine: Engine) -> Iterator[Happened]:
    open_ones: dict[tuple[str, str], Happened] = {}
    for signal in signals:
        where, at = (signal.rule, signal.key), Duration(signal.at - case.begin)
        if not signal.firing:
            open_ones.pop(where).closes = at
        elif signal.update:
            known = open_ones[where]
            known.updates += 1
            known.severity, known.devices = signal.severity, signal.devices
        else:
            title = engine.rule(signal.rule).titled(engine.subject(signal), signal)
            why = tuple(reason.text for reason in signal.reasons)
            made = Happened(*where, at, title, signal.severity, signal.devices, why)
            open_ones[where] = made
            yield made


def _escalate(one: Happened, rule: Rule, taken_up: Duration | None, end: int) -> None:
    """What follows where nobody takes it up; the gateway's ledger does the same."""
    lasted = (end if one.closes is None else one.closes) - one.opens
    for step in rule.escalate:
        due = step.after <= lasted and (taken_up is None or step.after < taken_up)
        before = one.severity or rule.severity
        if due and step.severity is not None and RANKS[step.severity] > RANKS[before]:
            one.severity = step.severity


def _differences(expected: Sequence[Expected], happened: Sequence[Happened]) -> Iterator[str]:
    left = list(happened)
    missing = []
    for want in expected:
        found = next((h for h in left if _matches(want, h)), None)
        if found is None:
            missing.append(want)
        else:
            left.remove(found)
    for want in missing:
        yield f"- {_line(want)}"
    for have in left:
        yield f"+ {_line(have)}"
        yield from (f"      because {why}" for why in have.why)


def _matches(want: Expected, have: Happened) -> bool:
    return (
        (want.rule, want.opens, want.closes) == (have.rule, have.opens, have.closes)
        and want.key in (None, have.key)
        and want.severity in (None, have.severity)
        and (want.devices is None or want.devices == frozenset(have.devices))
        and want.updates in (None, have.updates)
        and want.title in (None, have.title)
    )


def _line(incident: Expected | Happened) -> str:
    closes = "stays open" if incident.closes is None else f"closes {incident.closes}"
    words = [incident.rule, incident.key or "(any key)", f"opens {incident.opens}", closes]
    if incident.severity is not None:
        words.append(incident.severity)
    if incident.devices is not None:
        words.append("devices " + ", ".join(sorted(incident.devices)))
    if incident.updates:
        words.append(f"updates {incident.updates}")
    if incident.title is not None:
        words.append(repr(incident.title))
    return "  ".join(words)
