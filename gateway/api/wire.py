"""uvicorn's HTTP parser with the limits that it lacks: without them one stranger could hold every
connection, or fill the memory with one endless header."""

import asyncio
import ipaddress
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 32_768
"""Of request line and headers together."""
READ = 262_144
"""What the loop reads at once: so much of a body may come together with its head."""
HEAD_SECONDS = 10.0
"""From connecting, or from the first byte of a later request, to the end of its headers."""
PER_ADDRESS = 64
"""Connections at the same time; our own machine, where a proxy may be, has no such limit."""


class Bounded(HttpToolsProtocol):
    """Closes a connection whose request is too long in coming, or one of too many."""

    _timer: asyncio.TimerHandle | None = None
    _head: int | None = 0
    """Bytes of the present head; None while there is none."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._hurry()
        host = self.client[0] if self.client else ""
        peers = (getattr(other, "client", None) for other in self.connections)
        if sum(1 for p in peers if p and p[0] == host) > PER_ADDRESS and not _loopback(host):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            self._head += len(data)
            if self._head > HEAD_BYTES + READ:
                self.transport.abort()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._hurry()

    def on_headers_complete(self) -> None:
        self._calm()
        super().on_headers_complete()

    def _hurry(self) -> None:
        if self._timer is None:
            self._head = 0
            self._timer = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _calm(self) -> None:
        self._head = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
