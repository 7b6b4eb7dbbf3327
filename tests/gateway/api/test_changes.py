"""The live feed: everything once, then only what is new, the same bytes for all."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.api import changes as module
from gateway.api.changes import HISTORY, Changes
from gateway.api.desk import Desk
from tests.gateway.api.client import Client
from tests.gateway.api.desk_fixture import FakeClock, FakeLatest

Events = list[tuple[str, Any]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.02)


def events(raw: bytes) -> Events:
    found = []
    for block in raw.decode().split("\n\n")[:-1]:
        event, data = block.split("\n")
        found.append((event.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


async def following(stream: AsyncIterator[bytes], topic: str) -> Any:
    """The next event of *topic*."""
    async with asyncio.timeout(5):
        async for raw in stream:
            for name, data in events(raw):
                if name == topic:
                    return data


def speak(desk: Desk, device: str) -> None:
    latest, clock = desk.latest, desk.clock
    assert isinstance(latest, FakeLatest)
    assert isinstance(clock, FakeClock)
    clock.time += 1
    for quantity, reading in latest.readings[device].items():
        from msgspec.structs import replace

        latest.readings[device][quantity] = replace(reading, at=clock.time)


async def test_first_everything_then_what_changes(desk: Desk) -> None:
    stream = Changes(desk).watch()
    first = dict(events(await anext(stream)))
    assert set(first) == {"incidents", "cameras", "devices", "sinks", "parts", "now"}
    assert first["devices"]["all"]
    assert len(first["devices"]["set"]) == 42
    assert [name for name, _ in events(await anext(stream))] == ["now"]
    speak(desk, "bin-02")
    news = await following(stream, "devices")
    assert [d["id"] for d in news["set"]] == ["bin-02"]
    assert not news["all"]


async def test_what_is_closed_is_told_as_gone(desk: Desk) -> None:
    changes = Changes(desk)
    stream = changes.watch()
    await anext(stream)
    from gateway.model import Action

    desk.store.act(Action("inc-0000", "resolved", "omar"))  # type: ignore[attr-defined] - fake
    assert (await following(stream, "incidents"))["gone"] == ["inc-0000"]


async def test_many_pages_cost_one_look(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    real = module.facts.sinks

    async def counted(desk: Desk) -> Any:
        nonlocal looks
        looks += 1
        return await real(desk)

    monkeypatch.setattr(module.facts, "sinks", counted)
    monkeypatch.setattr(module, "EVERY", 0.3)
    changes = Changes(desk)
    pages = [changes.watch() for _ in range(20)]
    first = [await anext(page) for page in pages]
    assert looks == 1
    assert len(set(first)) == 1


async def test_a_page_that_was_away_too_long_gets_everything(desk: Desk) -> None:
    changes = Changes(desk)
    slow, quick = changes.watch(), changes.watch()
    await anext(slow)
    await anext(quick)
    for _ in range(HISTORY + 1):
        speak(desk, "bin-01")
        await following(quick, "devices")
    assert (await following(slow, "devices"))["all"]


async def test_a_page_that_was_away_shortly_gets_what_it_missed(desk: Desk) -> None:
    changes = Changes(desk)
    slow, quick = changes.watch(), changes.watch()
    await anext(slow)
    await anext(quick)
    for device in ("bin-01", "bin-02"):
        speak(desk, device)
        await following(quick, "devices")
    told = [data["set"][0]["id"] for name, data in events(await anext(slow)) if name == "devices"]
    assert told == ["bin-01", "bin-02"]


async def test_closing_ends_all_streams(desk: Desk) -> None:
    changes = Changes(desk)
    stream = changes.watch()
    await anext(stream)
    changes.close()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_a_stream_ends_with_the_login(client: Client) -> None:
    sessions = client.app.state.accounts.sessions
    headers = client.credentials("vera")
    async with client.http.get(f"{client.base}/api/v1/changes", headers=headers) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert b"event: devices" in await answer.content.readuntil(b"event: now")
        (login,) = sessions.opened(client.app.state.desk.clock.now())
        sessions.end(login.id)
        async with asyncio.timeout(5):
            await answer.content.read()
