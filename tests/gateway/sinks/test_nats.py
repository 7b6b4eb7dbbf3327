"""The JetStream sink against a real nats-server."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.model import Duration, Envelope
from gateway.ports import Barred, Reject, Retry
from gateway.sinks.nats import Nats, subject_of
from tests.contracts.facts import envelope, surroundings
from tests.contracts.nats_server import make_stream, nats_server, needed, stored
from tests.contracts.servers import free_port

pytestmark = needed


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    async with nats_server(tmp_path) as port:
        yield port


def there(port: int, **more: Any) -> Nats:
    timeout = Duration.parse("2s")
    return Nats(id="bus", url=f"nats://127.0.0.1:{port}", **{"timeout": timeout, **more})


async def send(spec: Nats, *envelopes: Envelope) -> None:
    async with spec.open(surroundings(Path())) as sink:
        for one in envelopes:
            await sink.send(one)


async def test_an_incident_is_a_cloud_event_in_the_stream(port: int) -> None:
    await make_stream(port)
    await send(there(port), envelope(), envelope(seq=1, phase="resolved"))
    (one, two) = await stored(port)
    assert one[0] == "linli.east.incident.overflowing_bin"
    assert one[2]["Nats-Msg-Id"] == "east-i-1-0"
    event = json.loads(one[1])
    assert (event["id"], event["type"]) == ("i-1-0", "org.linli.incident.opened.v1")
    assert json.loads(two[1])["type"].endswith("resolved.v1")


async def test_the_stream_stores_a_repeated_version_once(port: int) -> None:
    await make_stream(port)
    for _ in range(3):
        await send(there(port), envelope(), envelope())
    assert len(await stored(port)) == 1


async def test_without_a_stream_a_person_is_asked_to_make_one(port: int) -> None:
    with pytest.raises(Barred, match=r"no stream listens to linli\.east\.incident"):
        await send(there(port), envelope())


async def test_another_stream_than_expected_is_told(port: int) -> None:
    await make_stream(port)
    with pytest.raises(Barred, match="stream"):
        await send(there(port, stream="OTHER"), envelope())


async def test_what_is_too_large_is_a_dead_letter(port: int) -> None:
    await make_stream(port, most=300)
    with pytest.raises(Reject, match="size"):
        await send(there(port), envelope())


async def test_more_than_the_server_takes_is_a_dead_letter(tmp_path: Path) -> None:
    async with nats_server(tmp_path, "max_payload: 500") as port:
        with pytest.raises(Reject, match="larger"):
            await send(there(port), envelope())


LOGIN = {"user": "linli", "password": "right"}


async def test_who_may_not_in_waits_for_a_person(tmp_path: Path) -> None:
    conf = 'authorization { user: "linli", password: "right" }'
    async with nats_server(tmp_path, conf) as port:
        with pytest.raises(Barred, match="password"):
            await send(there(port, user="linli", password="wrong"), envelope())
        await make_stream(port, **LOGIN)
        await send(there(port, **LOGIN), envelope())
        assert len(await stored(port, **LOGIN)) == 1


async def test_who_may_not_publish_there_waits_for_a_person(tmp_path: Path) -> None:
    conf = """authorization { users: [{ user: linli, password: right,
        permissions: { publish: { deny: "linli.>" } } }] }"""
    async with nats_server(tmp_path, conf) as port:
        with pytest.raises(Barred, match="right to publish"):
            await send(there(port, **LOGIN, timeout=Duration.parse("500ms")), envelope())


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(Retry) as raised:
        await send(there(free_port()), envelope())
    assert not isinstance(raised.value, Barred)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 100])
async def test_a_server_of_another_kind_is_tried_again(answer: bytes) -> None:
    server = await asyncio.start_server(lambda r, w: _say(w, answer), "127.0.0.1", 0)
    async with server:
        with pytest.raises(Retry):
            await send(there(server.sockets[0].getsockname()[1]), envelope())


async def _say(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(answer)
    await writer.drain()
    writer.close()


def test_what_is_filled_in_makes_no_token_and_no_wildcard() -> None:
    odd = envelope()
    odd = replace(odd, incident=replace(odd.incident, kind="a.b > c*", key=""))
    spec = there(1, subject="x.{kind}.{key}.{grid.cn-unit-grid}.{grid.none}")
    assert subject_of(spec, odd, "east") == "x.a_b___c_.-.110101001001001.-"


@pytest.mark.parametrize("subject", ["", "a b", "a.*", "a.>", "a..b", ".a", "{grid}", "{nope}"])
def test_a_wrong_subject_is_told_before_anything_runs(subject: str) -> None:
    with pytest.raises(ValueError, match="subject"):
        there(1, subject=subject)
