"""The engine: finding rules, restoring under changed rules, what stays open."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from gateway.model import Detection, Duration, GridCode, Place, Reading, Scene, Signal, Subject
from rules.engine import Engine
from rules.explain import Witness, explain
from rules.kinds.camera import Camera
from rules.kinds.object import Object
from rules.kinds.silence import Silence
from rules.kinds.threshold import Threshold
from rules.rule import By, Rule
from rules.schedule import Schedule
from rules.selector import Names, Select

T0 = 1_704_067_200_000
SECOND = 1000
HALL = Place("yard", (GridCode("cn-unit-grid", "110101001001001"),), address="hall")
SUBJECTS = {
    "a": Subject("a", "Alpha", HALL, frozenset({"bin", "new"})),
    "b": Subject("b", "", HALL, frozenset({"bin"})),
    "c": Subject("c"),
    "cam": Subject("cam", "", HALL),
}


def hot(**changes: object) -> Threshold:
    rule = Threshold(id="hot", incident="x", select=Select(quantity=Names(["t"])), above=8)
    return replace(rule, **changes)


def seen(device: str, value: float, second: float) -> Reading:
    return Reading(device, "t", value, T0 + round(second * SECOND), unit="Cel")


def feed(engine: Engine, *readings: Reading) -> list[Signal]:
    return [signal for reading in readings for signal in engine.observe(reading)]


def taken_up(before: Rule, after: Sequence[Rule], *readings: Reading) -> Engine:
    """An engine with the rules *after*, that goes on from one with *before*."""
    old = Engine([before], SUBJECTS)
    feed(old, *readings)
    new = Engine(after, SUBJECTS)
    new.restore(old.snapshot())
    return new


@pytest.mark.parametrize(
    ("select", "who"),
    [
        ({}, "abc"),
        ({"devices": "a"}, "a"),
        ({"devices": ["a", "c"]}, "ac"),
        ({"devices": "?"}, "abc"),
        ({"tags": "bin"}, "ab"),
        ({"tags": ["bin", "new"]}, "a"),
        ({"grid": "110101"}, "ab"),
        ({"grid": ["120", "110101001001001"]}, "ab"),
        ({"tags": "bin", "grid": "120"}, ""),
    ],
)
def test_selecting(select: dict[str, object], who: str) -> None:
    chosen = Select(
        quantity=Names(["t"]), **{key: Names.parse(value) for key, value in select.items()}
    )
    engine = Engine([hot(select=chosen)], SUBJECTS)
    told = feed(engine, *(seen(device, 9, 0) for device in "abc"))
    assert "".join(signal.key for signal in told) == who


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ("device", "a"),
        ("place", "110101001001001 hall"),
        ("grid", "110101001001001"),
        ("site", "yard"),
    ],
)
def test_keys_and_subjects(by: By, key: str) -> None:
    engine = Engine([hot(by=by)], SUBJECTS)
    (signal,) = feed(engine, seen("a", 9, 0))
    assert (signal.key, signal.devices) == (key, ("a",))
    subject = engine.subject(signal)
    assert subject.place.codes == HALL.codes
    assert subject.name == {"device": "Alpha", "place": "hall"}.get(by, key)


def test_another_quantity_is_not_judged() -> None:
    engine = Engine([hot()], SUBJECTS)
    assert not engine.observe(Reading("a", "humidity", 99, T0))


def test_a_rule_that_is_switched_off_judges_nothing_and_is_still_known() -> None:
    engine = Engine([hot(enabled=False)], SUBJECTS)
    assert not feed(engine, seen("a", 9, 0))
    assert engine.rule("hot").id == "hot"


def test_a_changed_limit_begins_anew() -> None:
    engine = taken_up(hot(), [hot(above=5)], seen("a", 9, 0))
    assert not engine.open()
    assert [s.firing for s in feed(engine, seen("a", 9, 1))] == [True]


def test_a_changed_wait_keeps_what_is_known_and_is_judged_at_once() -> None:
    engine = taken_up(hot(wait=Duration(60_000)), [hot(wait=Duration(10_000))],
                      seen("a", 9, 0), seen("b", 1, 20))  # fmt: skip
    (signal,) = engine.advance(T0 + 21 * SECOND)
    assert (signal.at - T0, signal.since - T0) == (20 * SECOND, 0)


def test_a_schedule_that_is_added_closes_what_it_does_not_cover() -> None:
    engine = taken_up(hot(), [hot(schedule=Schedule.parse("12:00-13:00"))], seen("a", 9, 0))
    assert [signal.key for signal in engine.open()] == ["a"]
    assert [signal.firing for signal in engine.advance(T0 + SECOND)] == [False]


def test_another_title_changes_nothing() -> None:
    engine = taken_up(hot(), [hot(title="hot: {name}")], seen("a", 9, 0))
    assert [signal.at for signal in engine.open()] == [T0]
    assert not feed(engine, seen("a", 9, 1))


def test_another_severity_is_told_as_an_update() -> None:
    engine = taken_up(hot(), [hot(severity="major")], seen("a", 9, 0))
    (signal,) = engine.advance(T0 + SECOND)
    assert (signal.update, signal.severity) == (True, "major")


def test_a_rule_or_a_device_that_is_gone_is_not_open_any_more() -> None:
    assert not taken_up(hot(), [], seen("a", 9, 0)).open()
    old = Engine([hot()], SUBJECTS)
    feed(old, seen("a", 9, 0))
    new = Engine([hot()], {"b": SUBJECTS["b"]})
    new.restore(old.snapshot())
    assert not new.open()
    assert new.due() is None


def test_a_silence_goes_by_the_new_period_from_when_it_was_heard_last() -> None:
    def devices(period: str) -> dict[str, Subject]:
        return {"a": Subject("a", period=Duration.parse(period))}

    rule = Silence(id="lost", incident="x")
    old = Engine([rule], devices("10s"))
    feed(old, seen("a", 1, 0), seen("a", 1, 5))
    new = Engine([rule], devices("20s"))
    new.restore(old.snapshot())
    assert not new.advance(T0 + 64 * SECOND)
    (signal,) = new.advance(T0 + 65 * SECOND)
    assert signal.at == T0 + 65 * SECOND


HOUR = 3600


def off(rule: Rule, seconds: float, *readings: Reading) -> Engine:
    """An engine that was killed after *readings* and woke up so many seconds after the start."""
    devices = {"a": Subject("a", period=Duration.parse("10s"))}
    old = Engine([rule], devices)
    feed(old, *readings)
    new = Engine([rule], devices)
    new.restore(old.snapshot())
    new.wake(T0 + round(seconds * SECOND))
    return new


def test_an_hour_without_power_is_nobodys_silence() -> None:
    engine = off(Silence(id="lost", incident="x"), HOUR, seen("a", 1, 0), seen("a", 1, 5))
    assert not engine.advance(T0 + HOUR * SECOND)
    (signal,) = engine.advance(T0 + (HOUR + 60) * SECOND)
    assert signal.at == T0 + (HOUR + 30) * SECOND


def test_a_silence_that_was_pending_goes_on_where_it_stood() -> None:
    rule = Silence(id="lost", incident="x", wait=Duration(20_000))
    engine = off(rule, HOUR, seen("a", 1, 0), Reading("z", "t", 1, T0 + 40 * SECOND))
    (signal,) = engine.advance(T0 + 2 * HOUR * SECOND)
    assert signal.at == T0 + (HOUR + 10) * SECOND


def test_a_restart_puts_off_no_silence() -> None:
    engine = off(Silence(id="lost", incident="x"), 20, seen("a", 1, 0))
    (signal,) = engine.advance(T0 + HOUR * SECOND)
    assert signal.at == T0 + 30 * SECOND


def test_what_was_pending_opens_when_it_would_have() -> None:
    engine = off(hot(wait=Duration(600_000), stale=Duration(HOUR * 1000)), HOUR, seen("a", 9, 0))
    (signal,) = engine.advance(T0 + HOUR * SECOND)
    assert signal.at == T0 + 600 * SECOND


def test_what_cannot_be_read_is_forgotten() -> None:
    engine = Engine([hot()], SUBJECTS)
    engine.restore(b"")
    engine.restore(b"\xc1")
    assert not engine.open()


def test_a_thousand_readings_leave_few_timers() -> None:
    rule = Silence(id="lost", incident="x", after=Duration(60_000))  # type: ignore[arg-type]  # a Span
    engine = Engine([rule], SUBJECTS)
    feed(engine, *(seen("a", 1, n) for n in range(1000)))
    assert len(engine._timers.heap) <= 2
    assert engine.due() is not None


def test_the_same_thing_seen_again_is_told_once() -> None:
    rule = Object(id="bag", incident="x", select=Select(label=Names(["bag"])))
    engine = Engine([rule], SUBJECTS)

    def scene(*tracks: str) -> Scene:
        found = tuple(Detection("bag", 0.5, (0, 0, 1, 1), t, why="new") for t in tracks)
        return Scene("cam", found, T0)

    told = [
        s for o in (scene("p"), scene("p"), scene("p", "q"), scene()) for s in engine.observe(o)
    ]
    assert [(s.firing, s.update, s.key, s.devices) for s in told] == [
        (True, False, "cam", ("cam",)),
        (False, False, "cam", ("cam",)),
    ]
    assert told[0].reasons[0].text == "bag for 0s: new"
    assert told[0].confidence == 0.5


def test_a_camera_rule_selects_cameras_by_id() -> None:
    rule = Camera(id="blind", incident="x", select=Select(cameras=Names(["cam-*"])))
    assert not Engine([rule], SUBJECTS).observe(Scene("cam", (), T0, "covered"))


def test_explaining() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    rule = hot(wait=Duration(60_000), cooldown=Duration(600_000), stale=Duration(100_000))
    engine = Witness([rule], SUBJECTS, zone)

    def said(second: float) -> tuple[str, ...]:
        engine.advance(T0 + round(second * SECOND))
        (one,) = explain(engine, rule, T0 + round(second * SECOND), zone)
        (device,) = one.devices
        texts = [[why.text for why in reasons] for reasons in (one.reasons, device.reasons)]
        return (*texts[0], device.state, *texts[1])

    feed(engine, seen("a", 2, -20), seen("a", 3, -10))
    assert said(-5)[1:] == (
        "does not hold",
        "t 3 Cel is not above 8 Cel",
        "last heard 2024-01-01 07:59:50",
    )
    feed(engine, seen("a", 9, 0))
    assert said(20) == (
        "no incident is open",
        "holds",
        "t 9 Cel is above 8 Cel",
        "last heard 2024-01-01 08:00:00",
        "holding for 20s of 1m; opens 2024-01-01 08:01:00 if nothing changes",
    )
    assert said(60)[0] == "an incident is open since 2024-01-01 08:01:00, minor"
    feed(engine, seen("a", 7, 70))
    feed(engine, seen("a", 9, 80))
    assert said(200) == (
        "no incident is open",
        "cooldown: the last one opened 2024-01-01 08:01:00, none before 2024-01-01 08:11:00",
        "holds",
        "t 9 Cel is above 8 Cel",
        "last heard 2024-01-01 08:01:20",
        "that is longer ago than the 1m40s a value stands for",
    )


class Careless(Threshold, frozen=True, tag="careless"):
    """A kind with a mistake in it."""

    def verdict(self, state: Any, now: int, firing: bool) -> bool | None:
        if state.value == 13:
            raise ValueError("unlucky")
        return super().verdict(state, now, firing)


def test_a_rule_that_fails_on_one_reading_is_counted_and_stops_no_other() -> None:
    careless = Careless(id="careless", incident="x", select=Select(quantity=Names(["t"])), above=8)
    engine = Engine([careless, hot()], SUBJECTS)
    signals = feed(engine, seen("a", 13, 0), seen("a", 9, 1))
    assert [(s.rule, s.at - T0) for s in signals] == [("hot", 0), ("careless", SECOND)]
    assert engine.mistakes == {("careless", "ValueError: unlucky"): 1}
    later = Engine([careless, hot()], SUBJECTS)
    later.restore(engine.snapshot())
    assert {s.rule for s in later.open()} == {"careless", "hot"}
