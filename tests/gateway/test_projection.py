import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from gateway.model import Reading
from gateway.ports import ReadingSink, ReadingSinkSpec, Retry, Surroundings
from gateway.projection import project
from tests.contracts.facts import NOON, surroundings
from tests.contracts.twins import MemoryJournal, MemoryRefused
from tests.virtual_time import in_virtual_time


class Chart(ReadingSinkSpec, frozen=True, kw_only=True):
    """Writes what `behaviour` lets through."""

    behaviour: Callable[[Sequence[Reading]], Sequence[tuple[Reading, str]]]
    written: list[tuple[float, int]]

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[ReadingSink]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[ReadingSink]:
        yield self

    async def write(self, readings: Sequence[Reading]) -> Sequence[tuple[Reading, str]]:
        refused = self.behaviour(readings)
        self.written.append((asyncio.get_running_loop().time(), len(readings)))
        return refused


def readings(n: int) -> list[Reading]:
    return [Reading("bin-3", "fill_level", float(i), NOON + i) for i in range(n)]


def projecting(
    behaviour: Callable[[Sequence[Reading]], Any],
    journal: MemoryJournal,
    meanwhile: Callable[[asyncio.Event], Coroutine[Any, Any, None]] | None = None,
    refused: MemoryRefused | None = None,
) -> tuple[Chart, Surroundings]:
    async def story() -> tuple[Chart, Surroundings]:
        chart = Chart(id="influx", behaviour=behaviour, written=[])
        around, news = surroundings(Path()), asyncio.Event()
        kept = refused or MemoryRefused(journal)
        with suppress(TimeoutError):
            async with asyncio.timeout(600), asyncio.TaskGroup() as tasks:
                if meanwhile:
                    tasks.create_task(meanwhile(news))
                await project(chart, around, journal, kept, news, lambda: 1.0)
        return chart, around

    return in_virtual_time(story())


def test_the_journal_is_copied_in_batches_and_the_cursor_follows() -> None:
    journal = MemoryJournal(readings(12_001))
    chart, around = projecting(lambda batch: (), journal)
    assert [n for _, n in chart.written] == [5000, 5000, 2001]
    assert journal.cursors == {"influx": 12_001}
    assert around.health.counts["written", "influx", ""] == 12_001


def test_a_trickle_is_gathered_into_few_writes() -> None:
    journal = MemoryJournal()

    async def trickle(news: asyncio.Event) -> None:
        for reading in readings(100):
            journal.readings.append(reading)
            news.set()
            await asyncio.sleep(0.1)

    chart, _ = projecting(lambda batch: (), journal, trickle)
    assert sum(n for _, n in chart.written) == 100
    assert len(chart.written) <= 7


def test_the_cursor_stays_where_it_is_until_the_world_is_back() -> None:
    journal, left = MemoryJournal(readings(10)), [5]

    def behaviour(batch: Sequence[Reading]) -> Sequence[tuple[Reading, str]]:
        left[0] -= 1
        if left[0] >= 0:
            assert journal.cursors == {}
            raise Retry("503")
        return ()

    chart, around = projecting(behaviour, journal)
    assert chart.written == [(31.0, 10)]
    assert journal.cursors == {"influx": 10}
    assert around.health.states["influx"][0] == "ok"


def test_what_is_refused_is_kept_with_the_reason_and_passed_by() -> None:
    journal = MemoryJournal(readings(10))
    refused = MemoryRefused(journal)
    _, around = projecting(
        lambda batch: [(batch[3], "field type conflict")], journal, refused=refused
    )
    assert journal.cursors == {"influx": 10}
    (letter,) = refused.letters["influx"]
    assert (letter.reading, letter.reason, letter.at) == (
        readings(10)[3],
        "field type conflict",
        NOON,
    )
    assert around.health.counts["refused", "influx", "field type conflict"] == 1
    assert around.health.counts["written", "influx", ""] == 9


def test_what_was_refused_is_tried_again_when_a_person_says_so() -> None:
    journal = MemoryJournal(readings(10))
    refused = MemoryRefused(journal)
    mended = [False]

    def behaviour(batch: Sequence[Reading]) -> Sequence[tuple[Reading, str]]:
        wrong = [reading for reading in batch if reading.value in (3.0, 4.0)]
        if mended[0]:  # 4 is refused for ever, for another reason
            return [(reading, "out of retention") for reading in wrong if reading.value == 4.0]
        return [(reading, "field type conflict") for reading in wrong]

    async def person(news: asyncio.Event) -> None:
        await asyncio.sleep(100)
        mended[0] = True
        assert await refused.retry("influx") == 2

    chart, _ = projecting(behaviour, journal, person, refused)
    (left,) = refused.letters["influx"]
    assert (left.reading.value, left.reason) == (4.0, "out of retention")
    assert [n for _, n in chart.written] == [10, 2]
    assert refused.waiting == set()
