import asyncio
from random import Random

import pytest

from gateway.intake import BoundedInbox, _world, backoff, frames_apart, supervise
from gateway.model import Packet
from gateway.ports import Inbox, Retry
from tests.gateway.watch import Watch
from tests.virtual_time import in_virtual_time


def packets(n: int, size: int = 10) -> list[Packet]:
    return [Packet(f"t/{i}", bytes(size)) for i in range(n)]


async def test_what_is_put_is_taken_in_order() -> None:
    inbox = BoundedInbox()
    for packet in packets(5):
        await inbox.put([packet])
    taken = [item.topic for d in inbox.take(100) for item in d.items]
    assert taken == [f"t/{i}" for i in range(5)]
    assert len(inbox) == 0


async def test_a_full_inbox_refuses_an_offer_and_makes_a_put_wait() -> None:
    inbox = BoundedInbox(items=4)
    assert inbox.offer(packets(4))
    assert not inbox.offer(packets(1))
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(inbox.put(packets(1)))
        await asyncio.sleep(0)
        assert not waiting.done()
        inbox.take(10)
    assert len(inbox) == 1


async def test_bytes_are_bounded_too() -> None:
    inbox = BoundedInbox(size=1000)
    assert inbox.offer(packets(1, size=1500))
    assert not inbox.offer(packets(1))
    inbox.take(1)
    assert inbox.offer(packets(1))


async def test_waiting_ends_with_the_first_item_or_with_the_time() -> None:
    inbox = BoundedInbox()
    await inbox.wait(0)
    inbox.offer(packets(1))
    async with asyncio.timeout(1):
        await inbox.wait(None)


def test_backoff_is_jittered_doubles_and_is_capped() -> None:
    waits = backoff(Random(1), base=1, top=8)
    seen = [[next(waits) for _ in range(6)]]
    assert all(0 <= w <= top for w, top in zip(seen[0], (1, 2, 4, 8, 8, 8), strict=True))
    assert len(set(seen[0])) == 6


class Failing:
    """Fails a number of times, then serves for good."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.serving = list(errors), asyncio.Event()

    async def run(self, inbox: Inbox) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.serving.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    "error",
    [
        Retry("down"),
        ConnectionRefusedError(),
        ExceptionGroup("tasks", [OSError(98, "address in use")]),
        KeyError("bug"),
    ],
)
def test_a_source_that_fails_is_started_again(error: Exception) -> None:
    source, health = Failing(error, error), Watch()

    async def story() -> None:
        task = asyncio.create_task(supervise("mqtt", source, BoundedInbox(), health, Random(1)))
        async with asyncio.timeout(60):
            await source.serving.wait()
        task.cancel()
        await asyncio.wait([task])

    in_virtual_time(story())
    assert health.counts["source_restarts", "mqtt", ""] == 2
    assert health.states["mqtt"][0] == "starting"


def test_pictures_go_to_their_camera_and_the_rest_to_the_spine() -> None:
    seen: list[bytes] = []
    items = [Packet("cam/1", b"jpeg"), Packet("t/1", b"21.5")]
    assert frames_apart(items, {"cam/1": seen.append}) == items[1:]
    assert seen == [b"jpeg"]


def test_a_group_of_the_worlds_failures_is_the_worlds() -> None:
    group = ExceptionGroup("tasks", [OSError(98, "in use"), ExceptionGroup("x", [Retry("down")])])
    assert _world(group) == "[Errno 98] in use; down"
    assert _world(ExceptionGroup("tasks", [OSError(98, "in use"), KeyError("bug")])) is None
