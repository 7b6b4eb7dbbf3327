import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path

from msgspec.structs import replace

from gateway.delivery import LOOK, PATIENCE, SLOW, Pace, deliver
from gateway.model import Answer, Envelope
from gateway.ports import (
    Barred,
    Choked,
    Reject,
    Retry,
    Sink,
    SinkSpec,
    Surroundings,
)
from gateway.store.failures import StoreFailed
from tests.contracts.facts import envelope, surroundings
from tests.contracts.twins import MemoryOutbox
from tests.virtual_time import in_virtual_time

Behaviour = Callable[[str], Exception | None]


class City(SinkSpec, frozen=True, kw_only=True):
    """Takes what `behaviour` lets through; `tries` are (second, id)."""

    behaviour: Behaviour
    tries: list[tuple[float, str]]
    opened: list[float]

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Sink]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Sink]:
        self.opened.append(asyncio.get_running_loop().time())
        yield self

    async def send(self, envelope: Envelope) -> str:
        self.tries.append((asyncio.get_running_loop().time(), envelope.id))
        if failure := self.behaviour(envelope.id):
            raise failure
        return f"SR-{envelope.id}"


class Tale:
    """One delivery in virtual time, with waits drawn as long as they may be."""

    def __init__(self, behaviour: Behaviour, *waiting: Envelope) -> None:
        self.spec = City(id="city", behaviour=behaviour, tries=[], opened=[])
        self.around, self.outbox = surroundings(Path()), MemoryOutbox()
        self.outbox.put(*waiting)
        self.news = asyncio.Event()
        self.answers: list[tuple[str, str, str, str]] = []

    async def tell(self, answer: Answer) -> None:
        self.answers.append((answer.incident, answer.state, answer.reference, answer.text))

    async def run(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await deliver(
                    self.spec, self.around, self.outbox, self.news, self.tell, lambda: 1.0
                )

    @property
    def sent(self) -> list[str]:
        return self.outbox.delivered.get("city", [])

    @property
    def state(self) -> tuple[str, str]:
        return self.around.health.states["city"]


def tale(behaviour: Behaviour, *waiting: Envelope, seconds: float = 3600) -> Tale:
    async def story() -> Tale:
        told = Tale(behaviour, *waiting)
        await told.run(seconds)
        return told

    return in_virtual_time(story())


def failing(times: int, failure: Exception) -> Behaviour:
    left = iter([failure] * times)
    return lambda id: next(left, None)


def test_everything_leaves_in_order() -> None:
    told = tale(lambda id: None, envelope("a"), envelope("a", 1, "updated"), envelope("b"))
    assert told.sent == ["a-0", "a-1", "b-0"]
    assert told.state == ("ok", "nothing waits")
    assert told.around.health.counts["delivered", "city", ""] == 3


def test_news_wakes_it_at_once_and_without_news_it_looks_now_and_then() -> None:
    async def story() -> Tale:
        told = Tale(lambda id: None)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(told.run(100))
            await asyncio.sleep(10)
            told.outbox.put(envelope("a"))
            told.news.set()
            await asyncio.sleep(1)
            told.outbox.put(envelope("b"))
        return told

    told = in_virtual_time(story())
    assert told.spec.tries == [(10, "a-0"), (10 + LOOK, "b-0")]


def test_the_waits_double_up_to_a_minute_and_begin_anew_after_a_success() -> None:
    told = tale(failing(8, Retry("gone")), envelope("a"), envelope("b"))
    times = [at for at, _ in told.spec.tries]
    assert [b - a for a, b in pairwise(times)] == [
        1, 2, 4, 8, 16, 32, 60, 60, 0,
    ]  # fmt: skip
    assert told.sent == ["a-0", "b-0"]
    assert len(told.spec.opened) == 9, "a failed connection is not used again"


def test_full_jitter_draws_from_nothing_to_the_ceiling() -> None:
    draws = iter([0.0, 0.25, 0.5])
    pace = Pace(lambda: next(draws))
    assert [pace.after(Retry()) for _ in range(3)] == [0, 0.5, 2]


def test_the_other_side_s_wish_is_honoured_within_reason() -> None:
    told = tale(failing(1, Retry("busy", after=40)), envelope("a"))
    assert [at for at, _ in told.spec.tries] == [0, 41]
    assert Pace(lambda: 0.0).after(Retry(after=1e12)) == 3600
    assert Pace(lambda: 0.0).after(Retry(after=-5)) == 0


def test_an_outage_is_told_with_its_backlog() -> None:
    told = tale(lambda id: Retry("connection refused"), *map(envelope, "abc"), seconds=2.5)
    state, detail = told.state
    assert state == "retrying"
    assert detail == "connection refused; 3 waiting; next try in 2 s"
    assert told.sent == []


def test_a_failure_of_the_network_that_a_sink_did_not_name_is_one_too() -> None:
    told = tale(failing(2, ConnectionResetError("reset")), envelope("a"))
    assert told.sent == ["a-0"]


def test_a_disk_that_fails_stops_nobody_else() -> None:
    class Flaky(MemoryOutbox):
        failures = 3

        async def done(self, sink: str, ids: Sequence[str]) -> None:
            if self.failures:
                self.failures -= 1
                raise StoreFailed("disk I/O error")
            await super().done(sink, ids)

    async def story() -> Tale:
        told = Tale(lambda id: None)
        told.outbox = Flaky()
        told.outbox.put(envelope("a"))
        await told.run(60)
        return told

    assert in_virtual_time(story()).sent == ["a-0"]


def test_a_refused_one_goes_to_the_dead_and_the_line_moves_on() -> None:
    told = tale(
        lambda id: Reject("422: no such grid") if id == "a-0" else None,
        envelope("a"), envelope("b"),
        seconds=1,
    )  # fmt: skip
    assert told.outbox.buried["city"] == {"a-0": "422: no such grid"}
    assert told.sent == ["b-0"]
    assert told.around.health.counts["dead", "city", ""] == 1


def test_whoever_is_not_let_in_asks_seldom_and_says_why() -> None:
    told = tale(lambda id: Barred("401; check the token"), envelope("a"), envelope("b"))
    assert {id for _, id in told.spec.tries} == {"a-0"}
    assert 10 <= len(told.spec.tries) <= 3600 / SLOW + 1
    assert told.state[0] == "failed"
    assert "check the token" in told.state[1]
    assert told.outbox.buried == {}, "nothing is thrown away because of a wrong password"


def test_one_that_chokes_the_other_side_lets_others_pass_and_is_given_up() -> None:
    waiting = [envelope("bad"), envelope("bad", 1, "updated"), *map(envelope, "abcdefghij")]

    def behaviour(id: str) -> Exception | None:
        return Choked("500") if id == "bad-0" else None

    told = tale(behaviour, *waiting)
    assert told.sent[:10] == [f"{name}-0" for name in "abcdefghij"]
    first_other = next(at for at, id in told.spec.tries if id == "a-0")
    assert first_other <= 5, "a poisonous one holds the others up for one try"
    assert told.outbox.buried["city"] == {"bad-0": "500; it takes others"}
    assert told.sent[10:] == ["bad-1"]
    assert [id for _, id in told.spec.tries].count("bad-0") == PATIENCE


def test_one_whose_answer_never_comes_lets_others_pass_and_is_never_given_up() -> None:
    waiting = [envelope("bad"), *map(envelope, "abcdefghijklm")]

    def behaviour(id: str) -> Exception | None:
        return Choked("no answer in time", sure=False) if id == "bad-0" else None

    told = tale(behaviour, *waiting, seconds=24 * 3600)
    assert len(told.sent) == 13
    assert told.outbox.buried == {}
    assert [id for _, id in told.spec.tries].count("bad-0") > 1000


def test_an_other_side_that_chokes_on_everything_costs_nobody_the_line() -> None:
    broken = [True]

    async def story() -> Tale:
        told = Tale(lambda id: Choked("500") if broken[0] else None, *map(envelope, "abc"))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(told.run(4 * 3600))
            await asyncio.sleep(3 * 3600)
            broken[0] = False
        return told

    told = in_virtual_time(story())
    assert sorted(told.sent) == ["a-0", "b-0", "c-0"]
    assert told.outbox.buried == {}


def test_versions_of_one_incident_never_overtake_each_other() -> None:
    waiting = [envelope(name, seq) for seq in range(5) for name in "abc"]
    left = {"a-1": 5, "b-3": 3, "c-0": 4}

    def behaviour(id: str) -> Exception | None:
        left[id] = left.get(id, 0) - 1
        return Choked("500") if left[id] >= 0 else None

    told = tale(behaviour, *waiting)
    assert len(told.sent) == 15
    for name in "abc":
        assert [id for id in told.sent if id[0] == name] == [f"{name}-{i}" for i in range(5)]


def test_what_becomes_of_an_incident_is_told() -> None:
    refusals = {"i-2-0": Reject("422: no such grid")}
    told = tale(refusals.get, envelope("i-1"), envelope("i-2"), seconds=5)
    assert told.answers == [
        ("i-1", "accepted", "SR-i-1-0", ""),
        ("i-2", "failed", "", "422: no such grid"),
    ]


def test_what_is_known_already_is_not_told_again() -> None:
    before = envelope("i-1", 1)
    known = (Answer("i-1", "city", "accepted", "SR-i-1-1"),)
    before = replace(before, incident=replace(before.incident, answers=known))
    assert tale(lambda id: None, before, seconds=5).answers == []
