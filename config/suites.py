"""Reads operators' tests of their rules.

A file of rules may have `tests:` beside its `rules:`. A file of its own, `*_test.yaml`, names the
rules it tests: `rule_files: [waste.yaml]`.
"""

from functools import reduce
from operator import or_
from pathlib import Path
from typing import NamedTuple

from config.build import build, nearest
from config.located import WRONG, Document, Problem, read
from config.schema import RULES
from rules.cases import Case
from rules.rule import Rule

SECTIONS = {"rules", "rule_files", "tests"}


class Located(NamedTuple):
    """A test, and where it is written."""

    case: Case
    line: int


class Suite(NamedTuple):
    """The tests of one file with the rules that they test."""

    file: str
    rules: tuple[Rule, ...]
    cases: tuple[Located, ...]
    problems: tuple[Problem, ...]


def suites(path: Path) -> list[Suite]:
    """The tests of a file, or of all *.yaml files of a folder (of a site: of its `rules`)."""
    if not path.is_dir():
        return [_suite(path)]
    folder = path / "rules" if (path / "rules").is_dir() else path
    found = (_suite(file) for file in sorted(folder.rglob("*.yaml")))
    return [suite for suite in found if suite.cases or suite.problems]


def _suite(path: Path) -> Suite:
    problems: list[Problem] = []
    document = read(path, str(path))
    problems += document.problems
    value = document.value if isinstance(document.value, dict) else {}
    for key in value:
        if key not in SECTIONS:
            what = f"{key!r} is not known{nearest(key, SECTIONS)}"
            problems.append(document.problem((key,), what))
    rules = _rules(document, problems)
    for name in value.get("rule_files") or ():
        other = read(path.parent / str(name), str(path.parent / str(name)))
        problems += other.problems
        rules += _rules(other, problems)
    cases = []
    for n in range(len(value.get("tests") or ())):
        built = build(document, ("tests", n), Case, problems)
        if built is not WRONG:
            cases.append(Located(built, document.line(("tests", n))))
            problems += _unknown(document, n, built, [rule.id for rule in rules])
    return Suite(str(path), tuple(rules), tuple(cases), tuple(problems))


def _unknown(document: Document, n: int, case: Case, known: list[str]) -> list[Problem]:
    """The expected incidents whose rule is not there."""
    return [
        document.problem(
            ("tests", n, "expect", m, "rule"),
            f"no rule is called {one.rule!r}{nearest(one.rule, known)}",
        )
        for m, one in enumerate(case.expect)
        if one.rule not in known
    ]


def _rules(document: Document, problems: list[Problem]) -> list[Rule]:
    listed = document.value.get("rules") if isinstance(document.value, dict) else None
    if listed is not None and not isinstance(listed, list):
        problems.append(document.problem(("rules",), "rules: a list is wanted here"))
        return []
    every = reduce(or_, RULES)
    built = [build(document, ("rules", n), every, problems) for n in range(len(listed or ()))]
    return [rule for rule in built if rule is not WRONG]
