"""Strangers who hold connections, and never finish what they begin to say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from urllib.parse import urlsplit

import pytest

from gateway.api import bodies, wire
from tests.gateway.api.client import Client

Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connect(client: Client) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(client.base).port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def gone(reader: asyncio.StreamReader) -> bool:
    """Closed by the server, within a moment."""
    try:
        async with asyncio.timeout(3):
            return await reader.read() == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("said", [b"", b"GET", b"GET /health HTTP/1.1\r\nHost: a\r\nX: "])
async def test_who_does_not_come_to_the_point_is_left(
    client: Client, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    async with connect(client) as (reader, writer):
        writer.write(said)
        assert await gone(reader)


async def test_a_later_request_has_to_hurry_as_well(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.3)
    async with connect(client) as (reader, writer):
        writer.write(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /hea")
        assert b"200" in await reader.readuntil(b'{"status":"ok"}')
        assert await gone(reader)


async def test_an_answered_request_may_take_its_time(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The live feed outlives the limit for heads."""
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    headers = client.credentials("platform")
    async with client.http.get(f"{client.base}/api/v1/changes", headers=headers) as stream:
        for _ in range(2):
            async with asyncio.timeout(5):
                await stream.content.readuntil(b"event: now")


async def test_an_endless_header_fills_no_memory(client: Client) -> None:
    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"GET /health HTTP/1.1\r\nHost: a\r\n")
        while sent < 50_000_000:
            writer.write(b"X: " + b"a" * 8000 + b"\r\n")
            sent += 8005
            await writer.drain()

    sent = 0
    async with connect(client) as (_, writer):
        with pytest.raises(ConnectionError):
            await flood(writer)
    assert sent < 10_000_000


async def test_one_address_cannot_hold_all_connections(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "PER_ADDRESS", 3)
    monkeypatch.setattr(wire, "_loopback", lambda host: False)
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(connect(client))
        async with connect(client) as (reader, _):
            assert await gone(reader)


async def test_a_body_that_does_not_come_is_not_waited_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.2)
    head = b"POST /login HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Length: 50\r\n\r\n{"
    async with connect(client) as (reader, writer):
        writer.write(head)
        async with asyncio.timeout(3):
            assert b"408" in await reader.readline()


POST = b"POST /login HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n bad\x00: x\r\n\r\n",
        b"\r\n" * 50,
        b"GET / HTTP/1.1\nHost: a\n\n",
    ],
)
async def test_what_is_no_http_harms_nobody(
    client: Client, monkeypatch: pytest.MonkeyPatch, raw: bytes
) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.3)
    answer = b""
    async with connect(client) as (reader, writer):
        writer.write(raw)
        async with asyncio.timeout(8):
            with suppress(ConnectionResetError):
                answer = await reader.read()
    assert not answer or answer[9:10] in b"34", answer[:80]
    assert (await client.ask("GET", "/health")).status == 200, "it still serves"
