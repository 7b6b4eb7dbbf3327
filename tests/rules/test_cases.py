"""Rules as their users test them: cases/<kind>.yaml, the default site, and the docs."""

from pathlib import Path

import msgspec
import pytest
import yaml

import rules.kinds
from config.schema import RULES
from config.suites import Suite, suites
from gateway.model import Duration
from gateway.plugins import modules
from rules import cases
from rules.cases import Case

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDERS = (HERE / "cases", ROOT / "config" / "default_site", ROOT / "docs" / "rules")
FOUND = [suite for folder in FOLDERS if folder.exists() for suite in suites(folder)]
EVERY = [
    pytest.param(suite, case, id=f"{Path(suite.file).stem}: {case.name}")
    for suite in FOUND
    for case, _ in suite.cases
]


@pytest.mark.parametrize("suite", FOUND, ids=lambda suite: Path(suite.file).stem)
def test_files_have_no_problem(suite: Suite) -> None:
    assert not suite.problems


@pytest.mark.parametrize(("suite", "case"), EVERY)
def test_case(suite: Suite, case: Case) -> None:
    outcome = cases.run(case, suite.rules)
    assert outcome.ok, "\n".join(outcome.differences)


def test_each_kind_has_cases() -> None:
    kinds = {module.__name__.rpartition(".")[2] for module in modules(rules.kinds)}
    assert kinds <= {path.stem for path in (HERE / "cases").glob("*.yaml")}


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
def test_the_example_in_the_docstring_is_a_rule_of_the_kind(kind: type) -> None:
    doc = (kind.__doc__ or "").partition("```yaml")[2].partition("```")[0]
    (entry,) = yaml.safe_load(doc)
    tagged = msgspec.convert(entry, kind, dec_hook=lambda t, raw: t.parse(raw))
    assert tagged.id
    assert entry["kind"] == kind.__struct_config__.tag


def test_a_test_that_is_wrong_says_what_is_missing_and_what_happened() -> None:
    (suite,) = suites(HERE / "cases" / "threshold.yaml")
    wrong = msgspec.structs.replace(
        suite.cases[1].case,
        expect=(cases.Expected("warm", Duration(10_000), Duration(20_000), key="fridge"),),
    )
    outcome = cases.run(wrong, suite.rules)
    assert outcome.differences == (
        "- warm  fridge  opens 10s  closes 20s",
        "+ warm  fridge  opens 30s  closes 50s  minor  devices fridge  'fridge'",
        "      because temperature 9 is above 8",
    )


def test_a_test_of_an_unknown_rule_fails() -> None:
    outcome = cases.run(Case("x", rules=("nope",)), ())
    assert outcome.differences == ("there is no rule nope",)
