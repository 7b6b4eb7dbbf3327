"""Damages database files, and looks what is left of them."""

import random
import shutil
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from gateway.model import Batch, Reading
from gateway.store import Store, StoreFailed, StoreSpec
from tests.faults.committer import reading
from tests.faults.oracle import Broken, Oracle, past
from tests.gateway.store.facts import NOON

PAGE = 4096
Damage = Callable[[Path, random.Random], None]
T = TypeVar("T")


def _overwrite(path: Path, offset: int, raw: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(raw)


def flip_a_bit(path: Path, chance: random.Random) -> None:
    offset = chance.randrange(path.stat().st_size)
    with path.open("rb") as file:
        file.seek(offset)
        byte = file.read(1)[0]
    _overwrite(path, offset, bytes([byte ^ 1 << chance.randrange(8)]))


def ruin_a_page(path: Path, chance: random.Random) -> None:
    page = chance.randrange(path.stat().st_size // PAGE)
    _overwrite(path, page * PAGE, chance.randbytes(PAGE))


def zero_a_sector(path: Path, chance: random.Random) -> None:
    _overwrite(path, chance.randrange(path.stat().st_size // 512) * 512, bytes(512))


def cut_off_the_end(path: Path, chance: random.Random) -> None:
    with path.open("r+b") as file:
        file.truncate(chance.randrange(path.stat().st_size))


def ruin_the_start(path: Path, chance: random.Random) -> None:
    """`dd if=/dev/urandom of=linli.db count=500 conv=notrunc`"""
    _overwrite(path, 0, chance.randbytes(min(500 * 512, path.stat().st_size)))


def lose_the_content(path: Path, chance: random.Random) -> None:
    path.write_bytes(b"")


def flip_a_bit_in_the_log(path: Path, chance: random.Random) -> None:
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        flip_a_bit(log, chance)


def lose_the_log(path: Path, chance: random.Random) -> None:
    path.with_name(path.name + "-wal").unlink(missing_ok=True)


DAMAGES: tuple[Damage, ...] = (
    flip_a_bit,
    ruin_a_page,
    zero_a_sector,
    cut_off_the_end,
    ruin_the_start,
    lose_the_content,
    flip_a_bit_in_the_log,
    lose_the_log,
)


def grown(folder: Path) -> tuple[Path, int]:
    """A database with a past, chunks and a log, left by a kill; how many readings it has."""
    oracle = Oracle(folder / "linli.db")
    for seed in range(3):
        oracle.run("--seed", str(seed), failpoint="commit.durable:150", seconds=60)
    return oracle.database, oracle.acked


class Outcome(NamedTuple):
    found: int
    """Readings that are still served."""
    lost: int
    set_aside: bool


def copy(database: Path, folder: Path) -> Path:
    folder.mkdir()
    for file in database.parent.glob(database.name + "*"):
        if not file.name.endswith("-shm"):
            shutil.copy(file, folder / file.name)
    return folder / database.name


async def look(database: Path, readings: int) -> Outcome:
    """Open a damaged file, use it, and raise Broken if anything false comes out of it."""
    store = Store.open(database, StoreSpec())
    try:
        recall = store.recall()
        for _ in recall.tail:
            pass
        fresh = reading(readings + 1000)
        await _insist(store, partial(store.commit, Batch(at=fresh.at, readings=(fresh,))))
        found = await _insist(store, partial(_read_all, store, database, fresh.at))
    finally:
        store.close()
    _true(found, readings, fresh.at)
    return Outcome(
        len(found) - 1, readings - len(found) + 1, bool(list(database.parent.glob("*.corrupt-*")))
    )


async def _insist(store: Store, work: Callable[[], Awaitable[T]]) -> T:
    """What fails is mended as the pump does it: on the next commit."""
    for _ in range(4):
        try:
            return await work()
        except StoreFailed:
            await store.reopen()
    raise Broken("it could not be mended")


async def _read_all(store: Store, database: Path, at: int) -> list[Reading]:
    await store.commit(Batch(at=at))
    await store.incidents(limit=10**6)
    await store.series("d1", "number", 0, 2**60)
    await store.outbox.next("city", 10**6)
    await store.journal.read(0, 10**6)
    try:
        return past(database)
    except StoreFailed as failure:  # the patrol would have come by some day
        store._access.damage.suspect = str(failure)
        raise


def _true(found: list[Reading], readings: int, fresh: int) -> None:
    if len({r.at for r in found}) != len(found):
        raise Broken("a reading is served twice")
    for have in found:
        want = reading(have.at - NOON)
        if have != Reading(want.device, want.quantity, want.value, want.at, None, want.quality):
            raise Broken(f"served {have}")
        if not (0 <= have.at - NOON < readings + 50 or have.at == fresh):
            raise Broken(f"invented {have}")
    if found[-1].at != fresh:
        raise Broken("a fresh reading did not pass")
