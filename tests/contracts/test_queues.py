"""The durable outbox and journal, and their in-memory twins, behave alike for delivery."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.delivery import Outbox
from gateway.model import Batch, Envelope, Reading
from gateway.projection import Journal
from gateway.store import Store, StoreSpec
from tests.contracts.facts import NOON, envelope
from tests.contracts.twins import MemoryJournal, MemoryOutbox

READINGS = [Reading("bin-3", "fill_level", i / 10, NOON + i, unit="1") for i in range(7)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(tmp_path / "linli.db", StoreSpec())) as store:
        yield store


@pytest.fixture(params=["memory", "store"])
async def outbox(request: pytest.FixtureRequest, store: Store) -> tuple[Outbox, Callable[..., Any]]:
    if request.param == "store":

        async def put(*envelopes: Envelope) -> None:
            await store.commit(Batch(at=NOON, envelopes=envelopes))

        return store.outbox, put
    twin = MemoryOutbox()

    async def keep(*envelopes: Envelope) -> None:
        twin.put(*envelopes)

    return twin, keep


@pytest.fixture(params=["memory", "store"])
async def journal(request: pytest.FixtureRequest, store: Store) -> Journal:
    if request.param == "memory":
        return MemoryJournal(READINGS)
    await store.commit(Batch(at=NOON, readings=tuple(READINGS[:4])))
    await store.commit(Batch(at=NOON, readings=tuple(READINGS[4:])))
    return store.journal


async def test_an_outbox_gives_the_oldest_first_until_done_or_buried(outbox) -> None:
    box, put = outbox
    one, two, three = (envelope("i", seq) for seq in range(3))
    await put(one, two, three, envelope("j", sink="other"))
    assert list(await box.next("city")) == [one]
    assert list(await box.next("city", 9)) == [one, two, three]
    await box.done("city", [one.id])
    await box.bury("city", two.id, "422: no such grid")
    assert list(await box.next("city", 9)) == [three]
    backlog = (await box.backlog())["city"]
    assert (backlog.waiting, backlog.dead) == (1, 1)
    assert list(await box.next("other")) == [envelope("j", sink="other")]
    assert list(await box.next("nobody")) == []


async def test_a_journal_is_read_behind_a_cursor_that_each_reader_keeps(journal: Journal) -> None:
    start = await journal.cursor("influx")
    first, behind = await journal.read(start, 5)
    rest, end = await journal.read(behind, 5)
    assert [*first, *rest] == READINGS
    assert await journal.read(end, 5) == ([], end)
    await journal.advance("influx", end)
    assert await journal.cursor("influx") == end
    assert await journal.cursor("other") == start
