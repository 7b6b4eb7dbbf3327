import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from gateway.model import Evidence
from gateway.ports import Barred, Choked, Retry
from gateway.sinks.cloud_events import CloudEvents
from gateway.webhooks import WebhookSecret
from simulators import office
from simulators.platform import Fault, FaultKind, Platform
from tests.contracts.facts import NOON, StoppedClock, envelope, surroundings

SECRET = "whsec_" + "c2VjcmV0" * 6
PICTURE = b"\xff\xd8 a picture \xff\xd9"
EVIDENCE = Evidence(hashlib.sha256(PICTURE).hexdigest(), "image/jpeg", "now", NOON, len(PICTURE))


@pytest.fixture
async def city() -> AsyncIterator[Platform]:
    async with Platform(secret=SECRET, clock=StoppedClock()) as city:
        yield city


@asynccontextmanager
async def gallery(picture: bytes) -> AsyncIterator[str]:
    """A gateway's console that serves one picture at any address."""

    async def show(request: web.Request) -> web.Response:
        return web.Response(body=picture, content_type="image/jpeg")

    app = web.Application()
    app.router.add_get("/evidence/{name}", show)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def send(
    city: Platform, *envelopes: Any, secret: str = SECRET, base: str = "http://x"
) -> None:
    spec = CloudEvents(id="city", url=city.events, secret=WebhookSecret.parse(secret))
    async with spec.open(surroundings(Path(), base)) as sink:
        for one in envelopes:
            await sink.send(one)


async def get(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await (response.json() if "json" in response.content_type else response.text())


async def checked(city: Platform, sha256: str) -> str:
    """What the platform says of the picture once it has tried to fetch it."""
    for _ in range(200):
        (case,) = await get(f"{city.url}incidents")
        if (verdict := case["pictures"][sha256]) != "waiting":
            return verdict
    raise AssertionError("it was never fetched")


async def test_a_case_is_made_and_followed(city: Platform) -> None:
    await send(city, envelope(), envelope(seq=1, phase="resolved"))
    (case,) = await get(f"{city.url}incidents")
    assert case["number"] == 1
    assert case["data"]["status"] == "resolved"
    assert case["events"] == ["org.linli.incident.opened.v1", "org.linli.incident.resolved.v1"]
    assert (await get(f"{city.url}stats"))["cases"] == 1


async def test_an_event_that_comes_twice_counts_once(city: Platform) -> None:
    await send(city, envelope(), envelope(), envelope("i-2"))
    stats = await get(f"{city.url}stats")
    assert (stats["events"], stats["duplicates"], stats["cases"]) == (2, 1, 2)


async def test_an_older_version_does_not_replace_a_newer_one(city: Platform) -> None:
    await send(city, envelope(seq=2, phase="resolved"), envelope(seq=1, phase="updated"))
    (case,) = await get(f"{city.url}incidents")
    assert case["data"]["status"] == "resolved"
    assert (await get(f"{city.url}stats"))["out_of_order"] == 1


async def test_a_wrong_signature_and_an_old_one_are_refused(city: Platform) -> None:
    with pytest.raises(Barred):
        await send(city, envelope(), secret="whsec_" + "d3Jvbmch" * 6)
    city._clock.at += 301_000  # type: ignore[attr-defined]  # the stopped clock of the fixture
    with pytest.raises(Barred):
        await send(city, envelope())
    assert (await get(f"{city.url}stats")) == {"requests": 2, "bad_signatures": 2}


async def test_evidence_is_fetched_checked_and_shown(city: Platform) -> None:
    async with gallery(PICTURE) as base:
        await send(city, envelope(evidence=(EVIDENCE,)), base=base)
        assert await checked(city, EVIDENCE.sha256) == "ok"
    page = await get(city.url)
    assert f'<img src="/evidence/{EVIDENCE.sha256}"' in page
    assert "fill level 0.97 above 0.9" in page
    assert "110101001001001" in page


async def test_a_picture_that_was_changed_on_the_way_is_noticed(city: Platform) -> None:
    async with gallery(PICTURE + b"!") as base:
        await send(city, envelope(evidence=(EVIDENCE,)), base=base)
        assert await checked(city, EVIDENCE.sha256) == "its hash is not what the event says"
    assert (await get(f"{city.url}stats"))["evidence_bad"] == 1


async def test_titles_are_shown_as_text(city: Platform) -> None:
    await send(city, envelope())
    page = await get(city.url)
    assert "3 号桶满了 &lt;Bin 3 is full&gt;" in page


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("down", Retry),
        ("error", Choked),
        ("unavailable", Retry),
        ("busy", Retry),
        ("denied", Barred),
        ("moved", Barred),
        ("cut", Retry),
    ],
)
async def test_a_fault_changes_nothing(
    city: Platform, kind: FaultKind, failure: type[Retry]
) -> None:
    city.script.append(kind)
    with pytest.raises(failure):
        await send(city, envelope())
    assert city.register.counts[f"fault_{kind}"] == 1
    assert not city.register.cases
    await send(city, envelope())
    assert city.register.counts["events"] == 1


async def test_an_answer_that_gets_lost_leaves_the_case_filed(city: Platform) -> None:
    city.script.append("lost_answer")
    with pytest.raises(Retry):
        await send(city, envelope())
    await send(city, envelope())
    assert city.register.counts["cases"] == 1
    assert city.register.counts["duplicates"] == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"\xff", b'{"specversion": "1.0"}', b'{"specversion": "0.3", "id": "a"}'],
)
async def test_what_is_no_event_is_refused(body: bytes) -> None:
    async with Platform() as city, aiohttp.ClientSession() as session:
        async with session.post(city.events, data=body) as answer:
            assert answer.status == 400
        assert city.register.counts["malformed"] == 1


def test_a_schedule_says_when_a_fault_is_on() -> None:
    once, often = Fault("down", at=10, lasts=5), Fault("down", at=10, lasts=5, every=60)
    assert [once.on(t) for t in (9.9, 10, 14.9, 15, 70)] == [False, True, True, False, False]
    assert [often.on(t) for t in (9.9, 10, 15, 70, 75)] == [False, True, False, True, False]


async def test_the_office_takes_up_closes_and_rejects_by_signed_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Read by the official library; a letter that fails is sent again."""
    monkeypatch.setattr(office, "ASSIGNED_AFTER", 0.0)
    monkeypatch.setattr(office, "CLOSED_AFTER", 0.3)
    monkeypatch.setattr(office, "LATER", 0.1)
    letters: list[dict[str, Any]] = []
    tries, done = [0], asyncio.Event()

    async def hear(request: web.Request) -> web.Response:
        tries[0] += 1
        if tries[0] == 1:
            return web.Response(status=503)
        letters.append(Webhook(SECRET).verify(await request.read(), dict(request.headers)))
        if len(letters) == 9:
            done.set()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/answers", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    people = office.Office(f"http://127.0.0.1:{runner.addresses[0][1]}/answers", SECRET)
    async with Platform(secret=SECRET, clock=StoppedClock(), office=people) as city:
        await send(city, *(envelope(f"i-{n}") for n in range(1, 6)))
        async with asyncio.timeout(10):
            await done.wait()
    await runner.cleanup()
    said = {(one["incident"], one["state"], one["reference"]) for one in letters}
    assert ("i-1", "assigned", "CASE-1") in said
    assert ("i-1", "closed", "CASE-1") in said
    assert {state for id, state, _ in said if id == "i-5"} == {"rejected"}
    assert people.counts["answers_failed"] == 1
    assert city.register.cases["i-5"].answers == [f"rejected: {office.REJECTED}"]
