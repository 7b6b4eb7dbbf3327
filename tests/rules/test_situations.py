"""The table of docs/rules/situations.md names rules and tests that are there, all twenty."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from config.suites import suites

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"\| (\d+) \| [^|]+ \| [^|]+ \| `([\w-]+)` in (\S+) \| ([^|]+) \|")


class Row(NamedTuple):
    number: int
    rule: str
    file: str
    test: str


ROWS = [
    Row(int(number), rule, file, test)
    for number, rule, file, test in ROW.findall(
        (ROOT / "docs" / "rules" / "situations.md").read_text("utf-8")
    )
]


def test_all_twenty_are_there() -> None:
    assert [row.number for row in ROWS] == list(range(1, 21))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.number))
def test_each_has_its_rule_and_its_test(row: Row) -> None:
    folder = ROOT / ("config" if row.file.startswith("default_site") else "docs/rules")
    (suite,) = suites(folder / row.file)
    assert row.rule in [rule.id for rule in suite.rules]
    (case,) = [case for case, _ in suite.cases if case.name == row.test]
    assert not case.rules or row.rule in case.rules
