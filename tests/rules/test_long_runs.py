"""Each rule of cases/*.yaml on three eventful days: killed and polled 200 times, it tells the same
at the same instants; and it does fire, or the test would show nothing."""

import re
from collections.abc import Iterator
from random import Random

import msgspec
import pytest

from gateway.model import Detection, Evidence, Observation, Reading, Scene, Signal
from rules.engine import Engine
from rules.expression import Expression
from rules.rule import Rule
from rules.values import Values
from tests.rules.courses import MINUTE, RULES, SUBJECTS, T0

STEPS = 1000
GAPS = (0, MINUTE // 2, MINUTE, MINUTE, MINUTE, 2 * MINUTE, 5 * MINUTE, 40 * MINUTE)


def values(thing: msgspec.Struct) -> Iterator[float | str]:
    """Numbers and words that make a difference to a rule or a condition."""
    for name in thing.__struct_fields__:
        found = getattr(thing, name)
        if isinstance(found, Values):
            yield from found
        elif isinstance(found, Expression):
            yield from re.findall(r"'(\w+)'", found.text)
            for number in re.findall(r"\d+\.\d+", found.text):
                yield from (float(number) - 2, float(number) + 5)
        elif isinstance(found, float):
            yield from (found - 2, found, found + 2, 3 * found)
        elif isinstance(found, msgspec.Struct):
            yield from values(found)
        elif isinstance(found, tuple):
            for item in found:
                yield from values(item) if isinstance(item, msgspec.Struct) else ()


def course(rule: Rule, random: Random) -> list[Observation]:
    """Values that stay for a while and change; things that come and go."""
    palette = [*values(rule), 0.0, 1.0, 10.0, "closed"]
    quantities = sorted({q for part in rule.parts() for q in part.select.quantity}) or ["t"]
    labels = sorted({label for part in rule.parts() for label in part.select.label}) or ["bag"]
    zones = sorted({zone for part in rule.parts() for zone in part.select.zone}) or [""]
    sources = [(d, q) for d in "abc" for q in quantities] + [("cam-1", "")]
    now = {source: random.choice(palette) for source in sources}
    at, look, seen = T0, _look(random, labels, zones), []
    for _ in range(STEPS):
        at += random.choice(GAPS)
        device, quantity = random.choice(sources)
        if random.random() < 0.2:
            now[device, quantity] = random.choice(palette)
            look = _look(random, labels, zones)
        if quantity:
            seen.append(Reading(device, quantity, now[device, quantity], at))
        else:
            health = "covered" if random.random() < 0.1 else ""
            seen.append(Scene(device, look, at, health))
    return seen


def _look(random: Random, labels: list[str], zones: list[str]) -> tuple[Detection, ...]:
    return tuple(
        Detection(
            random.choice(labels),
            score=0.9,
            box=(0, 0, 1, 1),
            track=random.choice("pq"),
            zone=random.choice(zones),
            evidence=(Evidence(random.choice(["aa", "bb"]), "image/jpeg", "now", T0, 1),),
        )
        for _ in range(random.choice([0, 1, 2]))
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_killed_and_polled_it_tells_the_same(rule: Rule) -> None:
    random = Random(rule.id)
    rules = [rule, *(other for other in RULES if other.id in rule.unless)]
    seen = course(rule, random)
    end = seen[-1].at + 600 * MINUTE
    backtest = Engine(rules, SUBJECTS)
    want: list[Signal] = [s for o in seen for s in backtest.observe(o)]
    want += backtest.advance(end)
    assert any(signal.rule == rule.id and signal.firing for signal in want)

    live, told = Engine(rules, SUBJECTS), []
    last = T0
    for observation in seen:
        gap = observation.at - last
        if random.random() < 200 / STEPS:
            told += live.advance(last + round(random.random() * gap))
            blob = live.snapshot()
            live = Engine(rules, SUBJECTS)
            live.restore(blob)
        told += live.observe(observation)
        last = observation.at
    told += live.advance(end)
    assert told == want
