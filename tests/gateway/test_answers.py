"""How what platforms say gets into the spine."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from msgspec.structs import replace

from gateway.answers import ON_DISK, follow, pending, teller
from gateway.model import Answer, AnswerState, Duration, Envelope, Incident, Item
from gateway.ports import Ack, Retry, Sink, SinkSpec, Surroundings
from tests.contracts.facts import incident, surroundings
from tests.virtual_time import in_virtual_time


def answered(id: str, *states: AnswerState, sink: str = "city", reference: str = "") -> Incident:
    answers = tuple(Answer(id, sink, state, reference) for state in states)
    return replace(incident(id), answers=answers)


def test_only_what_a_platform_has_and_has_not_ended_is_asked_about() -> None:
    incidents = [
        answered("taken", "accepted", reference="1"),
        answered("assigned", "accepted", "assigned", reference="2"),
        answered("numberless", "accepted"),
        answered("closed", "accepted", "closed", reference="3"),
        answered("rejected", "accepted", "rejected", reference="4"),
        answered("elsewhere", "accepted", sink="other", reference="5"),
        incident("new"),
    ]
    assert pending(incidents, "city") == [("taken", "1"), ("assigned", "2")]


class City(SinkSpec, frozen=True, kw_only=True):
    """Answers from a list; an exception in it is raised."""

    says: list[Answer | Exception | None]
    asked: list[str]

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Sink]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator["City"]:
        yield self

    async def send(self, envelope: Envelope) -> str:
        raise AssertionError("nothing is sent here")

    async def ask(self, incident: str, reference: str) -> Answer | None:
        self.asked.append(reference)
        said = self.says.pop(0) if self.says else None
        if isinstance(said, Exception):
            raise said
        return said


class Kept:
    async def incidents(self, status=None, limit=100, before=None) -> Sequence[Incident]:
        return [answered("i-1", "accepted", reference="SR-1")]


def test_a_platform_is_asked_now_and_then_and_its_failures_stop_nobody() -> None:
    closed = Answer("i-1", "city", "closed", "SR-1")
    spec = City(id="city", says=[None, Retry("down"), closed], asked=[])
    heard: list[Answer] = []

    async def tell(answer: Answer) -> None:
        heard.append(answer)

    async def story() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(35 * 60):
                await follow(spec, surroundings(Path()), Kept(), tell)

    in_virtual_time(story())
    assert spec.asked == ["SR-1"] * 3
    assert heard == [closed]


def test_who_is_never_to_be_asked_is_not() -> None:
    spec = City(id="city", says=[], asked=[], poll=Duration(0))

    async def story() -> None:
        await follow(spec, surroundings(Path()), Kept(), None)  # type: ignore[arg-type] - unused

    in_virtual_time(story())
    assert spec.asked == []


def test_an_answer_is_waited_for_until_it_is_on_disk_but_not_for_long() -> None:
    class Slow:
        def __init__(self, after: float) -> None:
            self.after, self.items = after, list[Item]()

        async def put(self, items: Sequence[Item], ack: Ack | None = None) -> None:
            self.items += items
            if ack:
                asyncio.get_running_loop().call_later(self.after, ack)

    async def took(after: float) -> float:
        inbox, loop = Slow(after), asyncio.get_running_loop()
        start = loop.time()
        await teller(inbox)(Answer("i-1", "city", "accepted"))  # type: ignore[arg-type] - a part
        assert len(inbox.items) == 1
        return loop.time() - start

    assert in_virtual_time(took(0.25)) == 0.25
    assert in_virtual_time(took(60)) == ON_DISK
