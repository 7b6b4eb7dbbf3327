import json
import stat
from pathlib import Path

import pytest

from gateway.cli import main

SAID_ONCE = "password  "


@pytest.fixture
def site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["init", str(tmp_path / "site")]) == 0
    capsys.readouterr()
    return tmp_path / "site"


def test_a_new_site_has_no_problem(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(site)]) == 0
    assert capsys.readouterr().out.startswith("good: 1 devices, 0 cameras, ")


def test_the_password_is_printed_once_and_not_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init", str(tmp_path / "site")])
    password = capsys.readouterr().out.partition(SAID_ONCE)[2].split()[0]
    assert len(password) >= 16
    files = [p for p in (tmp_path / "site").rglob("*") if p.is_file()]
    assert all(password.encode() not in path.read_bytes() for path in files)


def test_two_sites_share_no_secret_and_nobody_else_reads_them(tmp_path: Path) -> None:
    for name in ("a", "b"):
        main(["init", str(tmp_path / name)])
    secret = [(tmp_path / name / "secrets.yaml").read_bytes() for name in ("a", "b")]
    assert secret[0] != secret[1]
    for name in ("secrets.yaml", "users.yaml"):
        assert stat.S_IMODE((tmp_path / "a" / name).stat().st_mode) == 0o600


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    assert main(["init", str(tmp_path)]) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "what"),
    [
        ("gateway.yaml", "keep: 90d", "keep: long", "gateway.yaml", "'long' is not a duration"),
        ("gateway.yaml", "kind: mqtt_listener", "kind: mqt", "gateway.yaml", "'mqt' is no kind"),
        ("gateway.yaml", "Asia/Shanghai", "Asia/Shanghei", "gateway.yaml", "is no time zone"),
        ("gateway.yaml", "!secret mqtt_sensors", "!secret no", "gateway.yaml", "has no 'no'"),
        ("devices.yaml", "period: 10m", "period: -1", "devices.yaml", "period"),
        ("devices.yaml", "tags: [bin]", "tag: [bin]", "devices.yaml", "did you mean 'tags'"),
        ("devices.yaml", "dialect: zigbee2mqtt", "dialect: zigbe2mqtt", "devices.yaml", "did you"),
        ("cameras.yaml", "cameras:", "cameras: 3", "cameras.yaml", "a list is wanted here"),
        ("devices.yaml", "lat: 39.9087", "lat: north", "devices.yaml", "a number is wanted here"),
    ],
)
def test_one_wrong_line_is_found_at_its_line(
    site: Path,
    capsys: pytest.CaptureFixture[str],
    file: str,
    old: str,
    new: str,
    where: str,
    what: str,
) -> None:
    text = (site / file).read_text()
    line = text[: text.index(old)].count("\n") + 1
    (site / file).write_text(text.replace(old, new, 1))
    assert main(["check", str(site), "--json"]) == 1
    problems = json.loads(capsys.readouterr().out)
    assert [(p["file"], p["line"]) for p in problems] == [(where, line)]
    assert what in problems[0]["what"]


def test_an_empty_folder_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    for name in ("gateway.yaml", "devices.yaml", "cameras.yaml", "rules"):
        assert f"{tmp_path / name}:1: " in out


def test_secrets_that_others_may_read_are_a_problem(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "secrets.yaml").chmod(0o644)
    assert main(["check", str(site)]) == 1
    assert "run `chmod 600` on it" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["init", "check", "run", "demo", "decode", "vision", "rules"])
def test_every_command_has_help_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"linli {command}" in capsys.readouterr().out.partition("example")[2]


def test_wrong_usage_is_exit_code_2() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["chek"])
    assert ended.value.code == 2


def test_a_file_that_is_named_and_not_there_is_a_problem_at_its_line(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = site / "gateway.yaml"
    old = "listen: 127.0.0.1:8080"
    path.write_text(path.read_text().replace(old, f"{old}\n  tls_cert: a.pem\n  tls_key: a.key"))
    (site / "a.key").write_text("x")
    line = path.read_text().partition("tls_cert")[0].count("\n") + 1
    assert main(["check", str(site), "--json"]) == 1
    (problem,) = json.loads(capsys.readouterr().out)
    assert (problem["line"], problem["what"]) == (line, f"tls_cert: there is no file {site}/a.pem")


def test_two_devices_with_one_address_are_a_problem(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = site / "devices.yaml"
    path.write_text(path.read_text() + "  - {id: b, dialect: zigbee2mqtt, address: bin_01}\n")
    assert main(["check", str(site)]) == 1
    said = "'bin_01' is what zigbee2mqtt calls the device at devices.yaml:5"
    assert said in capsys.readouterr().out
