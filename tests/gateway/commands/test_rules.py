"""`linli rules test` and `linli rules explain`."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gateway import cli

FILE = """
rules:
  - {id: hot, kind: threshold, incident: x, select: {quantity: t}, above: 8}
tests:
  - name: right
    readings: {a.t: 1 9 1}
    expect: [{rule: hot, opens: 1m, closes: 2m}]
  - name: wrong
    readings: {a.t: 1 9 1}
    expect: [{rule: hot, opens: 2m}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hot.yaml"
    path.write_text(FILE)
    return path


def test_it_says_what_is_missing_and_what_happened(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["rules", "test", str(file)]) == 1
    assert capsys.readouterr().out == (
        "ok    right\n"
        "FAIL  wrong\n"
        f"      {file}:8   - expected, + happened\n"
        "      - hot  (any key)  opens 2m  stays open\n"
        "      + hot  a  opens 1m  closes 2m  minor  devices a  'a'\n"
        "            because t 9 is above 8\n"
        "2 tests, 1 failed\n"
    )


def test_it_writes_what_build_servers_read(file: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert cli.main(["rules", "test", str(file), "--junit", str(report), "--json"]) == 1
    suite = ElementTree.parse(report).getroot()
    assert (suite.tag, suite.get("tests"), suite.get("failures")) == ("testsuite", "2", "1")
    failure = suite.findall("testcase")[1].find("failure")
    assert failure is not None
    assert failure.text is not None
    assert "- hot  (any key)  opens 2m  stays open" in failure.text


def test_it_writes_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["rules", "test", str(file), "--json"])
    right, wrong = json.loads(capsys.readouterr().out)
    assert (right["name"], right["differences"], right["line"]) == ("right", [], 5)
    assert len(wrong["differences"]) == 3


def test_a_file_of_its_own_names_the_rules_it_tests(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own_test.yaml"
    own.write_text("rule_files: [hot.yaml]\ntests: [{name: none, readings: {a.t: 1}}]\n")
    assert cli.main(["rules", "test", str(own)]) == 0
    assert "1 tests, 0 failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("tests:\n  - {name: a, every: soon}", 2, "every: 'soon' is not a duration"),
        ("tests:\n  - {name: a,\n    readings: {a: 1 2}}", 3, "'a' has no quantity"),
        ("tests:\n  - name: a\n    readings: {a.t: [1]}", 3, "is no series"),
        ("tests:\n  - name: a\n    scenes: {cam: b@g!}", 3, "is no scene"),
        ("tests:\n  - {name: a, start: noon}", 2, "write 2024-01-01 22:00"),
        ("tests:\n  - {name: a, time_zone: Mars}", 2, "is no time zone"),
        ("tests:\n  - {name: a, expects: []}", 2, "did you mean 'expect'?"),
        ("test: []", 1, "did you mean 'tests'?"),
        ("rules: {a: 1}\ntests: []", 1, "a list is wanted here"),
        ("tests:\n  - {name: a, readings: {a.t: 1x999999999}}", 2, "is no number of times"),
    ],
)
def test_wrong_tests_are_told_with_their_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, line: int, said: str
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    assert cli.main(["rules", "test", str(path)]) == 1
    problem = capsys.readouterr().err
    assert problem.startswith(f"{path}:{line}: ")
    assert said in problem


def test_an_expected_rule_that_is_not_there_is_told_at_its_line(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(FILE.replace("rule: hot, opens: 2m", "rule: hto, opens: 2m"))
    assert cli.main(["rules", "test", str(file)]) == 1
    problem = f"{file}:10: no rule is called 'hto'; did you mean 'hot'?"
    assert capsys.readouterr().err.startswith(problem)


def test_a_report_that_cannot_be_written_is_told(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "nowhere" / "report.xml"
    assert cli.main(["rules", "test", str(file), "--junit", str(report)]) == 2
    assert capsys.readouterr().err == f"{report}: cannot be written: No such file or directory\n"


def test_nothing_to_test_is_wrong_usage(tmp_path: Path) -> None:
    assert cli.main(["rules", "test", str(tmp_path)]) == 2
