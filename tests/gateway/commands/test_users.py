from pathlib import Path

import pytest

from gateway.api.auth import FILE, Users, read_users, write_users
from gateway.cli import main


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_users(tmp_path / FILE, Users())
    return tmp_path


def test_a_user_comes_changes_and_goes(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["users", "add", str(site), "mei", "--role", "operator"]) == 0
    first = capsys.readouterr().out.strip()
    assert read_users(site / FILE).login("mei", first) == "operator"

    assert main(["users", "password", str(site), "mei"]) == 0
    second = capsys.readouterr().out.strip()
    assert read_users(site / FILE).login("mei", first) is None
    assert read_users(site / FILE).login("mei", second) == "operator", "the role stays"

    assert main(["users", "list", str(site)]) == 0
    assert capsys.readouterr().out == "mei\toperator\n"
    assert main(["users", "remove", str(site), "mei"]) == 0
    assert read_users(site / FILE) == Users()


def test_a_token(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["users", "token", str(site), "station"]) == 0
    token = capsys.readouterr().out.strip()
    assert read_users(site / FILE).token(token) == ("station", "device")
    assert token not in (site / FILE).read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "a b"], "letters"),
        (["add"], "give a name"),
        (["add", "mei", "--role", "device"], "token"),
        (["password", "nobody"], "no nobody"),
        (["remove", "nobody"], "no nobody"),
    ],
)
def test_says_what_is_wrong_and_changes_nothing(
    site: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    deed, *rest = arguments
    assert main(["users", deed, str(site), *rest]) == 1
    assert said in capsys.readouterr().err
    assert read_users(site / FILE) == Users()


def test_nobody_is_added_twice(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["users", "add", str(site), "mei"]) == 0
    assert main(["users", "add", str(site), "mei"]) == 1
    assert "linli users password" in capsys.readouterr().err
