"""Incidents to a platform as CloudEvents 1.0, in structured JSON, signed if it has a secret.

    POST <url>
    Content-Type: application/cloudevents+json; charset=utf-8
    webhook-id / webhook-timestamp / webhook-signature    (gateway.webhooks)

    {… gateway.events …}

`source` and `id` together are the key by which the platform recognises a second delivery.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated

import msgspec

from gateway.events import CONTENT_TYPE, TYPE, event
from gateway.model import Envelope
from gateway.ports import Sink, Surroundings
from gateway.uplink import HttpSinkSpec, Uplink, settle, uplink
from gateway.webhooks import WebhookSecret


class CloudEvents(HttpSinkSpec, frozen=True, kw_only=True):
    """A platform that takes CloudEvents 1.0 over HTTP."""

    source: str = ""
    """Who we are to the platform, a URI; else `urn:linli:<site>`."""
    type: Annotated[str, msgspec.Meta(min_length=1)] = TYPE
    """Start of the event's type; `.opened.v1`, `.updated.v1` … follow."""
    reference: str = "reference"
    """Where in its answer, if that is JSON, stands the number under which it keeps the incident;
    with dots."""
    secret: WebhookSecret | None = None
    """Signs each event as Standard Webhooks ask; `whsec_…`, several while keys are changed."""

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Sink]:
        return _opened(self, around)


@asynccontextmanager
async def _opened(spec: CloudEvents, around: Surroundings) -> AsyncIterator[Sink]:
    async with uplink(spec.way, around) as http:
        yield _Platform(spec, around, http)


class _Platform:
    def __init__(self, spec: CloudEvents, around: Surroundings, http: Uplink) -> None:
        self._spec, self._around, self._http = spec, around, http

    async def send(self, envelope: Envelope) -> str:
        spec, clock = self._spec, self._around.clock
        body = msgspec.json.encode(event(envelope, self._around, spec.type, spec.source))
        headers = {"Content-Type": CONTENT_TYPE}
        if spec.secret:
            headers |= spec.secret.headers(envelope.id, clock.now(), body)
        answer = await self._http.request("POST", spec.url, body, headers)
        settle(answer, clock.now())
        return answer.text_at(spec.reference)
