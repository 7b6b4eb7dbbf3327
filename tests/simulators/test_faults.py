import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from simulators.faults import BadLine

Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(1 << 16):
        writer.write(piece)
        await writer.drain()
    writer.close()


@pytest.fixture
async def line() -> AsyncIterator[BadLine]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, BadLine("127.0.0.1", server.sockets[0].getsockname()[1]) as line:
        yield line


@pytest.fixture
async def connect(line: BadLine) -> AsyncIterator[Callable[[], object]]:
    opened: list[asyncio.StreamWriter] = []

    async def connection() -> Opened:
        reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
        opened.append(writer)
        return reader, writer

    yield connection
    for writer in opened:
        writer.transport.abort()


async def say(opened: Opened, text: bytes) -> bytes:
    reader, writer = opened
    writer.write(text)
    return await reader.readexactly(len(text))


async def test_a_good_line_carries_every_byte_and_the_end(line: BadLine, connect) -> None:
    reader, writer = await connect()
    text = bytes(range(256)) * 4000
    writer.write(text)
    writer.write_eof()
    assert await reader.read(-1) == text
    assert line.carried == 2 * len(text)
    assert line.resets == 0


async def test_latency_is_added_each_way(line: BadLine, connect) -> None:
    opened = await connect()
    line.latency = 0.05
    start = asyncio.get_running_loop().time()
    await say(opened, b"hello")
    assert asyncio.get_running_loop().time() - start >= 0.1


async def test_a_silent_line_keeps_the_connection_and_passes_nothing(line, connect) -> None:
    opened = await connect()
    await say(opened, b"hello")
    line.silent = True
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(say(opened, b"are you there"), 0.1)
    line.silent = False
    assert await asyncio.wait_for(opened[0].readexactly(13), 5) == b"are you there"


async def test_a_cut_resets_what_is_open_and_lets_new_ones_in(line: BadLine, connect) -> None:
    opened = await connect()
    await say(opened, b"hello")
    line.cut()
    with pytest.raises(ConnectionError):
        await say(opened, b"hello")
    assert line.resets == 2, "both ends are told"
    assert await say(await connect(), b"again") == b"again"


async def test_a_line_can_refuse_and_can_break_in_the_middle(line: BadLine, connect) -> None:
    line.refuse = True
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await say(await connect(), b"hello")
    line.refuse, line.reset_after = False, 1000
    opened = await connect()
    assert await say(opened, b"x" * 900) == b"x" * 900
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await say(opened, b"x" * 900)


async def test_a_dead_far_end_is_a_reset_not_a_hang(line: BadLine, connect) -> None:
    async with BadLine("127.0.0.1", 1) as nowhere:
        reader, writer = await asyncio.open_connection("127.0.0.1", nowhere.port)
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(reader.readexactly(1), 5)
        writer.transport.abort()
