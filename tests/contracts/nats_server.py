"""A real nats-server with JetStream, on a free port, in a folder that goes away."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig
from nats.js.client import JetStreamContext

from tests.contracts.servers import free_port

SERVER = shutil.which("nats-server") or ""
needed = pytest.mark.skipif(not SERVER, reason="nats-server is not installed (apt: nats-server)")


@contextlib.asynccontextmanager
async def nats_server(folder: Path, conf: str = "") -> AsyncIterator[int]:
    """Its port. *conf*: what stands in its file besides the listener and the store."""
    port, file = free_port(), folder / "nats.conf"
    file.write_text(
        f'listen: "127.0.0.1:{port}"\njetstream {{ store_dir: "{folder}/js" }}\n'
        f'log_file: "{folder}/nats.log"\n{conf}\n'
    )
    process = await asyncio.create_subprocess_exec(SERVER, "-c", str(file))
    try:
        async with asyncio.timeout(10):
            while not await _greets(port):  # noqa: ASYNC110 - another process makes no event
                await asyncio.sleep(0.02)
        yield port
    finally:
        process.kill()
        await process.wait()


async def _greets(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        line = await reader.readline()
    except OSError:
        return False
    writer.close()
    return line.startswith(b"INFO")


@contextlib.asynccontextmanager
async def listener(port: int, **login: str) -> AsyncIterator[JetStreamContext]:
    client = Client()
    await client.connect(f"nats://127.0.0.1:{port}", **login)
    try:
        yield client.jetstream()
    finally:
        await client.close()


async def make_stream(port: int, *, most: int = -1, **login: str) -> None:
    """A stream that takes everything of ours; *most*: bytes of a message."""
    async with listener(port, **login) as stream:
        await stream.add_stream(
            StreamConfig(name="INCIDENTS", subjects=["linli.>"], max_msg_size=most)
        )


async def stored(port: int, **login: str) -> list[tuple[str, bytes, dict[str, str]]]:
    """Everything in the stream, in order: subject, payload, headers."""
    async with listener(port, **login) as stream:
        last = (await stream.stream_info("INCIDENTS")).state.last_seq
        found = [await stream.get_msg("INCIDENTS", n) for n in range(1, last + 1)]
        return [(one.subject or "", one.data or b"", one.headers or {}) for one in found]
