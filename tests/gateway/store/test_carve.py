"""What is read off the pages is what SQLite itself reads."""

import random
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from gateway.store import carve


class Long(NamedTuple):
    """So many bytes, without their being printed."""

    n: int


VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8")),
    st.binary(),
    st.builds(Long, st.integers(3000, 20_000)),
)
ROWS = st.dictionaries(
    st.integers(-(2**63), 2**63 - 1), st.tuples(VALUES, VALUES, VALUES), max_size=40
)


def write(path: Path, rows: dict[int, tuple[Any, ...]], mode: str) -> sqlite3.Connection:
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA journal_mode = {mode}")
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c)")
    db.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", [(i, *row) for i, row in rows.items()])
    db.commit()
    return db


def carved(path: Path) -> dict[int, tuple[Any, ...]]:
    return {i: tuple(values[1:]) for i, values in carve.rows(path) if len(values) == 4}


def full(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(random.Random(v.n).randbytes(v.n) if isinstance(v, Long) else v for v in row)


@given(rows=ROWS, mode=st.sampled_from(["DELETE", "WAL"]))
def test_every_row_of_any_table(
    tmp_path_factory: Any, rows: dict[int, tuple[Any, ...]], mode: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "carve.db"
    written = {i: full(row) for i, row in rows.items()}
    db = write(path, written, mode)
    assert carved(path) == written
    db.close()


@given(st.binary(max_size=20_000))
def test_any_bytes_are_rows_or_nothing(tmp_path_factory: Any, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.db"
    path.write_bytes(b"\x0d" + raw)
    list(carve.rows(path))


def test_commits_behind_a_broken_frame_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    db = write(path, {}, "WAL")
    for i in range(5):
        db.execute("INSERT INTO t VALUES (?, 1, 2, 3)", (i,))
        db.commit()
    frames = ((tmp_path / "t.db-wal").stat().st_size - 32) // (24 + carve.PAGE)
    assert carve.lost_commits(path, frames) == 0
    assert carve.lost_commits(path, frames - 3) == 3
    db.close()
    assert carve.lost_commits(path, 0) == 0
