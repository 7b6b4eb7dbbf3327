"""An incident's version as a CloudEvent 1.0 in structured JSON.

{"specversion": "1.0", "id": "<incident>-<seq>", "source": "urn:linli:east",
 "type": "org.linli.incident.opened.v1", "subject": "<incident>",
 "time": "2026-05-01T08:00:00.000Z", "recordedtime": "2026-05-01T08:00:01.240Z",
 "datacontenttype": "application/json", "severitytext": "WARN", "severitynumber": 13,
 "data": {… gateway.dossier …}}
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from gateway.dossier import dossier, iso
from gateway.model import Envelope, Severity
from gateway.ports import Surroundings

TYPE = "org.linli.incident"
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"

SEVERITIES: Mapping[Severity, tuple[str, int]] = {
    "info": ("INFO", 9),
    "minor": ("WARN", 13),
    "major": ("ERROR", 17),
    "critical": ("FATAL", 21),
}
"""The severity extension of CloudEvents, which takes the numbers of OpenTelemetry's logs."""


def event(
    envelope: Envelope, around: Surroundings, type: str = TYPE, source: str = ""
) -> dict[str, Any]:
    """What tells of *envelope*. *type*: its beginning; *source*: who we are, a URI."""
    incident = envelope.incident
    text, number = SEVERITIES[incident.severity]
    return {
        "specversion": "1.0",
        "id": envelope.id,
        "source": source or f"urn:linli:{quote(around.site, safe='')}",
        "type": f"{type}.{envelope.phase}.v1",
        "subject": incident.id,
        "time": iso(incident.updated_at),
        "recordedtime": iso(around.clock.now()),
        "datacontenttype": "application/json",
        "severitytext": text,
        "severitynumber": number,
        "data": dossier(incident, around.evidence_url),
    }
