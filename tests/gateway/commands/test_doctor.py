import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gateway import checkup
from gateway.cli import main
from gateway.model import Batch
from gateway.store import Store, StoreSpec
from tests.gateway.store.facts import NOON, envelope, incident, reading


@pytest.fixture
def site(tmp_path: Path) -> Path:
    assert main(["init", str(tmp_path / "site")]) == 0
    return tmp_path / "site"


@pytest.fixture(autouse=True)
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk of which nothing is to be said, whatever this machine has."""
    monkeypatch.setattr(checkup, "_sync_time", lambda folder: 5.0)


def findings(site: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
    capsys.readouterr()
    code = main(["doctor", str(site), "--json"])
    return code, json.loads(capsys.readouterr().out)


def about(found: list[dict[str, Any]], what: str, level: str) -> list[str]:
    return [f["what"] for f in found if f["about"] == what and f["level"] == level]


def open_store(site: Path) -> Store:
    return Store.open(site / "data" / "linli.db", StoreSpec())


def test_a_fresh_site_has_no_problem(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = findings(site, capsys)
    assert [f for f in found if f["level"] == "problem"] == []
    assert code == 0
    assert main(["doctor", str(site)]) == 0
    assert "ok    site" in capsys.readouterr().out


async def test_a_running_gateway_is_left_alone(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_store(site)
    await store.commit(Batch(at=NOON, readings=(reading(),)))
    code, found = findings(site, capsys)
    assert code == 0
    assert about(found, "gateway", "good") == ["it is running"]
    assert about(found, "database", "good") == ["every row is as it was written"]
    assert about(found, "ledger", "good") == [
        "1 readings acknowledged since ever: 1 held, 0 expired, 0 lost to damage"
    ]
    await store.commit(Batch(at=NOON, readings=(reading(1),)))
    store.close()


async def test_rot_and_dead_letters_are_told(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_store(site)
    letters = envelope(incident()), envelope(incident(), "gone")
    await store.commit(Batch(at=NOON, readings=(reading(),), envelopes=letters))
    await store.outbox.bury("city", letters[0].id, "422")
    store.close()
    db = sqlite3.connect(site / "data" / "linli.db")
    db.execute("UPDATE journal SET seq = 7")
    db.commit()
    db.close()
    (site / "data" / "linli.db.corrupt-20260101T000000Z").touch()
    code, found = findings(site, capsys)
    assert code == 1
    assert about(found, "database", "problem") == ["1 rows of journal have a wrong checksum"]
    assert "set aside" in about(found, "database", "notice")[0]
    told = about(found, "outbox", "problem")
    assert any("'city' refused 1" in what for what in told)
    assert any("'gone', which is not configured" in what for what in told)


def test_a_file_that_is_no_database_is_told(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "data").mkdir(exist_ok=True)
    (site / "data" / "linli.db").write_bytes(b"x" * 5000)
    code, found = findings(site, capsys)
    assert code == 1
    assert "not a database" in about(found, "database", "problem")[0]
    assert (site / "data" / "linli.db").read_bytes() == b"x" * 5000


def test_open_secrets_and_a_broken_site_are_told(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "secrets.yaml").write_text("a: b\n")
    (site / "secrets.yaml").chmod(0o644)
    (site / "devices.yaml").write_text("devices: [{}]\n")
    code, found = findings(site, capsys)
    assert code == 1
    assert "secrets.yaml can be read by others" in about(found, "privacy", "problem")[0]
    assert about(found, "site", "problem")


@pytest.mark.parametrize(("took", "level"), [(400.0, "problem"), (0.001, "notice"), (5.0, "good")])
def test_the_medium_is_judged_by_its_syncs(
    site: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    took: float,
    level: str,
) -> None:
    monkeypatch.setattr(checkup, "_sync_time", lambda folder: took)
    _, found = findings(site, capsys)
    assert about(found, "medium", level)


def test_a_card_with_a_short_linger_is_told(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checkup, "is_card", lambda folder: True)
    gateway = site / "gateway.yaml"
    gateway.write_text(gateway.read_text().replace("store:", "store:\n  linger: 5ms"))
    _, found = findings(site, capsys)
    assert "store.linger" in about(found, "medium", "notice")[0]


def test_no_folder_is_wrong_usage(tmp_path: Path) -> None:
    assert main(["doctor", str(tmp_path / "nowhere")]) == 2
