"""`linli rules backtest` over a real store."""

import asyncio
import json
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from gateway import cli
from gateway.incidents import incident_id
from gateway.model import Batch, Detection, Incident, Place, Reading, Scene, Signal
from gateway.store import Store, StoreSpec

MINUTE = 60_000
START = round(datetime(2026, 5, 1, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)
LEVELS = [50, 75, 85, 95, 95, 95, 95, 20, 50, 85, 85, 85, 85, 85, 10, 10]
"""Per ten minutes: once above 90 for half an hour, twice above 80."""

SITE = """
site: {id: yard}
sources: []
"""
DEVICES = """
devices:
  - {id: bin-1, dialect: flat_json, period: 10m}
  - {id: bin-2, dialect: flat_json, period: 10m}
"""
CAMERAS = """
cameras: []
"""
RULES = """
rules:
  - id: full
    kind: threshold
    incident: overflowing_bin
    select: {quantity: fill_level}
    above: 90
    for: 20m
  - {id: bag, kind: object, incident: dumped_waste, select: {label: left_object}, for: 5m}
  - {id: silent, kind: silence, incident: device_offline, periods: 2}
"""


async def fill(path: Path) -> None:
    store = Store.open(path, StoreSpec())
    try:
        for n, level in enumerate(LEVELS):
            at = START + n * 10 * MINUTE
            seen = (Detection("left_object", 0.9, (0, 0, 1, 1), "p"),) if 2 <= n <= 5 else ()
            bins = ("bin-1", "bin-2") if n < 12 else ("bin-1",)
            readings = tuple(Reading(b, "fill_level", level, at, unit="%") for b in bins)
            scenes = (Scene("gate", seen, at),)
            await store.commit(Batch(at=at, readings=readings, scenes=scenes))
        await store.commit(Batch(at=START + 160 * MINUTE, incidents=tuple(labelled())))
    finally:
        await store.aclose()


def labelled() -> list[Incident]:
    """One that a person took up, and one, at another time, that was a false alarm."""

    def incident(at: int, status: str) -> Incident:
        signal = Signal("full", "bin-1", firing=True, at=at, since=at)
        return Incident(
            id=incident_id(signal), kind="x", rule="full", key="bin-1", title="", severity="minor",
            status="open", place=Place(), opened_at=at, updated_at=at, since=at,
            closed_at=at + 20 * MINUTE,
        )  # fmt: skip

    taken = replace(incident(START + 50 * MINUTE, "resolved"), status="resolved", handled_by="li")
    void = replace(incident(START + 110 * MINUTE, "void"), status="void", handled_by="li")
    return [taken, void]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "gateway.yaml").write_text(SITE)
    (tmp_path / "devices.yaml").write_text(DEVICES)
    (tmp_path / "cameras.yaml").write_text(CAMERAS)
    (tmp_path / "rules" / "all.yaml").write_text(RULES)
    asyncio.run(fill(tmp_path / "data" / "linli.db"))
    return tmp_path


def test_a_sweep_compares_with_the_rule_as_it_is_and_with_what_people_said(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = site / "report.html"
    args = ["rules", "backtest", str(site), "--rule", "full", "--set", "above=80:90:10", "--json"]
    assert cli.main([*args, "--html", str(page), "--workers", "2"]) == 0
    ((answer),) = json.loads(capsys.readouterr().out)
    now, lower, same = answer["variants"]
    assert [v["label"] for v in answer["variants"]] == ["as it is", "above=80", "above=90"]
    assert (now["incidents"], lower["incidents"], same["incidents"]) == (2, 4, 2)
    first = now["episodes"][0]
    assert (first["opened"] - START, first["closed"] - START) == (50 * MINUTE, 70 * MINUTE)
    assert now["against"] == {
        "confirmed": 1, "of_confirmed": 1, "false_alarms": 0, "of_false_alarms": 1,
        "new": 0, "gone": 0,
    }  # fmt: skip
    assert lower["against"]["false_alarms"] == 1
    assert lower["against"]["new"] == 2
    assert (answer["readings"], answer["devices"]) == (28, 2)
    html = page.read_text("utf-8")
    assert html.count("<svg") == 4
    assert not re.findall(r"(?:src|href)=", html)


def test_one_variant_is_told_old_against_new(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["rules", "backtest", str(site), "--rule", "full", "--set", "above=80"]
    assert cli.main([*args, "--set", "for=30m"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("+ ")] == [
        "+ bin-1  2026-05-01 02:00 to 2026-05-01 02:20  fill_level 85 % is above 80 %",
        "+ bin-2  2026-05-01 02:00 to still open  fill_level 85 % is above 80 %",
    ]
    assert not [line for line in lines if line.startswith("- ")]


def test_incidents_are_counted_by_place(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    devices = site / "devices.yaml"
    text = devices.read_text().replace("bin-1,", "bin-1, place: {address: 1 号楼},")
    devices.write_text(text.replace("bin-2,", "bin-2, place: {address: 2 号楼},"))
    assert cli.main(["rules", "backtest", str(site), "--rule", "full"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["1", "号楼", "1"] in lines
    assert ["2", "号楼", "1"] in lines


def test_all_rules_of_sensors_and_cameras(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "backtest", str(site), "--workers", "1"]) == 0
    out = capsys.readouterr().out
    head, columns, *lines = out.splitlines()
    assert head == "3 rules: 2026-05-01 00:00 to 2026-05-01 02:40, 2h40m"
    assert columns.split()[:4] == ["rule", "incidents", "per", "hour"]
    assert [line.split()[:3] for line in lines[:3]] == [
        ["full", "2", "0.75"],
        ["bag", "1", "0.37"],
        ["silent", "1", "0.37"],
    ]
    assert lines[0].endswith("28 readings of 2 devices")
    assert lines[1].endswith(" 16 scenes of 1 cameras")
    assert lines[2].endswith("28 readings of 2 devices, 16 scenes of 1 cameras")
    assert "caught  of the incidents that people took up" in out


def test_of_minutes_no_rate_is_told(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["rules", "backtest", str(site), "--rule", "full", "--from", "11m"]
    assert cli.main(args) == 0
    out = capsys.readouterr().out
    assert "11m, 1 readings of 1 devices" in out
    assert "per day" not in out
    assert "per hour" not in out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--rule", "ful"], "did you mean 'full'?"),
        (["--set", "above=1"], "--set needs --rule"),
        (["--rule", "full", "--set", "abuv=1"], "'abuv' is not known"),
        (["--rule", "full", "--set", "above"], "write name=value"),
        (["--rule", "full", "--set", "above=1:2:0"], "the step must be greater"),
        (["--rule", "full", "--set", "above=1:9999:1"], "the step must be greater"),
        (["--rule", "full", "--set", "for=soon"], "is not a duration"),
        (["--rule", "full", "--set", "below=1"], "one of them"),
        (["--from", "yesterday"], "is no time"),
    ],
)
def test_what_cannot_be_done_is_said(
    site: Path, capsys: pytest.CaptureFixture[str], args: list[str], said: str
) -> None:
    assert cli.main(["rules", "backtest", str(site), *args]) == 2
    assert said in capsys.readouterr().err


def test_a_site_without_a_past_says_so(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "data" / "linli.db").unlink()
    assert cli.main(["rules", "backtest", str(site)]) == 2
    assert "there is no past yet" in capsys.readouterr().err


def test_explaining_a_moment(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["rules", "explain", str(site), "full", "--at", "2026-05-01 00:45", "--key", "bin-1"]
    assert cli.main(args) == 0
    assert capsys.readouterr().out == (
        "full  bin-1: no incident is open\n"
        "  bin-1: holds\n"
        "    fill_level 95 % is above 90 %\n"
        "    last heard 2026-05-01 00:40:00\n"
        "    holding for 15m of 20m; opens 2026-05-01 00:50:00 if nothing changes\n"
    )


def test_explaining_what_a_camera_saw(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["rules", "explain", str(site), "bag", "--at", "2026-05-01 00:41", "--json"]
    assert cli.main(args) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["key"], one["open"], one["devices"][0]["state"]) == ("gate", True, "holds")


def test_there_may_be_nothing_to_explain(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "explain", str(site), "full", "--key", "bin-9"]) == 1
    assert "nothing that it looks at was heard about 'bin-9'" in capsys.readouterr().err
    assert cli.main(["rules", "explain", str(site), "fool"]) == 2


def test_an_unless_that_names_nothing_is_a_problem_of_the_site(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = site / "rules" / "all.yaml"
    file.write_text(file.read_text().replace("periods: 2}", "periods: 2, unless: [ful]}"))
    assert cli.main(["check", str(site)]) == 1
    assert "there is no rule 'ful'; did you mean 'full'?" in capsys.readouterr().out
