"""Whatever becomes of the file: it opens without hands, goes on, and serves nothing false."""

import random
import shutil
import sqlite3
from itertools import count
from pathlib import Path

import pytest

from gateway.model import Batch
from gateway.store import Store, StoreSpec, StoreTooNew
from tests.faults import rot
from tests.faults.committer import reading
from tests.faults.oracle import Broken, Oracle, past

TIMES = 12


class Sample:
    """A database with a past: as a kill left it, or closed in good order."""

    def __init__(self, folder: Path, database: Path, readings: int) -> None:
        self._folder, self._database, self.readings = folder, database, readings
        self._count = count()

    def damaged(self, damage: rot.Damage, seed: int) -> Path:
        copy = rot.copy(self._database, self._folder / f"copy-{next(self._count)}")
        damage(copy, random.Random(seed))
        return copy


@pytest.fixture(scope="module", params=["killed", "closed"])
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp(request.param)
    database, readings = rot.grown(folder)
    if request.param == "closed":
        Store.open(database, StoreSpec()).close()
    return Sample(tmp_path_factory.mktemp("copies"), database, readings)


@pytest.mark.parametrize("damage", rot.DAMAGES, ids=lambda d: d.__name__)
async def test_a_damaged_file_serves_nothing_false(sample: Sample, damage: rot.Damage) -> None:
    for seed in range(TIMES):
        outcome = await rot.look(sample.damaged(damage, seed), sample.readings)
        if damage in (rot.flip_a_bit, rot.ruin_a_page):
            assert outcome.lost <= 64 * 20, "more is gone than the rows of one page"


async def test_a_bit_that_flips_costs_little(sample: Sample) -> None:
    lost = [
        (await rot.look(sample.damaged(rot.flip_a_bit, 1000 + seed), sample.readings)).lost
        for seed in range(TIMES)
    ]
    assert sum(lost) / len(lost) < sample.readings / 20


async def test_what_the_ruin_did_not_reach_is_saved(sample: Sample) -> None:
    """Half of the file is noise, the roots of all tables among it."""
    outcome = await rot.look(sample.damaged(rot.ruin_the_start, 0), sample.readings)
    assert outcome.set_aside
    assert outcome.found > sample.readings / 3


@pytest.fixture
def ruined(tmp_path: Path) -> Oracle:
    database, readings = rot.grown(tmp_path)
    Store.open(database, StoreSpec()).close()
    rot.ruin_a_page(database, random.Random(0))
    with database.open("r+b") as file:
        file.write(b"nothing that SQLite knows")
    oracle = Oracle(database)
    oracle.acked = readings
    return oracle


async def test_a_kill_during_the_rescue_loses_nothing_more(ruined: Oracle, tmp_path: Path) -> None:
    spared = tmp_path / "spared"
    spared.mkdir()
    shutil.copy(ruined.database, spared / "linli.db")
    at_once = await rot.look(spared / "linli.db", ruined.acked)
    for failpoint in ("salvage.copied:1", "salvage.moved:1", "salvage.moved:2"):
        assert ruined.run(failpoint=failpoint) == -9
    interrupted = await rot.look(ruined.database, ruined.acked)
    assert interrupted.found == at_once.found > 0


async def test_the_rescue_is_told(ruined: Oracle) -> None:
    store = Store.open(ruined.database, StoreSpec())
    (told,) = await store.quarantined()
    assert told.topic == "linli.db"
    assert "not a database" in told.reason
    assert "rows saved" in told.reason
    store.close()


async def test_a_file_of_a_later_version_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "linli.db"
    Store.open(path, StoreSpec()).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match="version 99"):
        Store.open(path, StoreSpec())
    assert path.read_bytes() == before


async def test_torn_pages_met_while_running_are_mended_while_running(tmp_path: Path) -> None:
    """The index of closed incidents is read by nobody at the start."""
    database, readings = rot.grown(tmp_path)
    Store.open(database, StoreSpec()).close()
    db = sqlite3.connect(database)
    page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'incident_opened'")
    offset = (page.fetchone()[0] - 1) * rot.PAGE
    db.close()
    with database.open("r+b") as file:
        file.seek(offset)
        file.write(random.Random(1).randbytes(rot.PAGE))
    outcome = await rot.look(database, readings)
    assert outcome.set_aside
    assert outcome.lost == 0


async def test_the_judge_notices_what_is_false(tmp_path: Path) -> None:
    """The control."""
    store = Store.open(tmp_path / "linli.db", StoreSpec())
    false = reading(5)
    await store.commit(Batch(at=false.at, readings=(reading(1), reading(1))))
    store.close()
    with pytest.raises(Broken, match="twice"):
        await rot.look(tmp_path / "linli.db", 10)
    assert len(past(tmp_path / "linli.db")) == 3
