"""Serves the API and the console inside the gateway's own TaskGroup."""

import asyncio
import socket
from importlib import import_module
from typing import TYPE_CHECKING

from gateway.api.spec import ConsoleSpec

if TYPE_CHECKING:
    from gateway.api.desk import Desk

PART = "console"
AGAIN = 5_000
"""Milliseconds until the next try while the port cannot be had."""


async def serve(desk: "Desk", spec: ConsoleSpec) -> None:
    """Serve until cancelled; then finish what is being answered and close the port.

    The part `console` of the health says where it serves, or why it cannot. FastAPI is imported
    here and not above, and in a thread: devices are served while that second is spent.
    """
    desk.health.report(PART, "starting")
    embedded = await asyncio.to_thread(import_module, "gateway.api.embedded")
    with await _listener(desk, spec) as listener:
        desk.health.report(PART, "ok", address(listener, spec))
        try:
            await embedded.run(desk, spec, listener)
        finally:
            desk.health.report(PART, "stopped")


async def _listener(desk: "Desk", spec: ConsoleSpec) -> socket.socket:
    """The open port; while another program has it, try again and say so."""
    family = socket.AF_INET6 if ":" in spec.listen.host else socket.AF_INET
    while True:
        try:
            return socket.create_server(
                (spec.listen.host, spec.listen.port),
                family=family,
                backlog=128,
                dualstack_ipv6=family == socket.AF_INET6 and spec.listen.host == "::",
            )
        except OSError as e:
            what = f"cannot listen on {spec.listen}: {e.strerror}; is another program there?"
            desk.health.report(PART, "retrying", what)
            await desk.clock.sleep_until(desk.clock.now() + AGAIN)


def address(listener: socket.socket, spec: ConsoleSpec) -> str:
    """Where a browser finds it, for people to read."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, host)  # noqa: S104 - it is compared, not listened on
    host = f"[{host}]" if ":" in host else host
    return spec.public_url or f"{'https' if spec.tls_cert else 'http'}://{host}:{port}"
