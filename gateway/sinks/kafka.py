"""Incidents to Apache Kafka, as CloudEvents 1.0 in structured JSON.

    topic    linli.incidents
    key      <incident>: its versions stay in order in one partition
    headers  content-type: application/cloudevents+json
    value    {… gateway.events …}

The producer is idempotent and waits for all replicas in step: within one connection nothing is
written twice. Over a new start of the gateway Kafka knows nothing again, so readers must know
`source` and `id`. Needs the extra `linli[kafka]`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from gateway.events import CONTENT_TYPE, event
from gateway.exchange import step
from gateway.model import Duration, Envelope
from gateway.ports import Barred, Sink, SinkSpec, Surroundings

Publish = Callable[[str, str, bytes, Mapping[str, str]], Awaitable[None]]
"""Topic, key, value, headers; returns when it is written."""


class Kafka(SinkSpec, frozen=True, kw_only=True):
    """A topic of Apache Kafka."""

    servers: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[^\s,]+:\d+$")], ...], Meta(min_length=1)
    ]
    """Some of its brokers, like kafka.example:9092."""
    topic: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,249}$")] = "linli.incidents"
    """It must be there."""
    user: str = ""
    """User name, where it asks for one."""
    password: str = ""
    """As `!secret`."""
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How the user proves who he is."""
    tls: bool = False
    """Encrypt, and check who the brokers are."""
    ca: str = ""
    """PEM file with the authorities to trust instead of the system's."""
    certificate: str = ""
    """PEM file with this gateway's certificate, where they ask for one."""
    private_key: str = ""
    """PEM file with its key, if it is not in the same file."""
    timeout: Duration = Duration.parse("20s")
    """For one incident to be written."""

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Sink]:
        return _opened(self, around)


@asynccontextmanager
async def _opened(spec: Kafka, around: Surroundings) -> AsyncIterator[Sink]:
    try:
        kafka_client = import_module("gateway.kafka_client")
    except ModuleNotFoundError as missing:
        raise Barred(f"{missing.name} is not installed; install linli[kafka]") from missing
    told = settings(spec, around.site, around.root)
    async with kafka_client.connected(told, spec.timeout.seconds) as publish:
        yield _Topic(spec, around, publish)


class _Topic:
    def __init__(self, spec: Kafka, around: Surroundings, publish: Publish) -> None:
        self._spec, self._around, self._publish = spec, around, publish

    async def send(self, envelope: Envelope) -> str:
        value = msgspec.json.encode(event(envelope, self._around))
        headers = {"content-type": CONTENT_TYPE}
        step(f"PRODUCE {self._spec.topic} ({len(value)} bytes)", value)
        await self._publish(self._spec.topic, envelope.incident.id, value, headers)
        step("-> written by all replicas in step")
        return ""


def settings(spec: Kafka, site: str, root: Path) -> dict[str, Any]:
    """As librdkafka calls them."""
    secure = "SSL" if spec.tls else "PLAINTEXT"
    told: dict[str, Any] = {
        "bootstrap.servers": ",".join(spec.servers),
        "client.id": f"linli-{site}-{spec.id}",
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": 0,
        "message.timeout.ms": int(spec.timeout),
        "socket.timeout.ms": max(10, int(spec.timeout)),
        "log_level": 0,  # what fails is said by the sink
        "allow.auto.create.topics": False,
        "security.protocol": f"SASL_{secure}" if spec.user else secure,
    }
    if spec.user:
        told |= {"sasl.mechanism": spec.mechanism}
        told |= {"sasl.username": spec.user, "sasl.password": spec.password}
    files = {
        "ssl.ca.location": spec.ca,
        "ssl.certificate.location": spec.certificate,
        "ssl.key.location": spec.private_key or spec.certificate,
    }
    return told | {name: str(root / file) for name, file in files.items() if file}
