import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.cli import main
from simulators.platform import Platform
from tests.contracts.nats_server import make_stream, nats_server, needed

SECRET = "whsec_" + "c2VjcmV0" * 6

Site = Callable[[str], Path]


@pytest.fixture
def site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Site:
    def make(sinks: str) -> Path:
        assert main(["init", str(tmp_path / "site")]) == 0
        path = tmp_path / "site" / "gateway.yaml"
        before = path.read_text().partition("\nsinks:")[0]
        path.write_text(f"{before}\nsinks:\n{sinks}\n")
        capsys.readouterr()
        return tmp_path / "site"

    return make


def city(url: str, secret: str = SECRET) -> str:
    return f"  - {{kind: cloud_events, id: city, url: '{url}', secret: '{secret}', timeout: 2s}}"


async def test_a_good_platform_takes_the_marked_incident_once(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Platform(secret=SECRET) as platform:
        folder = site(city(platform.events))
        assert await asyncio.to_thread(main, ["sinks", "test", str(folder), "city"]) == 0
        (case,) = platform.register.cases.values()
        assert platform.register.counts["duplicates"] == 1
    assert case.data["kind"] == "test"
    assert case.data["status"] == "void"
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert [line[:4] for line in lines if line[0] != " "] == ["good", "good", "good"]
    posts = [line for line in lines if line.startswith("      | POST http://127.0.0.1:")]
    assert len(posts) == 3
    assert "/events" in posts[0]
    assert '-> 201 Created: {"status": "filed"' in posts[0]
    assert '-> 200 OK: {"status": "known"' in posts[1]
    assert SECRET not in out


async def test_what_is_wrong_is_said_and_what_to_do(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Platform(secret=SECRET) as platform:
        folder = site(city(platform.events, "whsec_" + "d3Jvbmch" * 6))
        assert await asyncio.to_thread(main, ["sinks", "test", str(folder), "city", "--json"]) == 1
    (step,) = json.loads(capsys.readouterr().out)
    assert step["ok"] is False
    assert "a person has to act: 401" in step["said"]
    assert "check the token or password" in step["said"]
    assert "-> 401" in step["exchange"][0]


async def test_what_is_sent_is_shown_when_it_is_asked_for(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Platform(secret=SECRET) as platform:
        folder = site(city(platform.events))
        await asyncio.to_thread(main, ["sinks", "test", str(folder), "city", "--bodies"])
    assert '"specversion":"1.0"' in capsys.readouterr().out


@needed
async def test_the_exchange_with_a_broker_is_shown(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with nats_server(tmp_path) as port:
        await make_stream(port)
        folder = site(f"  - {{kind: nats, id: bus, url: 'nats://127.0.0.1:{port}'}}")
        assert await asyncio.to_thread(main, ["sinks", "test", str(folder), "bus"]) == 0
    out = capsys.readouterr().out
    assert "| PUBLISH linli.my-neighbourhood.incident.test" in out
    assert "| -> acknowledged by the stream" in out


def test_nobody_there(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sinks", "test", str(site(city("http://127.0.0.1:9/"))), "city"]) == 1
    assert "it would be tried again" in capsys.readouterr().out


def test_a_name_that_is_none_is_wrong_usage(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    folder = site(city("http://127.0.0.1:9/"))
    assert main(["sinks", "test", str(folder), "town"]) == 2
    assert "there are: city" in capsys.readouterr().err


def test_a_secret_that_is_none_is_a_problem_with_its_line(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = site(city("http://127.0.0.1:9/", "hunter2"))
    assert main(["check", str(folder)]) == 1
    assert "whsec_" in capsys.readouterr().out
