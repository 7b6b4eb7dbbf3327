"""What a rule may not say, and what it is told then."""

from typing import Any

import msgspec
import pytest

from config.build import build
from config.located import Problem, parse
from config.schema import RULES
from rules.rule import Rule

BASE = "id: r, incident: x"
WRONG = [
    ("kind: threshold, above: 1", "select: it needs one quantity"),
    ("kind: threshold, select: {quantity: [a, b]}, above: 1", "select: it needs one quantity"),
    ("kind: threshold, select: {quantity: a}", "give `above` or `below`, one of them"),
    ("kind: threshold, select: {quantity: a}, above: 1, below: 0", "one of them"),
    (
        "kind: threshold, select: {quantity: a}, above: 1, clear_below: 2",
        "clear_below: clear_below must not",
    ),
    (
        "kind: threshold, select: {quantity: a}, below: 1, clear_below: 0",
        "clear_below: it goes with above",
    ),
    ("kind: threshold, select: {quantity: a}, above: 1, clear_above: 0", "goes with below"),
    ("kind: threshold, select: {quantity: a}, above: high", "a number is wanted here"),
    ("kind: threshold, select: {quantity: ''}, above: 1", "an empty name selects nothing"),
    ("kind: threshold, select: {quantity: a}, abvoe: 1", "did you mean 'above'?"),
    ("kind: treshold, select: {quantity: a}, above: 1", "did you mean 'threshold'?"),
    ("kind: threshold, select: {quantity: a}, above: 1, for: soon", "is not a duration"),
    ("kind: threshold, select: {quantity: a}, above: 1, schedule: 25-26", "are no hours"),
    ("kind: threshold, select: {quantity: a}, above: 1, title: '{nmae}'", "{nmae} is not known"),
    (
        "kind: threshold, select: {quantity: a}, above: 1, steps: [{severity: major}]",
        "`after: 30m` or `devices: 2`",
    ),
    ("kind: threshold, select: {quantity: a, zone: b}, above: 1", "are for what cameras see"),
    ("kind: object, select: {label: a, devices: b}", "are for sensors; write cameras"),
    ("kind: range, select: {quantity: a}, min: 5, max: 1", "leave no room"),
    ("kind: rate, select: {quantity: a}, rise: 1, fall: 1, within: 5m", "`rise` or `fall`"),
    ("kind: rate, select: {quantity: a}, rise: 1, within: 0s", "must be longer than 0s"),
    ("kind: object, select: {zone: a}", "select: it needs a label"),
    ("kind: silence, select: {label: a}", "not at a label"),
    ("kind: outage, count: 2, by: device", "of a place, a grid, or the site"),
    ("kind: quorum, count: 1, within: 1m, each: {label: a}", "count"),
    ("kind: quorum, count: 2, within: 1m, each: {above: 1}", "a quantity or a label"),
    ("kind: quorum, count: 2, within: 1m, each: {quantity: a}", "give `above`, `below`"),
    ("kind: quorum, count: 2, within: 1m, each: {label: a, above: 1}", "not with a label"),
    (
        "kind: quorum, count: 2, within: 1m, select: {quantity: b}, each: {label: a}",
        "select: it has no place here",
    ),
    ("kind: together, within: 1m, all: [{label: a}]", "two to eight conditions"),
]


def problems(text: str) -> list[Problem]:
    document = parse("{" + f"{BASE}, {text}" + "}", "rules.yaml")
    found: list[Problem] = list(document.problems)
    build(document, (), _every(), found)
    return found


def _every() -> Any:
    every: Any = RULES[0]
    for kind in RULES[1:]:
        every = every | kind
    return every


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_a_wrong_rule_is_refused_in_words(text: str, said: str) -> None:
    found = problems(text)
    assert found
    assert said in str(found[0])


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_each_kind_is_explained_with_an_example(kind: type[Rule]) -> None:
    assert kind.__doc__
    assert "```yaml" in kind.__doc__


def test_a_kind_is_named_like_its_module() -> None:
    for kind in RULES:
        assert kind.__struct_config__.tag == kind.__module__.rpartition(".")[2]


def test_every_state_is_written_and_read_again() -> None:
    for kind in RULES:
        assert msgspec.inspect.type_info(kind.Memory)


def test_a_limit_that_is_wrong_is_told_at_its_line() -> None:
    text = "id: r\nincident: x\nkind: threshold\nselect: {quantity: a}\nclear_below: 9\nabove: 8\n"
    found: list[Problem] = []
    build(parse(text, "rules.yaml"), (), _every(), found)
    assert [problem.line for problem in found] == [5]
