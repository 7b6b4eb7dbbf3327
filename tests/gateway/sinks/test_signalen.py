"""The Signalen sink against a server written from the public documentation of its API."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from aiohttp import web
from msgspec.structs import replace

from gateway.model import Answer, Envelope, Evidence, Place
from gateway.pictures import Pictures
from gateway.ports import Barred, Reject
from gateway.sinks.signalen import Signalen
from tests.contracts.facts import NOON, envelope, surroundings
from tests.contracts.odd_server import odd_server, status
from tests.contracts.signalen import TOKEN, City


class Site(City):
    """A city at an address."""

    url = ""


@pytest.fixture
async def city() -> AsyncIterator[Site]:
    site = Site()
    runner = web.AppRunner(site.app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}/signals/v1"
    yield site
    await runner.cleanup()


def there(url: str, **more: Any) -> Signalen:
    told = {"categories": {"overflowing_bin": "afval/container-is-vol"}, **more}
    return Signalen(id="city", url=url, **told)


async def send(spec: Signalen, *envelopes: Envelope) -> list[str | None]:
    async with spec.open(surroundings(Path())) as sink:
        return [await sink.send(one) for one in envelopes]


async def test_a_report_has_what_the_city_needs_and_gives_its_number(city: Site) -> None:
    (number,) = await send(there(city.url), envelope())
    (report,) = city.reports
    assert number == report["signal_id"]
    assert report["text"].startswith("3 号桶满了")
    assert report["text"].endswith("[linli east i-1 #0 opened]")


async def test_without_a_token_only_the_report_is_told(city: Site) -> None:
    assert (await send(there(city.url), envelope(seq=1, phase="resolved"))) == [None]
    assert city.reports == []


async def test_with_a_token_a_repeated_report_is_found_and_what_follows_is_a_note(
    city: Site,
) -> None:
    spec = there(city.url, token=TOKEN, statuses=True)
    for _ in range(2):
        await send(spec, envelope(), envelope(seq=1, phase="in_progress"))
        await send(spec, envelope(seq=2, phase="resolved"))
    (report,) = city.reports
    assert len(report["notes"]) == 2
    assert report["status"]["state"] == "o"
    assert report["status"]["send_email"] is False


async def test_a_report_far_down_the_list_is_found(city: Site) -> None:
    spec = there(city.url, token=TOKEN)
    await send(spec, *(envelope(f"j-{n}") for n in range(120)), envelope())
    await send(spec, envelope())
    assert len(city.reports) == 121


async def test_the_city_is_asked_what_became_of_it(city: Site) -> None:
    spec = there(city.url)
    (number,) = await send(spec, envelope())
    async with spec.open(surroundings(Path())) as sink:
        assert await sink.ask("i-1", number) is None
        city.reports[0]["status"]["state"] = "o"
        assert await sink.ask("i-1", number) == Answer("i-1", "city", "closed", number)


@pytest.mark.parametrize(
    ("change", "why"),
    [({"place": Place(address="x")}, "coordinates"), ({"kind": "noise"}, "'noise'")],
)
async def test_what_cannot_be_reported_is_a_dead_letter(
    city: Site, change: dict[str, Any], why: str
) -> None:
    plain = envelope()
    with pytest.raises(Reject, match=why):
        await send(there(city.url), replace(plain, incident=replace(plain.incident, **change)))


async def test_an_unknown_source_is_a_dead_letter_with_the_city_s_words(city: Site) -> None:
    with pytest.raises(Reject, match="source"):
        await send(there(city.url, source="nobody"), envelope())


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"results": 3}'])
async def test_a_list_that_cannot_be_read_is_no_empty_list(body: bytes) -> None:
    async with odd_server(status("200 OK", body=body)) as url:
        with pytest.raises(Barred, match="cannot be read"):
            await send(there(url, token=TOKEN), envelope())


def noise(root: Path, size: tuple[int, int]) -> Evidence:
    """A picture that compresses badly, where the box keeps it."""
    image = np.random.default_rng(1).integers(0, 255, (*size, 3), np.uint8)
    jpeg = bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])
    name = hashlib.sha256(jpeg).hexdigest()
    (root / f"{name}.jpg").write_bytes(jpeg)
    return Evidence(name, "image/jpeg", "now", NOON, len(jpeg))


async def test_pictures_are_attached_small_enough_under_the_hash_of_what_is_sent(
    city: Site, tmp_path: Path
) -> None:
    picture = noise(tmp_path, (400, 600))
    spec = there(city.url, pictures=Pictures(limit=30_000))
    async with spec.open(surroundings(tmp_path)) as sink:
        told = envelope(evidence=(picture,))
        number = await sink.send(told)
        await sink.attach(number, told)
    ((report, name, jpeg),) = city.pictures
    assert report == number
    assert len(jpeg) <= 30_000 < picture.size
    assert name == f"now-{hashlib.sha256(jpeg).hexdigest()}.jpg"
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) is not None


@pytest.mark.parametrize("more", [{"categories": {"noise": "afval"}}, {"statuses": True}])
def test_a_wrong_entry_is_told_before_anything_runs(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(more))}"):
        there("http://127.0.0.1:9/signals/v1", **more)
