"""The gateway's own MQTT endpoint: a device's PUBACK is the promise that its reading is on disk."""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gateway.model import Duration
from gateway.mqtt.access import Access, MqttUser, check_filters
from gateway.mqtt.connection import Connection
from gateway.mqtt.endpoint import Endpoint, Limits
from gateway.ports import Inbox, SourceSpec, Surroundings

BACKLOG = 1024


class ListenerTls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the endpoint proves itself, and whether clients must."""

    certificate: str
    """PEM file with the chain; relative to the site's folder, as the others."""
    key: str
    """PEM file with the private key."""
    client_ca: str = ""
    """PEM file with the authorities that client certificates must come from."""
    client_certificate: Literal["optional", "required"] = "optional"
    """With `client_ca`: may, or must, a client show a certificate?"""

    def context(self, root: Path) -> ssl.SSLContext:
        """TLS 1.2 or later. Raises OSError when a file cannot be read or is no PEM."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(root / self.certificate, root / self.key)
        if self.client_ca:
            context.load_verify_locations(root / self.client_ca)
            must = self.client_certificate == "required"
            context.verify_mode = ssl.CERT_REQUIRED if must else ssl.CERT_OPTIONAL
        return context


class MqttListener(SourceSpec, frozen=True, kw_only=True):
    """An MQTT 3.1.1 and 5 endpoint inside the gateway, for devices that publish to it.

    It acknowledges what is on disk. It hands nothing out: subscriptions are refused.
    """

    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 for every network."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 1883
    """TCP port; 8883 is usual with TLS. 0 takes a free one."""
    tls: ListenerTls | None = None
    """Certificate and key; without them passwords travel in the clear."""
    users: tuple[MqttUser, ...] = ()
    """Who may connect, and what each may publish to."""
    anonymous: tuple[str, ...] = ()
    """What clients without a name may publish to; empty: they are refused."""
    max_connections: Annotated[int, Meta(ge=1, le=65_000)] = 1000
    """Clients at the same time; more are refused as busy."""
    max_packet: Annotated[int, Meta(ge=1024, le=268_435_455)] = 1_048_576
    """Bytes of the largest message."""
    receive_maximum: Annotated[int, Meta(ge=1, le=65_535)] = 2000
    """Messages of QoS 1 and 2 that one client may have unacknowledged."""
    max_rate: Annotated[float, Meta(ge=0)] = 1000.0
    """Messages per second of one client, on average over 10 s; above it, it is read more
    slowly, and nothing of it is dropped. 0: no limit. A user may have another one."""
    connect_timeout: Duration = Duration(10_000)
    """How long a client may take to say CONNECT, and to shake hands with TLS."""
    grace: Duration = Duration(5_000)
    """How long a stop waits for the acknowledgements that are owed."""

    def __post_init__(self) -> None:
        check_filters(self.anonymous)
        names = [user.name for user in self.users]
        if len(set(names)) < len(names):
            raise ValueError("two users have the same name")
        if not names and not self.anonymous:
            raise ValueError("nobody could connect: name `users`, or topics for `anonymous`")

    def build(self, around: Surroundings) -> "Listener":
        return Listener(self, around)

    @property
    def limits(self) -> Limits:
        return Limits(
            connections=self.max_connections,
            packet=self.max_packet,
            in_flight=self.receive_maximum,
            rate=self.max_rate,
            connect_seconds=self.connect_timeout.seconds,
        )


class Listener:
    """`port` is the one in use while it runs."""

    def __init__(self, spec: MqttListener, around: Surroundings) -> None:
        self._spec, self._around = spec, around
        self.port = spec.port

    async def run(self, inbox: Inbox) -> None:
        spec, health = self._spec, self._around.health
        tls = spec.tls.context(self._around.root) if spec.tls else None
        loop = asyncio.get_running_loop()
        access = Access(spec.users, spec.anonymous)
        async with asyncio.TaskGroup() as tasks:
            endpoint = Endpoint(spec.id, spec.limits, access, inbox, health, tasks)
            server = await loop.create_server(
                lambda: Connection(endpoint),
                sock=_listen(spec.host, spec.port),
                backlog=BACKLOG,
                ssl=tls,
                ssl_handshake_timeout=spec.connect_timeout.seconds if tls else None,
            )
            self.port = server.sockets[0].getsockname()[1]

            def tell(state: str) -> None:
                health.report(spec.id, "ok", f"listening on {spec.host}:{self.port}, {state}")

            try:
                await endpoint.watch(tell)
            finally:
                server.close()
                await endpoint.shut(spec.grace.seconds)
                health.report(spec.id, "stopped")


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket whose connections notice a peer that vanished after some 90 s."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.create_server((host, port), family=family, backlog=BACKLOG)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):  # Linux; elsewhere the system's own times hold
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return sock
