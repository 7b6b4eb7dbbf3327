from typing import Annotated

import msgspec

from config.build import WRONG, build
from config.located import Problem, parse
from gateway.model import Duration


class Part(msgspec.Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    id: str


class Pump(Part, frozen=True, tag="pump"):
    wait: Duration = msgspec.field(name="for", default=Duration(0))
    power: Annotated[float, msgspec.Meta(ge=0, le=100)] = 1.0


class Valve(Part, frozen=True, tag="valve"):
    tags: tuple[str, ...] = ()
    pumps: tuple[Pump, ...] = ()

    def __post_init__(self) -> None:
        if len(self.tags) > 2:
            raise ValueError("tags: two are enough")


def built(text: str) -> tuple[object, list[Problem]]:
    problems: list[Problem] = []
    return build(parse(text, "f"), (), Pump | Valve, problems), problems


def test_a_good_one_becomes_its_struct() -> None:
    good, problems = built("{kind: pump, id: a, for: 5m, power: 7}")
    assert (good, problems) == (Pump(id="a", wait=Duration(300_000), power=7.0), [])


def test_every_problem_has_its_line() -> None:
    bad, problems = built("kind: pump\nidd: a\nfor: soon\npower: 500\n")
    assert bad is WRONG
    assert [(p.line, p.what) for p in problems] == [
        (2, "'idd' is not known here; did you mean 'id'?"),
        (1, "'id' is missing"),
        (3, "for: 'soon' is not a duration; write 500ms, 30s, 5m, 1h30m or 2d"),
        (4, "power: Expected `float` <= 100.0 (it is 500)"),
    ]


def test_a_wrong_kind_names_the_right_one() -> None:
    _, problems = built("{kind: pumpe, id: a}")
    assert problems[0].what == "kind: 'pumpe' is no kind; did you mean 'pump'?"


def test_nested_structs_are_built_and_their_problems_found() -> None:
    text = "kind: valve\nid: v\npumps:\n  - {id: a}\n  - {id: b, power: high}\n"
    _, problems = built(text)
    assert [(p.line, p.what) for p in problems] == [
        (5, "power: a number is wanted here, not 'high'")
    ]


def test_what_a_struct_says_of_itself_is_a_problem_at_its_line() -> None:
    _, problems = built("kind: valve\nid: v\ntags: [a, b, c]")
    assert [p.what for p in problems] == ["tags: two are enough"]
