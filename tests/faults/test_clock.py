"""A clock that is wrong, learns the time, and leaps: nothing is lost, nothing is told twice, and
all of it stands where it belongs in the end."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.clock import EARLIEST, SystemClock
from gateway.model import Quality, Reading
from gateway.store.history import History
from gateway.store.logbook import Logbook
from tests.faults import unset
from tests.faults.oracle import ROOT
from tests.system.box import Box, stored, until

FAKE = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
needs_faketime = pytest.mark.skipif(FAKE is None, reason="no libfaketime here (Debian: faketime)")
YEAR = 365 * 86_400_000
RULES = """
rules:
  - {id: hot, kind: threshold, incident: heat, select: {quantity: temperature}, above: 30}
  - {id: mute, kind: silence, incident: mute, select: {devices: [bin-1]}, after: 10m}
"""


def test_a_kill_at_every_slice_moves_everything_once(tmp_path: Path) -> None:
    assert killed(tmp_path / "linli.db") >= 5
    expected = right()
    (columns,) = History(tmp_path / "linli.db").scan(0, 2**60)
    assert columns.at.tolist() == expected
    assert columns.value.tolist() == [float(n) for n in range(unset.BATCHES)]
    assert set(columns.quality.tolist()) == {int(Quality.RESTAMPED)}
    assert [s.at for s in Logbook(tmp_path / "linli.db").scenes(0, 2**60)] == expected


def test_the_judge_notices_what_is_moved_twice(tmp_path: Path) -> None:
    """The control: how far it came is not kept."""
    database = tmp_path / "linli.db"
    assert killed(database, "--forget", at=7, most=3) >= 1
    killed(database)
    assert [s.at for s in Logbook(database).scenes(0, 2**60)] != right()


def right() -> list[int]:
    return [unset.START + unset.BY + n * unset.EVERY for n in range(unset.BATCHES)]


def killed(database: Path, *options: str, at: int = 2, most: int = 100) -> int:
    """Kill it at one of its slices, again and again, until there is nothing left to do."""
    for kills in range(most):
        ended = subprocess.run(
            [sys.executable, "-m", "tests.faults.unset", str(database), *options],
            cwd=ROOT,
            env=os.environ | {"LINLI_FAILPOINT": f"restamp.slice:{at}"},
            check=False,
        )
        if ended.returncode == 0:
            return kills
        assert ended.returncode == -9
    return most


class Calendar:
    """The wall clock of one process; its monotonic clock goes on as it is."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "calendar"
        self.set(0)

    def set(self, years: float) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{years * YEAR / 1000:+.0f}\n")
        fresh.rename(self._file)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(FAKE),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path, devices="  - {id: bin-1, dialect: zigbee2mqtt}\n")
    box.write("rules/rules.yaml", RULES)
    with closing(box):
        yield box


def send(box: Box, *values: float) -> None:
    box.publish(*(("zigbee2mqtt/bin-1", json.dumps({"temperature": v})) for v in values))


def settled(box: Box) -> list[Reading]:
    """What is kept when nothing is marked as unsynced any more, and the gateway has stopped."""
    history = History(box.root / "data" / "linli.db")

    def put_right() -> bool:
        send(box, 0)
        return not any((c.quality & Quality.UNSYNCED).any() for c in history.scan(0, 2**60))

    until(put_right, "what came meanwhile is put right")
    assert box.stop() == 0
    return [r for r in stored(box.root) if r.value >= 1]


@pytest.mark.slow  # a process now and then begins with the true calendar, whatever it was told
@needs_faketime
def test_a_box_that_begins_in_1970_ends_with_the_right_times(box: Box, tmp_path: Path) -> None:
    calendar, clock = Calendar(tmp_path), SystemClock()
    calendar.set(-56.9)
    box.start(**calendar.environment)
    send(box, 1, 40, 2)
    (wrong,) = until(box.incidents, "the incident is told")
    assert wrong.opened_at < EARLIEST
    before = clock.now() - 60_000
    calendar.set(0)
    send(box, 3)
    right = until(lambda: box.incidents()[0].opened_at > before and box.incidents(), "put right")
    assert [i.id for i in right] == [wrong.id], "a device was called silent for 56 years"
    found = settled(box)
    assert [r.value for r in found] == [1.0, 40.0, 2.0, 3.0]
    assert all(before < r.at < clock.now() for r in found)
    # the last one came with the right time, perhaps before the gateway believed it
    assert all(r.quality & Quality.RESTAMPED for r in found[:3])


@needs_faketime
def test_leaps_of_years_both_ways_lose_nothing(box: Box, tmp_path: Path) -> None:
    calendar, clock = Calendar(tmp_path), SystemClock()
    box.start(**calendar.environment)
    start, sent = clock.now() - 1000, list[float]()
    for years in (10, 0, -10, 0, 30, -30, 0):
        calendar.set(years)
        values = [1.0 + len(sent) + i for i in range(5)]
        send(box, *values)
        sent += values
    found = settled(box)
    assert [r.value for r in found] == sent
    assert [r.at for r in found] == sorted(r.at for r in found)
    assert all(start < r.at < clock.now() for r in found)
    assert not any(r.quality & Quality.UNSYNCED for r in found), "not looked at after the doubt"
    assert any(r.quality & Quality.RESTAMPED for r in found), "the clock never leapt"


@needs_faketime
def test_timers_go_on_while_the_wall_clock_is_years_away(box: Box, tmp_path: Path) -> None:
    calendar = Calendar(tmp_path)
    box.write("rules/rules.yaml", RULES.replace("above: 30}", "above: 30, for: 3s}"))
    box.start(**calendar.environment)
    send(box, 40)
    calendar.set(-10)
    begin = time.monotonic()
    (incident,) = until(box.incidents, "the incident opens")
    assert time.monotonic() - begin < 25
    assert incident.opened_at - incident.since == 3000


@needs_faketime
def test_the_calendar_of_the_process_is_really_another(tmp_path: Path) -> None:
    """The control of the three above."""
    calendar = Calendar(tmp_path)
    calendar.set(-20)
    told = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time_ns() // 10**6)"],
        env=os.environ | calendar.environment,
        capture_output=True,
        check=True,
    )
    assert SystemClock().now() - int(told.stdout) == pytest.approx(20 * YEAR, abs=60_000)
