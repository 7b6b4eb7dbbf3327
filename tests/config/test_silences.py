"""silences.yaml and `escalate`: what is wrong is told with its file and line."""

from pathlib import Path

import pytest

from config.load import Invalid, load
from gateway.cli import main

SILENCE = "{id: works, until: 2027-01-01, owner: Wang, reason: works"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    assert main(["init", str(tmp_path / "site")]) == 0
    return tmp_path / "site"


def problems(site: Path) -> list[str]:
    with pytest.raises(Invalid) as found:
        load(site)
    return [str(problem) for problem in found.value.problems]


def test_a_site_has_silences_where_the_file_is(site: Path) -> None:
    assert load(site).silences == ()
    (site / "silences.yaml").write_text(f"silences:\n  - {SILENCE}, rules: [bin-*]}}\n")
    (one,) = load(site).silences
    assert (one.id, one.rules, one.until) == ("works", ("bin-*",), "2027-01-01T00:00:00")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (f"{SILENCE}, rules: [bin-ful]}}", "there is no rule 'bin-ful'; did you mean 'bin-full'?"),
        (f"{SILENCE}, devices: [bin-x]}}", "there is no device 'bin-x'"),
        ("{id: works, until: soon, owner: W, reason: x}", "'soon' is no time"),
        ("{id: works, owner: W, reason: x}", "say when it ends"),
        ("{id: works, until: 2027-01-01, reason: x}", "'owner' is missing"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(site: Path, entry: str, said: str) -> None:
    (site / "silences.yaml").write_text(f"silences:\n  - {entry}\n")
    (problem,) = problems(site)
    assert problem.startswith("silences.yaml:2: ")
    assert said in problem


def test_one_id_stands_once(site: Path) -> None:
    (site / "silences.yaml").write_text(f"silences:\n  - {SILENCE}}}\n  - {SILENCE}}}\n")
    (problem,) = problems(site)
    assert "the silence 'works' stands twice" in problem


def test_an_escalation_tells_somebody_who_is_there(site: Path) -> None:
    (site / "rules" / "more.yaml").write_text(
        "rules:\n"
        "  - {id: more, kind: threshold, incident: x, select: {quantity: co2}, above: 1,\n"
        "     escalate: [{after: 1h, tell: [nobody]}]}\n"
    )
    (problem,) = problems(site)
    assert problem.startswith("rules/more.yaml:3: ")
    assert "there is no destination 'nobody'" in problem
