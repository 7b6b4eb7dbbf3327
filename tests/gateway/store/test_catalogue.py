import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.store import catalogue, schema
from gateway.store.catalogue import Catalogue

KEY, OTHER = ("bin-04", "fill_level", "%"), ("bin-05", "fill_level", "%")


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(db)
    yield db
    db.close()


def test_a_name_has_the_same_number_wherever_it_is_met_first(db: sqlite3.Connection) -> None:
    first, other = Catalogue(db), sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(other)
    numbers = first[KEY], first[OTHER]
    second = Catalogue(other)
    assert (second[OTHER], second[KEY]) == numbers[::-1]
    assert catalogue.keys(db) == {numbers[0]: KEY, numbers[1]: OTHER}
    other.close()


def test_two_names_of_one_number_stay_apart(
    db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "crc32", lambda raw: 2**32 - 1)
    names = Catalogue(db)
    assert (names[KEY], names[OTHER]) == (2**32 - 1, 0)
    assert catalogue.keys(db) == {2**32 - 1: KEY, 0: OTHER}


def test_a_rollback_takes_new_names_back(db: sqlite3.Connection) -> None:
    names = Catalogue(db)
    db.execute("BEGIN")
    number = names[KEY]
    db.execute("ROLLBACK")
    names.forget()
    assert KEY not in names
    assert names[KEY] == number
    assert catalogue.keys(db) == {number: KEY}


def test_a_damaged_name_is_read_from_the_index(tmp_path: Path) -> None:
    path = tmp_path / "names.db"
    db = sqlite3.connect(path, isolation_level=None)
    schema.migrate(db)
    number = Catalogue(db)[KEY]
    (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'series'").fetchone()
    db.close()
    raw = bytearray(path.read_bytes())
    at = raw.index(b"bin-04", (page - 1) * 4096)
    raw[at] ^= 1
    path.write_bytes(raw)
    db = sqlite3.connect(path)
    assert db.execute("SELECT device FROM series NOT INDEXED").fetchone() == ("cin-04",)
    assert catalogue.keys(db) == {number: KEY}
    db.close()


def test_a_name_damaged_everywhere_is_left_out(db: sqlite3.Connection) -> None:
    Catalogue(db)[KEY]
    db.execute("UPDATE series SET device = 'bin-99'")
    assert catalogue.keys(db) == {}
    assert Catalogue(db)[KEY]  # and is learnt anew, under its old number
    assert list(catalogue.keys(db).values()) == [KEY]
