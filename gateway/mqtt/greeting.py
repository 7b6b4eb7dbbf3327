"""CONNECT and its answer: who is it, and on what terms."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from gateway.mqtt import encode
from gateway.mqtt import properties as prop
from gateway.mqtt.access import Credentials
from gateway.mqtt.endpoint import Client, Endpoint, Session
from gateway.mqtt.packets import Connect
from gateway.mqtt.wire import (
    BAD_CREDENTIALS,
    BAD_METHOD,
    BUSY,
    CLIENT_ID_INVALID,
    ProtocolError,
)


class Welcome(NamedTuple):
    """A client that was let in. `answer` is its CONNACK, `expires` for how many seconds its
    session outlives the connection."""

    user: str
    client_id: str
    session: Session
    answer: bytes
    expires: float


async def greet(
    client: Client, hello: Connect, certificate: Mapping[str, Any] | None, endpoint: Endpoint
) -> Welcome:
    """Let *hello* in, or raise `ProtocolError` with the reason to refuse it for."""
    limits = endpoint.limits
    if len(endpoint.connections) > limits.connections:
        raise ProtocolError(BUSY, f"{limits.connections} clients are connected already")
    if prop.METHOD in hello.properties:
        raise ProtocolError(BAD_METHOD, "use a user name and a password, or a certificate")
    if not hello.client_id and hello.version == 4 and not hello.clean:
        raise ProtocolError(CLIENT_ID_INVALID, "a session that is kept needs a client id")
    shown = Credentials(hello.user, hello.password, _common_name(certificate))
    user = await endpoint.prove(shown)
    if user is None:
        raise ProtocolError(BAD_CREDENTIALS, f"user {hello.user!r} is unknown or unproved")
    client_id = hello.client_id or f"linli-{uuid4().hex[:12]}"
    if not endpoint.register(client, user, client_id):
        raise ProtocolError(CLIENT_ID_INVALID, f"client id {client_id!r} is another user's")
    now = asyncio.get_running_loop().time()
    session, kept = endpoint.sessions.begin(user, client_id, now, clean=hello.clean)
    expires = _expires(hello, limits.session_seconds)
    return Welcome(user, client_id, session, _connack(hello, client_id, kept, endpoint), expires)


def _expires(hello: Connect, most: int) -> float:
    if hello.version == 4:
        return 0 if hello.clean else most
    asked = hello.properties.get(prop.SESSION_EXPIRY, 0)
    return min(asked, most) if isinstance(asked, int) else 0


def _connack(hello: Connect, client_id: str, kept: bool, endpoint: Endpoint) -> bytes:
    limits = endpoint.limits
    terms: prop.Properties = {
        prop.RECEIVE_MAXIMUM: limits.in_flight,
        prop.MAXIMUM_PACKET: limits.packet,
        prop.ALIAS_MAXIMUM: limits.aliases,
        prop.SESSION_EXPIRY: int(_expires(hello, limits.session_seconds)),
        prop.WILDCARDS: 0,
        prop.SUBSCRIPTION_IDS: 0,
        prop.SHARED: 0,
    }
    if not hello.client_id:
        terms[prop.ASSIGNED_CLIENT] = client_id
    return encode.connack(hello.version, kept=kept, properties=terms)


def _common_name(certificate: Mapping[str, Any] | None) -> str:
    """Of a certificate as `ssl.SSLSocket.getpeercert` gives it, '' for none."""
    for names in (certificate or {}).get("subject", ()):
        for key, value in names:
            if key == "commonName":
                return str(value)
    return ""
