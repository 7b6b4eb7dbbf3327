"""A file is the new one or the one before, whoever writes beside, and however it fails."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway import durable


def test_it_is_replaced_with_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "data" / "key"
    durable.write(path, b"one", 0o600)
    durable.write(path, b"two", 0o600)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_writers_at_the_same_time_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "file"
    bodies = [bytes([n]) * 50_000 for n in range(16)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda body: durable.write(path, body), bodies))
    assert path.read_bytes() in bodies
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.mkdir()
    with pytest.raises(OSError, match="file"):
        durable.write(path, b"one")
    assert list(tmp_path.iterdir()) == [path]
