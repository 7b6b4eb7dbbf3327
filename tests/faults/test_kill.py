"""What was acknowledged survives `kill -9`, at random moments and at every named one."""

import random
import sqlite3
from pathlib import Path

import pytest

from gateway import failpoints
from gateway.store import schema
from tests.faults.oracle import Broken, Oracle

OPTIONS = {
    "retention.deleted": ("--forget",),
    "reopen.closed": ("--fail-at", "5"),
}
"""What makes the committer come past a failpoint."""
ELSEWHERE = {
    "salvage.moved": "tests/faults/test_corruption.py",
    "salvage.copied": "tests/faults/test_corruption.py",
    "migrate.statement": "below",
    "restamp.slice": "tests/faults/test_clock.py",
    "workshop.decided": "tests/gateway/test_workshop.py",
    "workshop.written": "tests/gateway/test_workshop.py",
}


@pytest.fixture
def oracle(tmp_path: Path) -> Oracle:
    return Oracle(tmp_path / "linli.db")


async def test_kills_at_random_moments(oracle: Oracle) -> None:
    chance = random.Random()
    for _ in range(8):
        oracle.run_for_a_while(chance)
    found = await oracle.judge()
    assert oracle.kills == 8
    assert found["acked"] > 0


@pytest.mark.parametrize("name", [n for n in failpoints.NAMES if n not in ELSEWHERE])
async def test_kills_at_named_moments(oracle: Oracle, name: str) -> None:
    options = OPTIONS.get(name, ())
    for n in (1, 3) if name != "reopen.closed" else (1,):
        assert oracle.run(*options, failpoint=f"{name}:{n}") == -9, "it was never there"
    await oracle.judge()


async def test_a_kill_at_every_statement_of_a_migration(oracle: Oracle) -> None:
    statements = sum(len(step) for step in schema.MIGRATIONS)
    for n in range(1, statements + 1):
        assert oracle.run(failpoint=f"migrate.statement:{n}") == -9
        assert _tables(oracle.database) == 0, "half of the tables are there"
    assert oracle.run(failpoint="commit.durable:9") == -9
    await oracle.judge()


async def test_a_kill_at_every_statement_of_an_upgrade(oracle: Oracle, tmp_path: Path) -> None:
    """From a file of the first version, with a past, to the present one."""
    grown = Oracle(tmp_path / "grown.db")
    for seed in range(2):
        grown.run("--seed", str(seed), failpoint="commit.durable:60")
    first_version(oracle.database, grown.database)
    oracle.acked, oracle.incidents, oracle.sent, oracle.done = (
        grown.acked, grown.incidents, grown.sent, grown.done,
    )  # fmt: skip
    statements = sum(len(step) for step in schema.MIGRATIONS[1:])
    assert statements > 1
    for n in range(1, statements + 1):
        assert oracle.run(failpoint=f"migrate.statement:{n}") == -9
        assert _version(oracle.database) == 1, "it is neither the old nor the new version"
    assert oracle.run(failpoint="commit.durable:9") == -9
    assert _version(oracle.database) == len(schema.MIGRATIONS)
    found = await oracle.judge()
    assert found["acked"] > grown.acked


def first_version(database: Path, grown: Path) -> None:
    """Make *database* by the statements of the first version, with what *grown* holds."""
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    schema.migrate(db, schema.MIGRATIONS[:1])
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    db.execute("ATTACH ? AS grown", (str(grown),))
    for table in tables:
        db.execute(f"INSERT INTO {table} SELECT * FROM grown.{table}")
    db.close()


def _version(database: Path) -> int:
    db = sqlite3.connect(database)
    try:
        return schema.version(db)
    finally:
        db.close()


async def test_the_oracle_notices_an_acknowledgement_before_the_commit(oracle: Oracle) -> None:
    """The control: without the protection the same test must fail."""
    oracle.run("--early", failpoint="commit.written:7")
    with pytest.raises(Broken, match="gone"):
        await oracle.judge()


async def test_the_oracle_notices_a_reading_that_was_not_sent(oracle: Oracle) -> None:
    oracle.run(failpoint="commit.durable:3")
    db = sqlite3.connect(oracle.database)
    db.execute("UPDATE series SET crc = 0, device = 'x' WHERE device = 'd2'")
    db.commit()
    db.close()
    with pytest.raises(Broken):
        await oracle.judge()


def _tables(database: Path) -> int:
    db = sqlite3.connect(database)
    try:
        return int(db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
    finally:
        db.close()
