"""A disk without room, and one that answers with errors."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.model import Batch, Duration
from gateway.store import Size, Store, StoreFailed, StoreSpec, chores, retention
from tests.faults.oracle import Oracle, past
from tests.gateway.store.facts import envelope, incident, reading

MEGABYTE = 1_000_000
Open = Callable[..., Store]

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace makes the errors")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    mount = tmp_path / "disk"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", mount], check=True)
    yield mount
    subprocess.run(["umount", "-l", mount], check=True)


@pytest.fixture
def opened(disk: Path) -> Iterator[Open]:
    with ExitStack() as end:

        def open_store(**spec: object) -> Store:
            store = Store.open(disk / "linli.db", StoreSpec(**spec))  # type: ignore[arg-type]  # as given
            end.callback(store.close)
            return store

        yield open_store


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that fits on the small disk."""
    monkeypatch.setattr(chores, "PAGES", 100)


def batch(number: int, size: int = 200) -> Batch:
    readings = tuple(reading(number * size + i, (number * 31 + i) / 7) for i in range(size))
    found = incident(f"i-{number}")
    return Batch(
        at=readings[-1].at,
        readings=readings,
        incidents=(found,),
        envelopes=(envelope(found),),
        snapshot=b"" if number % 4 == 0 else None,
    )


def room(disk: Path) -> int:
    free = os.statvfs(disk)
    return free.f_bavail * free.f_frsize


async def commit_until_full(store: Store, first: int) -> int:
    """Returns the number of the batch that failed."""
    for number in range(first, first + 10_000):
        try:
            await store.commit(batch(number))
        except StoreFailed as failure:
            if failure.full:
                return number
            raise
    raise AssertionError("the disk was never full")


@needs_root
async def test_a_full_disk_acknowledges_nothing_and_goes_on_when_there_is_room(
    disk: Path, opened: Open
) -> None:
    filler = disk / "filler"
    store = opened(reserve=Size(0))
    await store.commit(batch(0))
    filler.write_bytes(bytes(room(disk) - MEGABYTE))
    failed = await commit_until_full(store, 1)
    for _ in range(3):  # it stays full: neither lost nor acknowledged
        with pytest.raises(StoreFailed):
            await again(store, failed)
    filler.unlink()
    await again(store, failed)
    await store.commit(batch(failed + 1))
    store.close()
    expected = [r.at for n in range(failed + 2) for r in batch(n).readings]
    assert [r.at for r in past(disk / "linli.db")] == expected


async def again(store: Store, number: int) -> None:
    await store.reopen()
    await store.commit(batch(number))


@needs_root
async def test_the_reserve_lets_the_store_go_on_for_a_while(disk: Path, opened: Open) -> None:
    store = opened(reserve=Size(500_000))
    for number in range(80):  # enough for the first chores, which lay it up
        await store.commit(batch(number, 1))
    await chores_done(store)
    reserve = disk / "linli.reserve"
    assert reserve.stat().st_blocks * 512 >= 500_000
    (disk / "filler").write_bytes(bytes(room(disk) - 200_000))
    failed = await commit_until_full(store, 80)
    await store.reopen()
    assert not reserve.exists()
    await store.commit(batch(failed))
    assert len(await store.outbox.next("city", 10**6)) == failed + 1


async def chores_done(store: Store) -> None:
    while store._chores._round is not None:
        await store.totals()


@needs_root
async def test_near_the_end_of_the_disk_the_oldest_readings_make_room(
    disk: Path, opened: Open
) -> None:
    """Far below the configured cap: whoever else fills the disk, new facts go before old ones."""
    (disk / "filler").write_bytes(bytes(4 * MEGABYTE))
    store = opened(reserve=Size(MEGABYTE), limit=Size(10**12), keep=Duration(2**40))
    for number in range(600):
        await store.commit(batch(number))
        await chores_done(store)
    totals = await store.totals()
    spare = room(disk) + retention.spare(store._access.writer.db)
    assert MEGABYTE < spare < 3 * MEGABYTE, "more or less was deleted than had to be"
    store.close()
    found = past(disk / "linli.db")
    assert totals["expired"] > 0
    assert len(found) + totals["expired"] == 600 * 200
    assert found[-1].at == batch(599).at


@needs_strace
@pytest.mark.parametrize(
    "fault",
    [
        "fdatasync:error=EIO:when=60+9",
        "pwrite64:error=EIO:when=300+101",
        "pwrite64:error=ENOSPC:when=300+127",
        "pwrite64:error=EROFS:when=300+139",
    ],
)
async def test_errors_of_the_disk_cost_nothing_that_was_acknowledged(
    tmp_path: Path, fault: str
) -> None:
    oracle = Oracle(tmp_path / "linli.db")
    strace = "strace", "-f", "-o", "/dev/null", "-e", f"trace={fault.split(':')[0]}"
    strace = *strace, "-e", f"inject={fault}"
    oracle.run("--stop-after", "60", prefix=strace, seconds=60)
    found = await oracle.judge()
    assert oracle.failures > 3, "the fault never happened"
    assert found["incidents"] == 60
