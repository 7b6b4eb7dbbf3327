"""One cause, one incident: forty devices of one place, with the rules of the default site."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from config.suites import suites
from gateway.model import Duration, Place, Reading, Signal, Subject
from rules.engine import UTC, Engine
from rules.fold import PACE
from rules.kinds.threshold import Threshold
from rules.selector import Names, Select
from rules.silences import Moment, SilenceSpec

SITE = Path(__file__).parents[2] / "config" / "default_site"
DEFAULT = {rule.id: rule for suite in suites(SITE) for rule in suite.rules}
T0 = 1_790_000_000_000
MINUTE = 60_000
HALL = Place(address="hall")
SUBJECTS = {f"s{n:02}": Subject(f"s{n:02}", place=HALL, period=Duration(MINUTE)) for n in range(40)}
HOT = Threshold(
    id="hot", incident="heat", select=Select(quantity=Names(["t"])), above=8, by="place"
)


def kinds(signals: list[Signal]) -> Counter[tuple[str, str]]:
    return Counter(
        (s.rule, "updated" if s.update else "opened" if s.firing else "ended") for s in signals
    )


def test_forty_that_fire_within_a_second_are_told_once_and_updated_once() -> None:
    engine, signals = Engine([HOT], SUBJECTS), []
    for n, device in enumerate(SUBJECTS):
        signals += engine.observe(Reading(device, "t", 9.0, T0 + 20 * n))
    signals += engine.advance(T0 + MINUTE)
    assert kinds(signals) == {("hot", "opened"): 1, ("hot", "updated"): 1}
    assert (signals[1].at, len(signals[1].devices)) == (T0 + PACE, 40)


def test_who_joined_and_left_before_it_was_told_is_told_as_well() -> None:
    engine, signals = Engine([HOT], SUBJECTS), []
    for at, device, value in ((0, "s00", 9.0), (1, "s01", 9.0), (2, "s01", 1.0)):
        signals += engine.observe(Reading(device, "t", value, T0 + at))
    again = Engine([HOT], SUBJECTS)
    again.restore(engine.snapshot())
    for one in (engine, again):
        (update,) = one.advance(T0 + MINUTE)
        assert update.devices == ("s00", "s01")


@pytest.mark.parametrize("seed", range(5))
def test_a_place_whose_power_fails_is_one_incident_not_forty(seed: int) -> None:
    """Each device has its own phase; after the outage they come back one by one."""
    random = Random(seed)
    rules = [DEFAULT["sensor-silent"], DEFAULT["place-silent"]]
    engine, signals = Engine(rules, SUBJECTS), list[Signal]()
    said = [
        (T0 + minute * MINUTE + phase, device)
        for device in SUBJECTS
        for phase in [random.randrange(MINUTE)]
        for minute in [*range(5), *range(30, 60)]
    ]
    for at, device in sorted(said):
        signals += engine.observe(Reading(device, "t", 1.0, at))
    assert kinds(signals) - Counter({("place-silent", "updated"): 9}) == {
        ("place-silent", "opened"): 1,
        ("place-silent", "ended"): 1,
    }


@pytest.mark.parametrize("back", [8, 100])
def test_an_outage_that_is_silenced_goes_on_to_explain_the_forty(back: int) -> None:
    """The electrician said so: nothing opens, also when a restart comes between."""
    rules = [DEFAULT["sensor-silent"], DEFAULT["place-silent"]]
    until = Moment.parse(T0 + 60 * MINUTE)
    works = SilenceSpec(
        id="works", rules=Names(["place-silent"]), until=until, owner="Wang", reason="power works"
    )
    engine, signals = Engine(rules, SUBJECTS, UTC, [works]), list[Signal]()
    for minute in (0, 1, *range(back, back + 8 if back < 60 else back)):
        for device in SUBJECTS:
            signals += engine.observe(Reading(device, "t", 1.0, T0 + minute * MINUTE))
        again = Engine(rules, SUBJECTS, UTC, [works])
        again.restore(engine.snapshot())
        engine = again
    signals += engine.advance(T0 + 60 * MINUTE - 1)
    assert not signals
    (opened,) = engine.advance(T0 + 61 * MINUTE)
    assert (opened.rule, opened.at, len(opened.devices)) == (
        "place-silent",
        T0 + 60 * MINUTE,
        40,
    )


def test_a_gateway_that_is_down_explains_what_hangs_on_it() -> None:
    """Its own device is watched by a rule; the rules of those behind it name that rule."""
    watch = replace(
        DEFAULT["sensor-silent"], id="down", select=Select(devices=Names(["s00"])), by="place",
        unless=(), periods=2.0,
    )  # fmt: skip
    rules = [replace(DEFAULT["sensor-silent"], unless=("down",)), watch]
    engine, signals = Engine(rules, SUBJECTS), list[Signal]()
    for minute in range(5):
        for device in SUBJECTS:
            signals += engine.observe(Reading(device, "t", 1.0, T0 + minute * MINUTE))
    signals += engine.advance(T0 + 60 * MINUTE)
    assert kinds(signals) == {("down", "opened"): 1}
