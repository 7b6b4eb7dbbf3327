"""A form says what a rule is, in the words in which it is written."""

import functools
import operator
from pathlib import Path

import msgspec
import pytest
import yaml

from config.schema import RULES
from gateway.rule_form import form
from rules.rule import Rule
from rules.schedule import Schedule

CASES = sorted((Path(__file__).parents[1] / "rules" / "cases").glob("*.yaml"))
KINDS = functools.reduce(operator.or_, RULES)


def built(raw: object) -> Rule:
    return msgspec.convert(raw, KINDS, dec_hook=lambda kind, value: kind.parse(value))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_a_form_says_makes_the_same_rule(path: Path) -> None:
    for raw in yaml.load(path.read_text(), yaml.CSafeLoader).get("rules") or []:
        rule = built(raw)
        told = form(rule)
        entry = {f.name: f.value for f in told.fields if f.value is not None}
        assert built({"id": rule.id, "kind": told.kind, **entry}) == rule
        assert {f.name for f in told.fields} | {"id"} == {
            f.encode_name for f in msgspec.structs.fields(rule)
        }


@pytest.mark.parametrize(
    "hours",
    ["22:00-06:00", "mon-fri 08:00-18:00", "sat,sun", "workdays", ["mon 07:30-09:00", "freedays"]],
)
def test_hours_are_told_as_they_can_be_read(hours: object) -> None:
    raw = {"id": "a", "kind": "silence", "incident": "x", "schedule": hours}
    (told,) = (f.value for f in form(built(raw)).fields if f.name == "schedule")
    assert Schedule.parse(told) == Schedule.parse(hours)


def test_a_field_says_what_it_may_be() -> None:
    raw = {"id": "a", "kind": "window", "incident": "x", "of": "mean", "over": "5m", "above": 3}
    raw |= {"select": {"quantity": "noise"}}
    fields = {f.name: f for f in form(built(raw)).fields}
    assert fields["of"].choices[:2] == ("mean", "max")
    assert (fields["percent"].least, fields["percent"].most) == (0, 100)
    over = fields["over"]
    assert (over.sort, over.value, over.required) == ("duration", "5m", True)
    assert [name for name, f in fields.items() if f.sort == "yaml"] == ["steps", "escalate"]
