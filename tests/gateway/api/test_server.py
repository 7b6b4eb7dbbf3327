"""The server as a guest in somebody else's loop."""

import asyncio
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from gateway.api.desk import Desk
from gateway.api.server import PART, serve
from gateway.api.spec import ConsoleSpec, Listen
from tests.gateway.api.desk_fixture import FakeClock


async def until(desk: Desk, state: str) -> str:
    async with asyncio.timeout(10):
        while (part := desk.health.parts.get(PART)) is None or part.state != state:  # noqa: ASYNC110 - health has no event to wait for
            await asyncio.sleep(0.01)
    return part.detail


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def spec(port: int = 0) -> ConsoleSpec:
    return ConsoleSpec(listen=Listen(f"127.0.0.1:{port}"))


async def test_serves_until_cancelled_and_leaves_signals_alone(desk: Desk) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    task = asyncio.create_task(serve(desk, spec()))
    base = await until(desk, "ok")
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    async with aiohttp.ClientSession() as http, http.get(f"{base}/health") as answer:
        assert answer.status == 200
    await stop(task)
    assert desk.health.parts[PART].state == "stopped"
    with pytest.raises(OSError, match=r"111|refused"):
        socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2])))


async def test_a_taken_port_is_told_and_tried_again(desk: Desk) -> None:
    told: list[str] = []

    class Waiting(FakeClock):
        async def sleep_until(self, when: int) -> None:
            assert when == self.time + 5000
            told.append(desk.health.parts[PART].detail)
            other.close()

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        task = asyncio.create_task(serve(replace(desk, clock=Waiting()), spec(port)))
        await until(desk, "ok")
        await stop(task)
    assert len(told) == 1
    assert "another program" in told[0]


async def test_open_streams_do_not_hold_up_the_stop(desk: Desk) -> None:
    task = asyncio.create_task(serve(desk, spec()))
    base = await until(desk, "ok")
    headers = {"Authorization": "Bearer viewer-token"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{base}/api/v1/changes", headers=headers) as stream,
    ):
        await stream.content.readuntil(b"event: now")
        async with asyncio.timeout(2):
            await stop(task)


async def test_over_tls(desk: Desk) -> None:
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    make += ["-nodes", "-days", "1", "-subj", "/CN=box", "-keyout", "key.pem", "-out", "cert.pem"]
    await asyncio.to_thread(subprocess.run, make, cwd=desk.root, check=True, capture_output=True)
    tls = ConsoleSpec(listen=Listen("127.0.0.1:0"), tls_cert="cert.pem", tls_key="key.pem")
    task = asyncio.create_task(serve(desk, tls))
    base = await until(desk, "ok")
    assert base.startswith("https://")
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{base}/health", ssl=False) as answer,
    ):
        assert "Strict-Transport-Security" in answer.headers
    await stop(task)


def test_the_gateway_starts_without_loading_a_web_framework() -> None:
    """Devices are answered first; FastAPI is imported inside `serve`."""
    code = (
        "import sys, gateway.api.server; sys.exit(bool({'fastapi', 'uvicorn'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
