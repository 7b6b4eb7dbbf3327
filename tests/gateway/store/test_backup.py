import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.model import Batch
from gateway.store import Store, StoreFailed, StoreLocked, StoreSpec, StoreTooNew, backup
from tests.faults.committer import reading as numbered
from tests.faults.oracle import ROOT, Oracle, past
from tests.gateway.store.facts import NOON, envelope, incident, reading


async def test_a_copy_made_under_load_is_one_consistent_state(tmp_path: Path) -> None:
    """Every reading before some moment and none after it, every time."""
    database = tmp_path / "linli.db"
    size = copies_under_load(tmp_path, database)
    oracle = Oracle(database)
    oracle.acked = size
    await oracle.judge()


def copies_under_load(tmp_path: Path, database: Path) -> int:
    committer = [sys.executable, "-m", "tests.faults.committer", str(database)]
    with subprocess.Popen(committer, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        sizes = []
        for number in range(5):
            for _ in range(60):
                process.stdout.readline()
            target = tmp_path / f"copy-{number}"
            backup.copy(database, target)
            assert list(backup.faults(target)) == []
            times = [r.at - NOON for r in past(target)]
            assert times == list(range(len(times)))
            sizes.append(len(times))
        process.kill()
    assert sizes == sorted(set(sizes)), "it stood still"
    return sizes[-1]


async def test_a_copy_put_into_place_goes_on_where_it_was_made(store: Store, path: Path) -> None:
    await store.commit(
        Batch(at=NOON, readings=(reading(1),), envelopes=(envelope(incident()),), snapshot=b"s")
    )
    copied = path.with_name("copied")
    backup.copy(path, copied)
    await store.commit(Batch(at=NOON, readings=(reading(2),)))
    with pytest.raises(StoreLocked):
        backup.put(copied, path)
    store.close()
    assert backup.put(copied, path) == path.with_name("linli.db.before-restore")
    again = Store.open(path, StoreSpec())
    assert (await again.journal.read(0, 10))[0] == [reading(1)]
    assert again.recall().snapshot == b"s"
    again.close()


async def test_faults_names_what_sqlite_does_not_notice(store: Store, path: Path) -> None:
    await store.commit(Batch(at=NOON, readings=(numbered(1), numbered(2))))
    assert list(backup.faults(path)) == []
    store._access.writer.db.execute("UPDATE journal SET t0 = t0 + 1")
    assert list(backup.faults(path)) == ["1 rows of journal have a wrong checksum"]


def test_a_copy_of_no_database_leaves_nothing_behind(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database, and never was one" * 100)
    with pytest.raises(StoreFailed):
        backup.copy(path, path.with_name("copied"))
    assert not path.with_name("copied").exists()


def test_faults_of_a_later_version(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "linli.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreTooNew):
        list(backup.faults(tmp_path / "linli.db"))
