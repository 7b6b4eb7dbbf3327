"""Incidents to a context broker by NGSI-LD (ETSI GS CIM 009), as `IssueReporting` of the Smart Data
Models, the one model that has words for bins and blocked lanes as well as for smoke.

    POST <url>/ngsi-ld/v1/entities                     the first version: 201, or 409: it is there
    POST <url>/ngsi-ld/v1/entityOperations/upsert      the others: 201, 204; 207: it was refused

    {"id": "urn:ngsi-ld:IssueReporting:east:0b5…", "type": "IssueReporting",
     "reportId": {"type": "Property", "value": "0b5…"}, …, "@context": […]}

The id of the entity is its key: sent twice, it is the same entity in the same state.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from msgspec import Meta

from gateway.dossier import iso
from gateway.model import Envelope, Incident, Status
from gateway.ports import Choked, Sink, Surroundings
from gateway.uplink import HttpSinkSpec, Uplink, settle, uplink

TYPE = "IssueReporting"
MODEL = "https://raw.githubusercontent.com/smart-data-models/dataModel.IssueTracking/master/context.jsonld"
CORE = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"
LONGEST_TEXT = 4000
"""Characters of a title and of comments."""

_HEADERS = {"Content-Type": "application/ld+json"}
_PARTLY = 207
_STATUS: Mapping[Status, str] = {
    "open": "Open",
    "acknowledged": "Assigned",
    "in_progress": "InProgress",
    "resolved": "Closed.",
    "void": "Closed.",
    "reopened": "Open",
}
"""The model's own words; the full stop is one of them."""


class NgsiLd(HttpSinkSpec, frozen=True, kw_only=True):
    """A context broker that speaks NGSI-LD; `url` is what stands before `/ngsi-ld/v1`. A tenant is
    named by `headers: {NGSILD-Tenant: …}`."""

    context: Annotated[tuple[str, ...], Meta(min_length=1)] = (MODEL, CORE)
    """Where the broker finds what the terms mean; it fetches them."""
    categories: dict[str, str] = msgspec.field(default_factory=dict)
    """Kind of incident -> the platform's `categoryCode`; else the kind itself."""
    department: str = ""
    """Who is in charge: `departmentId`."""
    ward_scheme: str = ""
    """The scheme of codes that the platform calls `wardId`."""

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Sink]:
        return _opened(self, around)


@asynccontextmanager
async def _opened(spec: NgsiLd, around: Surroundings) -> AsyncIterator[Sink]:
    async with uplink(spec.way, around) as http:
        yield _Broker(spec, around, http)


class _Broker:
    def __init__(self, spec: NgsiLd, around: Surroundings, http: Uplink) -> None:
        self._spec, self._around, self._http = spec, around, http
        self._url = f"{spec.url.rstrip('/')}/ngsi-ld/v1"

    async def send(self, envelope: Envelope) -> str:
        told = entity(self._spec, envelope, self._around)
        if envelope.phase == "opened":
            path, body = "entities", msgspec.json.encode(told)
        else:
            # `update` leaves alone what others have written to the entity
            path, body = "entityOperations/upsert?options=update", msgspec.json.encode([told])
        answer = await self._http.request("POST", f"{self._url}/{path}", body, _HEADERS)
        if answer.status == _PARTLY:  # of one entity: not at all
            raise Choked(str(answer))
        settle(answer, self._around.clock.now())
        return ""


def entity(spec: NgsiLd, envelope: Envelope, around: Surroundings) -> dict[str, Any]:
    """*envelope* in normalized NGSI-LD. What is not known is left out, for null deletes."""
    incident = envelope.incident
    at = iso(incident.updated_at)
    told = {
        **_model(spec, incident, around),
        "phase": envelope.phase,
        "version": incident.seq,
        "severity": incident.severity,
        "confidence": incident.confidence,
    }
    return {
        "id": f"urn:ngsi-ld:{TYPE}:{quote(around.site, safe='')}:{quote(incident.id, safe='')}",
        "type": TYPE,
        **{name: _property(value) for name, value in told.items() if value != ""},
        "resolutionStatus": {**_property(_STATUS[incident.status]), "observedAt": at},
        "observationDateTime": _property({"@type": "DateTime", "@value": iso(incident.since)}),
        **_location(incident),
        "@context": list(spec.context),
    }


def _model(spec: NgsiLd, incident: Incident, around: Surroundings) -> dict[str, str]:
    """What `IssueReporting` has names for; '' for what is not known."""
    place, pictures = incident.place, incident.evidence
    words = "; ".join(filter(None, [*(one.text for one in incident.reasons), incident.note]))
    wards = [code.value for code in place.codes if code.scheme == spec.ward_scheme]
    return {
        "reportId": incident.id,
        "category": incident.kind,
        "categoryCode": spec.categories.get(incident.kind, incident.kind),
        "title": incident.title[:LONGEST_TEXT],
        "comments": words[:LONGEST_TEXT],
        "landmark": place.address,
        "wardId": wards[0] if wards else "",
        "departmentId": spec.department,
        "mediaURL": around.evidence_url(pictures[-1].sha256) if pictures else "",
    }


def _location(incident: Incident) -> dict[str, Any]:
    place = incident.place
    if place.lat is None or place.lon is None:
        return {}
    point = {"type": "Point", "coordinates": [place.lon, place.lat]}
    return {"location": {"type": "GeoProperty", "value": point}}


def _property(value: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value}
