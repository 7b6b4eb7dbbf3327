"""What a live run tells does not depend on when it looks at its timers, nor on being killed."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from gateway.model import (
    Detection,
    Duration,
    Millis,
    Observation,
    Place,
    Reading,
    Scene,
    Signal,
    Subject,
)
from rules.engine import Engine
from rules.kinds.object import Object
from rules.kinds.silence import Silence
from rules.kinds.threshold import Threshold
from rules.rule import Rule, Step
from rules.schedule import Schedule
from rules.selector import Names, Select

T0 = 1_700_000_000_000


def span(text: str) -> Duration:
    return Duration.parse(text)


STAIR = Place(site="yard", address="stair 3")
SUBJECTS = {
    "a": Subject("a", place=STAIR, period=span("20s")),
    "b": Subject("b", place=STAIR, period=span("50s")),
    "cam": Subject("cam", place=STAIR),
    "z": Subject("z"),
}
TEMPERATURE = Select(quantity=Names(["t"]))
RULES: Sequence[Rule] = (
    Threshold(
        id="warm", incident="x", select=TEMPERATURE, above=8, clear_below=6, wait=span("30s"),
        keep_for=span("10s"),
    ),
    Threshold(
        id="stair", incident="x", select=TEMPERATURE, above=5, by="place", wait=span("5s"),
        cooldown=span("90s"),
        steps=(Step(severity="critical", devices=2), Step(severity="major", after=span("40s"))),
    ),
    Threshold(
        id="hours", incident="x", select=TEMPERATURE, below=5, unless=("lost",),
        schedule=Schedule.parse(["22:14-22:15", "22:16-22:18"]), wait=span("3s"),
    ),
    Silence(id="lost", incident="x", wait=span("5s")),
    Object(
        id="bag", incident="x", select=Select(label=Names(["bag"])), dwell=span("20s"),
        keep_for=span("5s"),
    ),
)  # fmt: skip

readings = st.builds(
    lambda s, device, value: Reading(device, "t", value, T0 + s * 500),
    st.integers(0, 600),
    st.sampled_from("abz"),
    st.one_of(st.floats(0, 12), st.just(float("nan")), st.just("off")),
)
scenes = st.builds(
    lambda s, tracks, health: Scene(
        "cam", tuple(Detection("bag", 0.9, (0, 0, 1, 1), t) for t in tracks), T0 + s * 500, health
    ),
    st.integers(0, 600),
    st.sets(st.sampled_from("pq")),
    st.sampled_from(["", "", "", "covered"]),
)
days = st.lists(st.one_of(readings, readings, scenes), max_size=40)
moments = st.lists(st.integers(0, 900), max_size=40)
END = T0 + 500_000


def replay(seen: Sequence[Observation]) -> list[Signal]:
    engine = Engine(RULES, SUBJECTS)
    return [s for o in seen for s in engine.observe(o)] + [*engine.advance(END)]


def in_order(seen: list[Observation]) -> list[Observation]:
    return sorted(seen, key=lambda o: o.at)


@given(days, moments, moments)
def test_polling_and_killing_change_nothing(
    seen: list[Observation], polls: list[int], kills: list[int]
) -> None:
    seen = in_order(seen)
    engine, told = Engine(RULES, SUBJECTS), []
    steps: list[tuple[Millis, int, Observation | None]] = [
        *((o.at, 1, o) for o in seen),
        *((T0 + p * 500, 0, None) for p in polls),
        *((T0 + k * 500, 2, None) for k in kills),
    ]
    for at, what, observation in sorted(steps, key=lambda step: step[:2]):
        if what == 2:
            blob = engine.snapshot()
            engine = Engine(RULES, SUBJECTS)
            engine.restore(blob)
        elif observation is not None:
            told += engine.observe(observation)
        else:
            told += engine.advance(at)
    told += engine.advance(END)
    assert told == replay(seen)


@given(days)
def test_a_timer_fires_at_the_instant_that_was_announced(seen: list[Observation]) -> None:
    engine, told = Engine(RULES, SUBJECTS), []
    for o in in_order(seen):
        while (due := engine.due()) is not None and due <= o.at:
            told += engine.advance(due)
        told += engine.observe(o)
    while (due := engine.due()) is not None and due <= END:
        told += engine.advance(due)
    assert told == replay(in_order(seen))


@given(days)
def test_signals_of_one_incident_come_in_order(seen: list[Observation]) -> None:
    open_ones: dict[tuple[str, str], Signal] = {}
    last = T0
    for signal in replay(in_order(seen)):
        assert last <= signal.at
        last = signal.at
        where = signal.rule, signal.key
        assert (where in open_ones) == (signal.update or not signal.firing)
        assert signal.since <= signal.at
        assert signal.reasons
        if signal.firing:
            open_ones[where] = signal
        else:
            del open_ones[where]
