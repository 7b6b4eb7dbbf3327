"""Incidents to a platform as CloudEvents 1.0, in structured JSON, signed if it has a secret.

    POST <url>
    Content-Type: application/cloudevents+json; charset=utf-8
    webhook-id / webhook-timestamp / webhook-signature    (gateway.webhooks)

    {"specversion": "1.0", "id": "<incident>-<seq>", "source": "urn:linli:east",
     "type": "org.linli.incident.opened.v1", "subject": "<incident>",
     "time": "2026-05-01T08:00:00.000Z", "recordedtime": "2026-05-01T08:00:01.240Z",
     "datacontenttype": "application/json", "severitytext": "WARN", "severitynumber": 13,
     "data": {… gateway.dossier …}}

`source` and `id` together are the key by which the platform recognises a second delivery.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any
from urllib.parse import quote

import msgspec

from gateway.dossier import dossier, iso
from gateway.model import Envelope, Severity
from gateway.ports import Sink, Surroundings
from gateway.uplink import HttpSinkSpec, Uplink, settle, uplink
from gateway.webhooks import WebhookSecret

SEVERITIES: Mapping[Severity, tuple[str, int]] = {
    "info": ("INFO", 9),
    "minor": ("WARN", 13),
    "major": ("ERROR", 17),
    "critical": ("FATAL", 21),
}
"""The severity extension of CloudEvents, which takes the numbers of OpenTelemetry's logs."""


class CloudEvents(HttpSinkSpec, frozen=True, kw_only=True):
    """A platform that takes CloudEvents 1.0 over HTTP."""

    source: str = ""
    """Who we are to the platform, a URI; else `urn:linli:<site>`."""
    type: Annotated[str, msgspec.Meta(min_length=1)] = "org.linli.incident"
    """Start of the event's type; `.opened.v1`, `.updated.v1` … follow."""
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

    async def send(self, envelope: Envelope) -> None:
        spec, clock = self._spec, self._around.clock
        body = msgspec.json.encode(event(envelope, spec, self._around))
        headers = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
        if spec.secret:
            headers |= spec.secret.headers(envelope.id, clock.now(), body)
        settle(await self._http.request("POST", spec.url, body, headers), clock.now())


def event(envelope: Envelope, spec: CloudEvents, around: Surroundings) -> dict[str, Any]:
    """The event that tells of *envelope*."""
    incident = envelope.incident
    text, number = SEVERITIES[incident.severity]
    return {
        "specversion": "1.0",
        "id": envelope.id,
        "source": spec.source or f"urn:linli:{quote(around.site, safe='')}",
        "type": f"{spec.type}.{envelope.phase}.v1",
        "subject": incident.id,
        "time": iso(incident.updated_at),
        "recordedtime": iso(around.clock.now()),
        "datacontenttype": "application/json",
        "severitytext": text,
        "severitynumber": number,
        "data": dossier(incident, around.evidence_url),
    }
