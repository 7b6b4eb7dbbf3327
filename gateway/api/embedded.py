"""uvicorn as a guest: our loop, our signals, our socket."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from gateway.api.app import build
from gateway.api.desk import Desk
from gateway.api.spec import ConsoleSpec
from gateway.api.wire import Bounded

GRACE = 3
"""Seconds that open requests get when the gateway stops."""
CONNECTIONS = 256
"""At the same time; more are told 503. Each open console takes one or two."""


class Guest(uvicorn.Server):
    """A server that leaves the process's signal handlers alone: the gateway has its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(desk: Desk, spec: ConsoleSpec, listener: socket.socket) -> None:
    """Serve the API and the console on *listener* until cancelled."""
    await host(await asyncio.to_thread(build, desk, spec), desk, spec, listener)


async def host(app: FastAPI, desk: Desk, spec: ConsoleSpec, listener: socket.socket) -> None:
    """Serve *app* until cancelled, then let open requests finish."""
    config = uvicorn.Config(
        app,
        http=Bounded,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=GRACE,
        ssl_certfile=desk.root / spec.tls_cert if spec.tls_cert else None,
        ssl_keyfile=desk.root / spec.tls_key if spec.tls_key else None,
    )
    server = Guest(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="console server")
    try:
        await asyncio.shield(serving)
    finally:
        app.state.changes.close()
        server.should_exit = True
        await asyncio.wait([serving])
        await app.state.trials.close()
        await app.state.backtests.close()
