"""One TCP connection whose reading can be stopped for several reasons at once."""

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any, cast

Stop = str
"""Why reading has stopped: `turn` (what it sent waits for the inbox, its password is being
checked, it is above its rate), `full` (all clients together hold too much), `deaf` (it does
not read its answers), `leaving` (we are about to close)."""


class Line(asyncio.Protocol):
    """Feeds `received` with bytes, in order, while nothing stops it. At most one read is kept
    meanwhile; TCP holds back the rest, in the sender's memory and not in ours."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks = tasks
        self._stops: set[Stop] = set()
        self._late: deque[bytes] = deque()
        self._turn: asyncio.Task[None] | None = None
        self._seen = self._deaf = self._loop.time()
        """When the last whole packet came; since when answers are not read."""
        self._closed: float | None = None

    def received(self, data: bytes) -> None:
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._closed is not None:
            return
        if "turn" in self._stops:
            self._late.append(data)  # it was on its way when reading stopped
        else:
            self.received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = self._closed or self._loop.time()
        self._late.clear()

    def pause_writing(self) -> None:
        self._deaf = self._loop.time()
        self.stop("deaf")

    def resume_writing(self) -> None:
        self.go("deaf")

    def stop(self, why: Stop) -> None:
        if not self._stops and not self._transport.is_closing():
            self._transport.pause_reading()
        self._stops.add(why)

    def go(self, why: Stop) -> None:
        self._stops.discard(why)
        if not self._stops and not self._transport.is_closing():
            self._seen = self._loop.time()
            self._transport.resume_reading()

    def abort(self) -> None:
        self._transport.abort()

    def _wait_for(self, turn: Coroutine[Any, Any, None], name: str) -> None:
        """Read on when *turn* has called `_go_on`."""
        self.stop("turn")
        self._turn = self._tasks.create_task(turn, name=name)

    def _go_on(self) -> None:
        self._turn = None
        while self._late and self._turn is None and self._closed is None:
            self.received(self._late.popleft())
        if self._turn is None:
            self.go("turn")
