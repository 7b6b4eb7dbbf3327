"""Incidents into a stream of NATS JetStream, as CloudEvents 1.0 in structured JSON.

    subject  linli.<site>.incident.<kind>          (or what the configuration says)
    headers  Nats-Msg-Id: <site>-<incident>-<seq>, Content-Type: application/cloudevents+json
    payload  {… gateway.events …}

An incident is delivered when a stream has acknowledged it. The stream knows `Nats-Msg-Id` again and
stores it once, within its `duplicate_window`: two minutes unless it is made longer, and an outage
lasts longer than that, so readers must know `source` and `id` again, too.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from gateway.events import CONTENT_TYPE, event
from gateway.exchange import step
from gateway.model import Duration, Envelope
from gateway.ports import Sink, SinkSpec, Surroundings
from gateway.template import as_text, filled, holes, unknown
from gateway.uplink import Tls, trust_of

Publish = Callable[[str, bytes, str, Mapping[str, str]], Awaitable[None]]
"""Subject, payload, the stream that must take it, headers; returns when it has."""
_HOLES = ("site", "id", "kind", "severity", "status", "phase", "rule", "key", "grid")
_UNFIT = re.compile(r"[\s.*>\x00-\x1f\x7f\ud800-\udfff]")


class Nats(SinkSpec, frozen=True, kw_only=True):
    """A stream of NATS JetStream."""

    url: Annotated[str, Meta(pattern=r"^(nats|tls)://[^\s/]+$")]
    """The server, like nats://nats.example:4222."""
    subject: str = "linli.{site}.incident.{kind}"
    """May name site, id, kind, severity, status, phase, rule, key and grid.<scheme>."""
    stream: str = ""
    """The stream that must take it; else whichever listens to the subject."""
    user: str = ""
    """User name, where the server asks for one."""
    password: str = ""
    """As `!secret`."""
    token: str = ""
    """Instead of user and password; as `!secret`."""
    credentials: str = ""
    """Or the name of a `.creds` file."""
    ca: str = ""
    """PEM file with the authorities to trust instead of the system's."""
    certificate: str = ""
    """PEM file with this gateway's certificate, where the server asks for one."""
    private_key: str = ""
    """PEM file with its key, if it is not in the same file."""
    timeout: Duration = Duration.parse("15s")
    """For connecting, and for each acknowledgement."""

    def __post_init__(self) -> None:
        if missing := unknown(self.subject, _HOLES):
            raise ValueError(f"subject: nothing is called {missing[0]!r}; use {', '.join(_HOLES)}")
        if "grid" in holes(self.subject):
            raise ValueError("subject: a place has several grids; write grid.<scheme>")
        if not self.subject or re.search(r"[*>\s]|\.\.|^\.|\.$", self.subject):
            raise ValueError(f"subject: {self.subject!r} cannot be published to")

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Sink]:
        return _opened(self, around)


@asynccontextmanager
async def _opened(spec: Nats, around: Surroundings) -> AsyncIterator[Sink]:
    nats_client = import_module("gateway.nats_client")  # only who uses it pays for its memory
    trust = None
    if spec.url.startswith("tls://") or spec.ca or spec.certificate:
        tls = Tls(spec.ca, spec.certificate, spec.private_key)
        trust = await asyncio.to_thread(trust_of, tls, around.root)
    name, login = f"linli-{around.site}-{spec.id}", account(spec, around.root)
    seconds = spec.timeout.seconds
    step(f"CONNECT {spec.url}")
    async with nats_client.connected(spec.url, name, seconds, trust, login) as publish:
        step("-> connected")
        yield _Stream(spec, around, publish)


class _Stream:
    """One connection. After any failure the delivery opens a new one."""

    def __init__(self, spec: Nats, around: Surroundings, publish: Publish) -> None:
        self._spec, self._around, self._publish = spec, around, publish

    async def send(self, envelope: Envelope) -> str:
        spec, site = self._spec, self._around.site
        payload = msgspec.json.encode(event(envelope, self._around))
        headers = {"Nats-Msg-Id": f"{site}-{envelope.id}", "Content-Type": CONTENT_TYPE}
        subject = subject_of(spec, envelope, site)
        step(f"PUBLISH {subject} ({len(payload)} bytes)", payload)
        await self._publish(subject, payload, spec.stream, headers)
        step("-> acknowledged by the stream")
        return ""


def account(spec: Nats, root: Path) -> dict[str, Any]:
    """How to get in, as the client calls it."""
    told = {"user": spec.user, "password": spec.password, "token": spec.token}
    told["user_credentials"] = str(root / spec.credentials) if spec.credentials else ""
    return {name: value for name, value in told.items() if value}


def subject_of(spec: Nats, envelope: Envelope, site: str) -> str:
    """Where *envelope* is published. What is filled in never makes a token or a wildcard."""
    incident = envelope.incident
    told = {name: getattr(incident, name) for name in _HOLES if hasattr(incident, name)}
    told |= {"site": site, "phase": envelope.phase}
    safe = {name: _token(value) for name, value in told.items()}
    grid = {hole.partition(".")[2]: "-" for hole in holes(spec.subject)}
    grid |= {code.scheme: _token(code.value) for code in incident.place.codes}
    return as_text(filled(spec.subject, {**safe, "grid": grid}))


def _token(text: str) -> str:
    return _UNFIT.sub("_", text)[:200] or "-"
