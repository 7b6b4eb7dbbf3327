"""Explaining says what is so: about what fires, what has ended, and what never fired."""

from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

import pytest

from config.build import build
from config.located import Problem, parse
from config.schema import RULES
from gateway.model import Detection, Duration, Observation, Reading, Scene, Subject
from rules.explain import Witness, explain
from rules.rule import Rule

T0 = 1_704_067_200_000
MINUTE = 60_000
SUBJECTS = {
    "a": Subject("a", period=Duration(10 * MINUTE)),
    "b": Subject("b", period=Duration(10 * MINUTE)),
}
BIN = "kind: threshold, select: {quantity: q}, above: 90, clear_below: 60"
COLD = "kind: threshold, select: {quantity: q}, below: 10, clear_above: 20"
DAMP = "kind: range, select: {quantity: q}, min: 40, max: 60, margin: 2"
FLOW = "kind: counter, select: {quantity: q}, above: 5, within: 10m"
NOISE = (
    "kind: window, select: {quantity: q}, of: max, over: 10m, samples: 1, above: 9, clear_below: 5"
)
SILENT = "kind: silence, periods: 3"
OUT = "kind: outage, by: site, count: 2"
STUCK = "kind: stuck, select: {quantity: q}, after: 10m"
STORY = (
    "kind: sequence, by: site, within: 5m, "
    "first: {quantity: p, above: 1}, then: {quantity: q, above: 1}"
)
FREE = "kind: when, when: q > 5.0"
BLIND = "kind: camera, health: [covered]"
BAG = "kind: object, select: {label: bag}, dwell: 3m"


def rule_of(text: str) -> Rule:
    problems: list[Problem] = []
    document = parse("{id: r, incident: x, " + text + "}", "rules.yaml")
    rule: Rule = build(document, (), reduce(or_, RULES), problems)
    assert not problems
    return rule


def q(minute: float, value: float) -> Reading:
    return Reading("a", "q", value, T0 + round(minute * MINUTE), unit="%")


def look(minute: float, *tracks: str, health: str = "") -> Scene:
    found = tuple(Detection("bag", 0.9, (0, 0, 1, 1), track) for track in tracks)
    return Scene("cam", found, T0 + round(minute * MINUTE), health)


@pytest.mark.parametrize(
    ("rule", "seen", "said"),
    [
        (BIN, [q(0, 50), q(1, 75)], "q 75 % is not above 90 %"),
        (BIN, [q(0, 95), q(1, 75)], "q 75 % is not yet below 60 %"),
        (BIN, [q(0, 95), q(1, 50), q(2, 75)], "q 75 % is not above 90 %"),
        (COLD, [q(0, 15)], "q 15 % is not below 10 %"),
        (COLD, [q(0, 5), q(1, 15)], "q 15 % is not yet above 20 %"),
        (BIN + ", keep_for: 5m", [q(0, 95), q(1, 50)], "q 50 % is below 60 %"),
        (DAMP, [q(0, 41)], "q 41 % is inside of 40 to 60"),
        (DAMP, [q(0, 30), q(1, 41)], "q 41 % is not yet inside of 42 to 58"),
        (DAMP + ", keep_for: 5m", [q(0, 30), q(1, 50)], "q 50 % is back inside of 42 to 58"),
        (FLOW, [q(0, 1), q(1, 4)], "q within 10m: increase 3 % is not above 5 %"),
        (NOISE, [q(0, 7)], "q, max of 10m: 7 % is not above 9 %"),
        (SILENT, [q(0, 1), q(5, 1)], "heard 1m ago; limit 30m"),
        (SILENT + ", keep_for: 5m", [q(0, 1), q(40, 1)], "heard again"),
        (OUT, [q(0, 1), q(5, 1)], "0 of 2 are silent; limit 2"),
        (STUCK, [q(0, 1), q(1, 2)], "q 2 % has not changed for 0s in 1 readings; limit 10m"),
        (STORY, [q(0, 0)], "what would come second is not met"),
        (STORY, [q(0, 3)], "what comes second is met, but nothing came first within 5m"),
        (FREE, [q(0, 3)], "q 3: q > 5.0 does not hold"),
        (BLIND, [look(0)], "it sees well"),
        (BLIND, [look(0, health="dark")], "the camera is dark"),
        (BAG, [look(0)], "no bag is seen"),
        (BAG, [look(0), look(4), look(4.5, "x")], "bag for 1m"),
    ],
)
def test_it_says_what_is_so(rule: str, seen: list[Observation], said: str) -> None:
    judge = rule_of(rule)
    zone = ZoneInfo("UTC")
    engine = Witness([judge], {**SUBJECTS, "cam": Subject("cam")}, zone)
    for observation in seen:
        engine.observe(observation)
    now = seen[-1].at + MINUTE
    engine.advance(now)
    found = [d for one in explain(engine, judge, now, zone) for d in one.devices]
    (mine,) = [d for d in found if d.device in ("a", "cam")]
    assert mine.reasons[0].text == said
