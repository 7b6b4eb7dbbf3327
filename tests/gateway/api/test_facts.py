"""Health, devices, cameras, sinks, quarantine, metrics and the manual, as they are answered."""

import base64
import json

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.api.desk import Desk
from gateway.model import Reading
from gateway.store.failures import StoreFailed
from tests.gateway.api.client import Client
from tests.gateway.api.desk_fixture import NOW, FakeClock

WHY = {"reason": "a test"}


async def test_health_says_little_to_strangers_and_all_to_people(
    client: Client, desk: Desk
) -> None:
    answer = await client.ask("GET", "/health")
    assert (answer.status, answer.json()) == (200, {"status": "ok"})
    parts = (await client.ask("GET", "/health", "vera")).json()["parts"]
    assert {p["name"]: p["state"] for p in parts}["history"] == "failed"
    desk.health.report("store", "failed", "disk full")
    answer = await client.ask("GET", "/health")
    assert (answer.status, answer.json()) == (503, {"status": "failed"})


async def test_devices_are_ok_silent_or_never_heard_of(client: Client, desk: Desk) -> None:
    listed = (await client.ask("GET", "/api/v1/devices", "vera")).json()
    assert len(listed) == 42
    states = {device["id"]: device["state"] for device in listed}
    assert states["noise-01"] == "silent"
    assert states["water-01"] == "never"
    assert states["bin-01"] == "ok"
    clock = desk.clock
    assert isinstance(clock, FakeClock)
    clock.time += 3 * 600_000 + 600_000
    one = (await client.ask("GET", "/api/v1/devices/bin-01", "vera")).json()
    assert one["state"] == "silent", "ten minutes are its period"
    assert (await client.ask("GET", "/api/v1/devices/cam-1", "vera")).status == 404


async def test_series(client: Client) -> None:
    path = "/api/v1/devices/bin-01/series?quantity=fill_level"
    found = (await client.ask("GET", path + "&points=50", "vera")).json()
    assert found["start"] == NOW - 86_400_000
    assert found["end"] == NOW
    assert {len(found[c]) for c in ("at", "min", "mean", "max", "count")} == {50}
    for wrong in ("start=5&end=5", "start=-1", "end=1e99", "points=0", f"end={2**60}"):
        assert (await client.ask("GET", f"{path}&{wrong}", "vera")).status == 400
    assert (await client.ask("GET", "/api/v1/devices/x/series?quantity=a", "vera")).status == 404


async def test_cameras_and_their_pictures(client: Client, desk: Desk) -> None:
    listed = (await client.ask("GET", "/api/v1/cameras", "vera")).json()
    assert [c["state"] for c in listed] == ["ok", "ok", "no_signal", "ok"]
    assert listed[1]["detections"][0]["label"] == "left_object"
    path = "/api/v1/cameras/cam-2/picture.jpg"
    answer = await client.ask("GET", path, "vera")
    assert answer.body == desk.pictures["cam-2"].jpeg
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert (await client.ask("GET", path, "vera", tag)).status == 304
    desk.pictures["cam-2"].at += 1  # type: ignore[misc] - the fake's can be set
    assert (await client.ask("GET", path, "vera", tag)).status == 200


async def test_dead_letters_are_sent_again_or_given_up(client: Client) -> None:
    path = "/api/v1/sinks/city/dead"
    (letter,) = (await client.ask("GET", path, "omar")).json()
    assert (letter["id"], letter["reason"]) == ("inc-0030-1", "400 Bad Request: unknown grid")
    for deed in ("retry", "discard"):
        answer = await client.ask("POST", f"{path}/nothing/{deed}", "omar", json=WHY)
        assert answer.status == 404
    assert (await client.ask("POST", f"{path}/inc-0030-1/retry", "omar")).status == 204
    sinks = (await client.ask("GET", "/api/v1/sinks", "vera")).json()
    assert (sinks[0]["waiting"], sinks[0]["dead"], sinks[2]["waiting"]) == (4, 0, 1200)
    assert (await client.ask("GET", "/api/v1/sinks/nothing/dead", "omar")).status == 404


async def test_readings_that_a_time_series_refused_are_decided_alike(
    client: Client, desk: Desk
) -> None:
    wrong = [Reading("bin-3", "opened", float(i), 1, unit="1") for i in range(4)]
    await desk.store.refused.bury("history", [(one, "type conflict") for one in wrong], 0, 5)
    path = "/api/v1/sinks/history/dead"
    letters = (await client.ask("GET", path, "omar")).json()
    assert letters[0] == {
        "id": "1", "incident": "", "title": "bin-3 opened 0.0 1",
        "phase": "reading", "reason": "type conflict", "at": 5,
    }  # fmt: skip
    assert (await client.ask("POST", f"{path}/1/retry", "omar")).status == 204
    for letter in ("1", "x"):
        answer = await client.ask("POST", f"{path}/{letter}/discard", "omar", json=WHY)
        assert answer.status == 404
    sinks = (await client.ask("GET", "/api/v1/sinks", "vera")).json()
    assert sinks[2]["dead"] == 3
    every = await client.ask("POST", f"{path}/discard", "omar", json=WHY)
    assert every.json() == {"decided": 3}
    assert (await client.ask("POST", "/api/v1/sinks/city/dead/retry", "omar")).status == 409


async def test_giving_up_takes_only_what_was_refused(client: Client) -> None:
    path = "/api/v1/sinks/city/dead"
    assert (await client.ask("POST", f"{path}/inc-0030-1/discard", "omar")).status == 400
    answer = await client.ask("POST", f"{path}/inc-0030-1/discard", "omar", json=WHY)
    assert answer.status == 204
    assert (await client.ask("GET", path, "omar")).json() == []


async def test_a_disk_that_fails_is_told_as_such(
    client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise StoreFailed("disk I/O error while reading incidents")

    monkeypatch.setattr(desk.store, "incident", fails)
    answer = await client.ask("GET", "/api/v1/incidents/inc-0000", "vera")
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "30"
    assert "I/O" not in answer.json()["detail"]


async def test_quarantine_keeps_the_bytes(client: Client) -> None:
    first = (await client.ask("GET", "/api/v1/quarantine?limit=1", "omar")).json()[0]
    assert base64.b64decode(first["payload"]) == b"\xff\x00{"


async def test_metrics_are_prometheus_text_whatever_parts_are_called(
    client: Client, desk: Desk
) -> None:
    desk.health.count("strange-what é", 2, part='a"b\\c\nd', why="}{")
    text = (await client.ask("GET", "/metrics", "platform")).body.decode()
    found = {
        (s.name, *sorted(s.labels.items())): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }
    assert found["linli_readings_total", ("part", "listener"), ("why", "")] == 48213
    assert found["linli_strange_what___total", ("part", 'a"b\\c\nd'), ("why", "}{")] == 2
    assert found["linli_backlog", ("sink", "city")] == 3
    assert found["linli_dead_letters", ("sink", "city")] == 1
    assert found["linli_backlog_age_seconds", ("sink", "city")] == 240
    assert found["linli_incidents_open", ("severity", "critical")] == 1
    assert found["linli_devices", ("state", "ok")] > 30


async def test_the_manual_is_whole_and_needs_nothing_from_elsewhere(client: Client) -> None:
    document = (await client.ask("GET", "/api/openapi.json", "vera")).json()
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    assert "$defs" not in text
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.partition('"')[0] in schemas
    page = (await client.ask("GET", "/api/docs", "vera")).body.decode()
    assert "POST /api/v1/readings" in page
    assert "src=" not in page
    for path in document["paths"]:
        assert path in page


async def test_every_route_of_the_api_has_an_example(client: Client) -> None:
    document = (await client.ask("GET", "/api/openapi.json", "vera")).json()
    without = [
        f"{method} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "example" not in json.dumps(operation) and "204" not in operation["responses"]
    ]
    pictures_and_manual = {
        "get /api/v1/cameras/{id}/picture.jpg",
        "get /api/v1/cameras/{id}/tried/{at}.jpg",
        "get /api/v1/devices/{id}/label.svg",
        "get /api/v1/labels.pdf",
        "get /evidence/{sha256}.jpg",
        "get /api/docs",
        "get /api/openapi.json",
    }
    assert set(without) <= pictures_and_manual
