"""A process of its own: what it says comes back, and it never outlives who asked."""

import asyncio
import os
from pathlib import Path

import pytest

from gateway import aside


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "beside.py").write_text(
        "import os, sys, time\n"
        "open(sys.argv[1], 'w').write(str(os.getpid()))\n"
        "time.sleep(float(sys.argv[2]))\n"
        "print(sys.stdin.read().upper(), end='')\n"
        "sys.exit('wrong' if len(sys.argv) > 3 else 0)\n"
    )
    return "beside"


def gone(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text()), 0)
    except ProcessLookupError:
        return True
    return False


async def test_what_it_wrote_comes_back(module: str, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    assert await aside.run(module, str(pid), "0", seconds=30, body=b"bin") == (0, b"BIN", b"")
    ended = await aside.run(module, str(pid), "0", "badly", seconds=30)
    assert (ended.code, ended.err) == (1, b"wrong\n")


async def test_it_is_ended_when_its_time_is_over(module: str, tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        await aside.run(module, str(tmp_path / "pid"), "600", seconds=2)
    assert gone(tmp_path / "pid")


async def test_it_is_ended_with_who_asked(module: str, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    asking = asyncio.create_task(aside.run(module, str(pid), "600", seconds=600))
    while not pid.exists() or not pid.read_text():  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(0.02)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert gone(pid)
