"""What a live run tells does not depend on when it looks at its timers, nor on being killed.

All rules of cases/*.yaml take part: a new kind is found by itself.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.model import (
    Detection,
    Evidence,
    Millis,
    Observation,
    Reading,
    Scene,
    Signal,
)
from rules.engine import UTC, Engine
from rules.rule import Rule
from rules.schedule import Schedule
from rules.selector import Names
from rules.silences import Moment, SilenceSpec
from tests.rules.courses import END, MINUTE, RULES, SUBJECTS, T0


class Day(NamedTuple):
    """Some rules, and what they see, in order."""

    rules: Sequence[Rule]
    seen: Sequence[Observation]
    silences: Sequence[SilenceSpec] = ()

    def engine(self) -> Engine:
        return Engine(self.rules, SUBJECTS, UTC, self.silences)

    def replay(self) -> list[Signal]:
        engine = self.engine()
        told = [s for o in self.seen for s in engine.observe(o)] + [*engine.advance(END)]
        assert not engine.mistakes
        return told


@st.composite
def days(draw: st.DrawFn) -> Day:
    """A few rules at a time, values near to each other, gaps of minutes: so that they fire."""
    rules = draw(st.lists(st.sampled_from(RULES), min_size=1, max_size=4, unique=True))
    parts = [part for rule in rules for part in rule.parts()]
    kinds = []
    if any(part.readings for part in parts):
        kinds += [_readings(draw, sorted({q for part in parts for q in part.select.quantity}))]
    if any(part.scenes for part in parts):
        labels = sorted({label for part in parts for label in part.select.label})
        kinds += [_scenes(labels, sorted({z for part in parts for z in part.select.zone}))]
    gaps = st.sampled_from([0, 0, MINUTE // 2, MINUTE, MINUTE, 3 * MINUTE, 8 * MINUTE])
    at, seen = T0, []
    for gap, observation in draw(st.lists(st.tuples(gaps, st.one_of(kinds)), max_size=60)):
        at += gap
        seen.append(replace(observation, at=at))
    return Day(rules, seen, draw(st.lists(SILENCES, max_size=2)))


def _readings(draw: st.DrawFn, quantities: list[str]) -> st.SearchStrategy[Observation]:
    palette = draw(st.lists(VALUES, min_size=1, max_size=3))
    return st.builds(
        Reading,
        device=st.sampled_from("aaab" + draw(st.sampled_from(["", "b", "bc"]))),
        quantity=st.sampled_from(quantities or ["temperature"]),
        value=st.sampled_from([*palette, *palette, float("nan"), "open", "closed"]),
        at=st.just(T0),
        quality=st.sampled_from([0] * 9 + [1]),
    )


def _scenes(labels: list[str], zones: list[str]) -> st.SearchStrategy[Observation]:
    detections = st.builds(
        Detection,
        label=st.sampled_from(labels or ["person"]),
        score=st.sampled_from([0.3, 0.9, 0.9]),
        box=st.just((0.0, 0.0, 1.0, 1.0)),
        track=st.sampled_from(["", "p", "q"]),
        zone=st.sampled_from([*zones, *zones, ""]),
        evidence=st.sampled_from([(), (Evidence("aa", "image/jpeg", "now", T0, 1),)]),
    )
    return st.builds(
        Scene,
        camera=st.just("cam-1"),
        detections=st.lists(detections, max_size=3).map(tuple),
        health=st.sampled_from([""] * 5 + ["covered"]),
    )


SILENCES = st.builds(
    SilenceSpec,
    id=st.just("works"),
    devices=st.sampled_from([Names(), Names(), Names(["a"]), Names(["cam-1"])]),
    start=st.sampled_from([None, Moment.parse(T0 + 7 * MINUTE)]),
    until=st.sampled_from([Moment.parse(T0 + n * MINUTE) for n in (5, 30, 200)]),
    every=st.sampled_from([None, None, Schedule.parse("22:40-22:55")]),
    owner=st.just("Wang"),
    reason=st.just("works"),
)
VALUES = st.sampled_from([-1.0, 0.0, 1.0, 2.0, 9.0, 11.0, 45.0, 61.0, 97.0, 500.0])
moments = st.integers(0, 700).map(lambda n: T0 + n * MINUTE // 2)
breaks = st.lists(moments, max_size=20)


@settings(max_examples=400)
@given(days(), breaks, breaks)
def test_polling_and_killing_change_nothing(
    day: Day, polls: list[Millis], kills: list[Millis]
) -> None:
    engine, told = day.engine(), []
    steps: list[tuple[Millis, int, Observation | None]] = [
        *((o.at, 1, o) for o in day.seen),
        *((p, 0, None) for p in polls),
        *((k, 2, None) for k in kills),
    ]
    for at, what, observation in sorted(steps, key=lambda step: step[:2]):
        if what == 2:
            blob, firing = engine.snapshot(), sorted(s.key for s in engine.open())
            engine = day.engine()
            engine.restore(blob)
            assert sorted(s.key for s in engine.open()) == firing
        elif observation is not None:
            told += engine.observe(observation)
        else:
            told += engine.advance(at)
    told += engine.advance(END)
    assert told == day.replay()


@given(days())
def test_a_timer_fires_at_the_instant_that_was_announced(day: Day) -> None:
    engine, told = day.engine(), []
    for o in day.seen:
        while (due := engine.due()) is not None and due <= o.at:
            told += engine.advance(due)
        told += engine.observe(o)
    while (due := engine.due()) is not None and due <= END:
        told += engine.advance(due)
    assert told == day.replay()


@given(days())
def test_signals_of_one_incident_come_in_order(day: Day) -> None:
    open_ones: set[tuple[str, str]] = set()
    last = T0
    for signal in day.replay():
        assert last <= signal.at
        last = signal.at
        where = signal.rule, signal.key
        assert (where in open_ones) == (signal.update or not signal.firing)
        assert signal.since <= signal.at
        assert signal.reasons
        assert signal.devices
        if signal.firing:
            open_ones.add(where)
        else:
            open_ones.remove(where)


@given(days())
def test_what_is_not_for_rules_is_not_judged(day: Day) -> None:
    late = [replace(o, quality=2) for o in day.seen if isinstance(o, Reading)]
    assert not day._replace(seen=late).replay()


@given(
    st.sampled_from(RULES),
    st.lists(
        st.tuples(
            st.integers(0, 10**8),
            st.one_of(st.floats(), st.sampled_from([1.7e308, -1.7e308, 5e-324]), st.text()),
        ),
        max_size=30,
    ),
)
def test_any_value_is_judged_or_passed_over(
    rule: Rule, values: list[tuple[int, float | str]]
) -> None:
    """A device may say anything; the engine goes on, and can be written down and read."""
    engine, at = Engine([rule], SUBJECTS), T0
    quantities = sorted({q for part in rule.parts() for q in part.select.quantity}) or ["t"]
    for n, (gap, value) in enumerate(values):
        at += gap
        engine.observe(Reading("a", quantities[n % len(quantities)], value, at, unit="\x00"))
    engine.advance(at + 10**9)
    assert not engine.mistakes
    again = Engine([rule], SUBJECTS)
    again.restore(engine.snapshot())
    assert sorted(s.key for s in again.open()) == sorted(s.key for s in engine.open())
