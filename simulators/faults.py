"""A bad line: a TCP proxy that delays, throttles, cuts, resets and goes silent on demand.

    async with BadLine("127.0.0.1", 8080) as line:
        ... connect to 127.0.0.1:line.port ...
        line.latency = 0.4          # seconds, each way
        line.rate = 8_000           # bytes per second, each way
        line.silent = True          # half open: connections stay, nothing passes
        line.refuse = True          # new connections are reset at once
        line.reset_after = 10_000   # bytes, then the connection is reset
        line.lose_answers = True    # what is sent arrives; its answer becomes a reset
        line.cut()                  # reset everything that is open

It needs no rights and no kernel module, so every test can have its own.
"""

import asyncio
import socket
import struct
from typing import Self

PIECE = 16 * 1024


class BadLine:
    """Counters: `connections`, `resets`, `carried` (bytes both ways), so that a test can show
    that its fault really happened."""

    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self.port = 0
        self.latency = 0.0
        self.rate = 0.0
        self.reset_after = 0
        self.refuse = False
        self.lose_answers = False
        self.connections = self.resets = self.carried = 0
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._near: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def silent(self) -> bool:
        return not self._flowing.is_set()

    @silent.setter
    def silent(self, silent: bool) -> None:
        (self._flowing.clear if silent else self._flowing.set)()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._server.wait_closed()

    def cut(self) -> None:
        for writer in tuple(self._open):
            self._reset(writer)

    def _reset(self, writer: asyncio.StreamWriter) -> None:
        """Close with RST instead of FIN, as a lost link and a crashed box look."""
        self._open.discard(writer)
        self._near.discard(writer)
        if writer.transport.is_closing():
            return
        self.resets += 1
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task  # noqa: S101 - a callback of start_server is a task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._open.add(writer)
        self._near.add(writer)
        if self.refuse:
            return self._reset(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._to)
        except OSError:
            return self._reset(writer)
        self._open.add(far_writer)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, far_writer, writer))
                both.create_task(self._carry(far_reader, writer, far_writer))
        except* OSError:
            self._reset(writer)
            self._reset(far_writer)
        finally:
            self._close(writer)
            self._close(far_writer)

    def _breaks(self, carried: int, *, towards_us: bool) -> bool:
        if towards_us and self.lose_answers:
            return True
        return 0 < self.reset_after < carried

    def _close(self, writer: asyncio.StreamWriter) -> None:
        self._open.discard(writer)
        self._near.discard(writer)
        writer.close()

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
    ) -> None:
        carried = 0
        while piece := await reader.read(PIECE):
            await self._flowing.wait()
            await asyncio.sleep(self.latency + (len(piece) / self.rate if self.rate else 0))
            carried += len(piece)
            self.carried += len(piece)
            if self._breaks(carried, towards_us=writer in self._near):
                self._reset(writer)
                return self._reset(back)
            writer.write(piece)
            await writer.drain()
        if writer.can_write_eof() and not writer.transport.is_closing():
            writer.write_eof()
