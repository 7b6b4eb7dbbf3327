"""shadow.yaml: rules on trial, checked like the others."""

from pathlib import Path

import pytest

from config.load import Invalid, load
from gateway.cli import main


@pytest.fixture
def site(tmp_path: Path) -> Path:
    assert main(["init", str(tmp_path / "site")]) == 0
    return tmp_path / "site"


def trial(site: Path, fields: str) -> None:
    entry = f"  - {{kind: threshold, incident: x, select: {{quantity: fill}}, {fields}}}\n"
    (site / "shadow.yaml").write_text(f"rules:\n{entry}")


def test_a_rule_may_stand_on_trial_beside_the_live_one(site: Path) -> None:
    assert load(site).shadows == ()
    trial(site, "id: battery-low, below: 20, unless: [place-silent]")
    config = load(site)
    assert [(rule.id, getattr(rule, "below", None)) for rule in config.shadows] == [
        ("battery-low", 20.0)
    ]
    assert [rule.id for rule in config.rules].count("battery-low") == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("id: battery-lo, below: 20", "did you mean 'battery-low'?"),
        ("id: battery-low, below: much", "below: a number"),
        ("id: battery-low, below: 20, unless: [nobody]", "there is no rule 'nobody'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(site: Path, fields: str, said: str) -> None:
    trial(site, fields)
    with pytest.raises(Invalid) as found:
        load(site)
    (problem,) = found.value.problems
    assert str(problem).startswith("shadow.yaml:2: ")
    assert said in str(problem)
