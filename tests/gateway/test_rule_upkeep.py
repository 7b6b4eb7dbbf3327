"""`linli rules versions|promote|discard|rollback` on a site's files, and what a gateway records."""

import asyncio
from pathlib import Path

import pytest

from config.load import load
from gateway import site_notes
from gateway.cli import main
from gateway.store import Store, StoreSpec
from gateway.store.revisions import Texts

TRIAL = """\
rules:
  - {id: battery-low, kind: threshold, incident: device_battery,
     select: {quantity: battery}, below: 25}
"""
FILE = "rules/devices.yaml"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    assert main(["init", str(tmp_path / "site")]) == 0
    (tmp_path / "site" / "shadow.yaml").write_text(TRIAL)
    return tmp_path / "site"


def limit(site: Path) -> float:
    (rule,) = [rule for rule in load(site).rules if rule.id == "battery-low"]
    return float(getattr(rule, "below", 0))


def test_the_form_on_trial_takes_the_rules_place(site: Path) -> None:
    text = (site / FILE).read_text()
    assert main(["rules", "promote", str(site), "battery-low", "--why", "it is better"]) == 0
    assert limit(site) == 25
    assert not (site / "shadow.yaml").exists()
    changed = (site / FILE).read_text()
    assert changed.partition("电池电量低")[0] == text.partition("电池电量低")[0]
    assert changed.endswith(text[text.index("tests:") :])
    assert main(["rules", "promote", str(site), "battery-low"]) == 2
    note = site_notes.said(site, {FILE: changed, "shadow.yaml": ""})
    assert note is not None
    assert note[1] == "it is better"
    assert site_notes.said(site, {FILE: changed, "shadow.yaml": ""}) is None


def test_a_note_speaks_of_its_own_texts_only(site: Path) -> None:
    site_notes.leave(site, {"a.yaml": "1", "b.yaml": ""}, "because")
    assert site_notes.said(site, {"a.yaml": "2"}) is None
    assert (site_notes.said(site, {"b.yaml": ""}) or ("", ""))[1] == "because"
    assert (site_notes.said(site, {"a.yaml": "1", "b.yaml": ""}) or ("", ""))[1] == "because"
    assert site_notes.said(site, {"a.yaml": "1"}) is None


def test_a_trial_is_let_go(site: Path) -> None:
    assert main(["rules", "discard", str(site), "battery-low"]) == 0
    assert load(site).shadows == ()
    assert limit(site) == 15


def test_versions_are_told_and_the_one_before_comes_back(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "versions", str(site), "battery-low"]) == 0
    assert "no change of it was recorded" in capsys.readouterr().err
    assert main(["rules", "rollback", str(site), "battery-low"]) == 2
    before = (site / FILE).read_text()
    assert main(["rules", "promote", str(site), "battery-low"]) == 0

    async def record() -> None:
        store = Store.open(site / "data" / "linli.db", StoreSpec())
        texts = Texts({FILE: before}, {FILE: (site / FILE).read_text()})
        await store.revisions.add(1_790_000_000_000, "mei", "summer", texts)
        await store.aclose()

    asyncio.run(record())
    capsys.readouterr()
    assert main(["rules", "versions", str(site), "battery-low"]) == 0
    told = capsys.readouterr().out
    assert "2026-09-21 22:13  mei  summer\n" in told
    assert told.index("below: 25") < told.index("below: 15")
    assert main(["rules", "rollback", str(site), "battery-low"]) == 0
    assert (site / FILE).read_text() == before


def test_what_is_wrong_writes_nothing(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "shadow.yaml").write_text(TRIAL.replace("25", "much"))
    assert main(["rules", "promote", str(site), "battery-low"]) == 1
    assert "below" in capsys.readouterr().err
    assert limit_of_file(site) == 15
    assert main(["rules", "discard", str(site), "nobody"]) == 2


def limit_of_file(site: Path) -> float:
    (site / "shadow.yaml").unlink()
    return limit(site)
