"""docs/rules/tuning.md says what its commands say."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from config.suites import suites
from gateway import cli
from rules import cases
from simulators import past

PAGE = (Path(__file__).parents[2] / "docs" / "rules" / "tuning.md").read_text("utf-8")
RUNS = re.findall(r"```console\n\$ linli (.*)\n((?:.+\n)+)```", PAGE)
RULES = re.findall(r"```yaml\n(rules:(?:.*\n)+?)```", PAGE)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "tuning"
    past.write(folder)
    return folder


@pytest.mark.parametrize(("command", "said"), RUNS, ids=[command for command, _ in RUNS])
def test_a_command_says_what_the_page_says(
    month: Path, capsys: pytest.CaptureFixture[str], command: str, said: str
) -> None:
    words = [str(month) if word == "tuning" else word for word in shlex.split(command)]
    assert cli.main(words) == 0
    assert capsys.readouterr().out == said


def test_the_better_rule_passes_its_tests(tmp_path: Path) -> None:
    (text,) = RULES
    assert yaml.safe_load(text)["rules"]
    file = tmp_path / "better.yaml"
    file.write_text(text, "utf-8")
    (suite,) = suites(file)
    assert not suite.problems
    for case, _ in suite.cases:
        assert cases.run(case, suite.rules).ok
