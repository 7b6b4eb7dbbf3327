"""Incidents to those who warn people: Common Alerting Protocol 1.2 (OASIS, 2010), over HTTP POST.

Only for the kinds that are configured; smoke, gas and flood are for the public, litter is not.

    opened          Alert
    resolved, void  Cancel
    all others      Update

Updates and Cancels refer to all messages before them. A message is known again by sender,
identifier and sent, so these are the same at each try: an Alert is called as its incident and sent
when that opened, the others as their version.
"""

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta

from gateway.incidents import CLOSED
from gateway.model import Duration, Envelope, Evidence, Incident, Millis, Phase, Severity
from gateway.ports import Sink, Surroundings
from gateway.template import xml_text
from gateway.uplink import HttpSinkSpec, Uplink, settle, uplink

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
CONTENT_TYPE = "application/cap+xml; charset=utf-8"
HEADLINE = 160
"""Characters of a headline, as the standard suggests."""
LONGEST_TEXT = 4000
MOST_PICTURES = 12
TEST = "test"
"""The kind of incident that `linli sinks test` sends."""

Category = Literal["Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env",
                   "Transport", "Infra", "CBRNE", "Other"]  # fmt: skip
MessageType = Literal["Alert", "Update", "Cancel"]
_TYPES: Mapping[Phase, MessageType] = {
    "opened": "Alert",
    "resolved": "Cancel",
    "void": "Cancel",
}
_SEVERITIES: Mapping[Severity, str] = {
    "critical": "Extreme",
    "major": "Severe",
    "minor": "Moderate",
    "info": "Minor",
}
_UNFIT = re.compile(r"[\s,<&]")
"""What the standard forbids in a name, for names stand side by side in references."""


class Hazard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a kind of incident is told to people."""

    event: Annotated[str, Meta(min_length=1)]
    """What it is, in their words: `烟雾报警 Smoke alarm`."""
    category: tuple[Category, ...] = ("Safety",)
    code: dict[str, str] = msgspec.field(default_factory=dict)
    """What the receiver calls it: list of codes -> code."""
    instruction: str = ""
    """What people should do."""


class Cap(HttpSinkSpec, frozen=True, kw_only=True):
    """A platform for public warnings that takes CAP 1.2."""

    sender: Annotated[str, Meta(pattern=r"^[^\s,<&]+$")]
    """Who we are, for all the world: `linli@east.example`."""
    hazards: dict[str, Hazard]
    """Kind of incident -> how it is told. No other kind is."""
    sender_name: str = ""
    """Who we are, for people."""
    status: Literal["Actual", "Exercise", "Test"] = "Actual"
    """A test incident of `linli sinks test` is always a `Test`."""
    scope: Literal["Public", "Restricted", "Private"] = "Restricted"
    """Who may read it."""
    restriction: str = "for the authorities in charge"
    """With `Restricted`: the rule for who may read it."""
    addresses: tuple[str, ...] = ()
    """With `Private`: who may read it."""
    language: Annotated[str, Meta(pattern=r"^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$")] = "zh-CN"
    """Of the texts."""
    radius: Annotated[float, Meta(ge=0, le=20_000)] = 0.1
    """Kilometres around the place that are concerned."""
    expires: Duration = Duration.parse("1d")
    """After each message, when nobody says more: nothing stays on a screen for ever."""
    time_zone: str = "Asia/Shanghai"
    """Of the times it is told."""

    def __post_init__(self) -> None:
        if not self.hazards:
            raise ValueError("hazards: name at least one kind of incident")
        if self.time_zone not in available_timezones():
            raise ValueError(f"time_zone: {self.time_zone!r} is no time zone")
        if self.scope == "Restricted" and not self.restriction:
            raise ValueError("restriction: say who may read it, or choose another scope")
        if self.scope == "Private" and not self.addresses:
            raise ValueError("addresses: say who may read it, or choose another scope")

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Sink]:
        return _opened(self, around)


@asynccontextmanager
async def _opened(spec: Cap, around: Surroundings) -> AsyncIterator[Sink]:
    async with uplink(spec.way, around) as http:
        yield _Platform(spec, around, http)


class _Platform:
    def __init__(self, spec: Cap, around: Surroundings, http: Uplink) -> None:
        self._spec, self._around, self._http = spec, around, http

    async def send(self, envelope: Envelope) -> str | None:
        hazard = _hazard(self._spec, envelope.incident)
        if hazard is None:
            return None
        body = alert(self._spec, hazard, envelope, self._around).encode()
        headers = {"Content-Type": CONTENT_TYPE}
        answer = await self._http.request("POST", self._spec.url, body, headers)
        settle(answer, self._around.clock.now())
        return ""


def alert(spec: Cap, hazard: Hazard, envelope: Envelope, around: Surroundings) -> str:
    """The message."""
    incident, kind = envelope.incident, _TYPES.get(envelope.phase, "Update")
    zone = ZoneInfo(spec.time_zone)
    first = envelope.phase == "opened"
    inside = (
        _must("identifier", _name(incident.id if first else envelope.id)),
        _text("sender", spec.sender),
        _text("sent", moment(_begun(incident) if first else incident.updated_at, zone)),
        _text("status", "Test" if incident.kind == TEST else spec.status),
        _text("msgType", kind),
        _text("scope", spec.scope),
        _text("restriction", spec.restriction if spec.scope == "Restricted" else ""),
        _text("addresses", " ".join(map(_quoted, spec.addresses))),
        _text("note", incident.note),
        _text("references", "" if first else references(spec, incident, zone)),
        _text("incidents", _name(incident.id)),
        _element("info", _info(spec, hazard, envelope, around)),
    )
    told = "".join(inside)
    return f'<?xml version="1.0" encoding="UTF-8"?><alert xmlns="{NAMESPACE}">{told}</alert>'


def references(spec: Cap, incident: Incident, zone: ZoneInfo) -> str:
    """All messages of *incident* before this one: sender, identifier and sent of each."""
    names = [(_name(incident.id), _begun(incident))]
    later = [(seq, at) for seq, at in incident.told if 0 < seq < incident.seq]
    names += [(_name(f"{incident.id}-{seq}"), at) for seq, at in later]
    return " ".join(f"{spec.sender},{name},{moment(at, zone)}" for name, at in names)


def _begun(incident: Incident) -> Millis:
    """When the Alert was sent: that stays, even if `opened_at` is put right later."""
    return incident.told[0][1] if incident.told else incident.opened_at


def certainty(incident: Incident) -> str:
    """`Observed` takes a person, or two devices that agree."""
    confirmed = incident.handled_by or len(incident.devices) > 1
    if incident.confidence >= 0.9 and confirmed:
        return "Observed"
    return "Likely" if incident.confidence >= 0.5 else "Possible"


def moment(at: Millis, zone: ZoneInfo) -> str:
    """As the standard wants it: whole seconds, an offset in numbers, and UTC as -00:00.

    >>> moment(1_767_225_600_999, ZoneInfo("Asia/Shanghai")), moment(0, ZoneInfo("UTC"))
    ('2026-01-01T08:00:00+08:00', '1970-01-01T00:00:00-00:00')
    """
    written = datetime.fromtimestamp(at // 1000, zone).isoformat(timespec="seconds")
    return written.replace("+00:00", "-00:00")


def _hazard(spec: Cap, incident: Incident) -> Hazard | None:
    if incident.kind == TEST:
        return spec.hazards.get(TEST) or next(iter(spec.hazards.values()))
    return spec.hazards.get(incident.kind)


def _info(spec: Cap, hazard: Hazard, envelope: Envelope, around: Surroundings) -> Iterator[str]:
    incident, over = envelope.incident, envelope.incident.status in CLOSED
    now = incident.severity in ("major", "critical")
    yield _text("language", spec.language)
    yield from (_text("category", one) for one in hazard.category)
    yield _text("event", hazard.event)
    yield _text("responseType", "AllClear" if over else "")
    yield _text("urgency", "Past" if over else "Immediate" if now else "Expected")
    yield _text("severity", _SEVERITIES[incident.severity])
    yield _text("certainty", certainty(incident))
    yield from _pairs("eventCode", hazard.code)
    zone = ZoneInfo(spec.time_zone)
    yield _text("onset", moment(incident.since, zone))
    yield _text("expires", "" if over else moment(incident.updated_at + spec.expires, zone))
    yield _text("senderName", spec.sender_name)
    yield _text("headline", incident.title[:HEADLINE])
    yield _text("description", "; ".join(r.text for r in incident.reasons)[:LONGEST_TEXT])
    yield _text("instruction", "" if over else hazard.instruction)
    told = {"kind": incident.kind, "phase": envelope.phase, "rule": incident.rule}
    yield from _pairs("parameter", {**told, "confidence": f"{incident.confidence:g}"})
    yield from (_resource(one, around) for one in incident.evidence[-MOST_PICTURES:])
    yield _element("area", _area(spec, incident, around.site))


def _area(spec: Cap, incident: Incident, site: str) -> Iterator[str]:
    place = incident.place
    yield _must("areaDesc", place.address or place.grid or site)
    if place.lat is not None and place.lon is not None:
        yield _text("circle", f"{place.lat:.7f},{place.lon:.7f} {spec.radius:g}")
    yield from _pairs("geocode", {code.scheme: code.value for code in place.codes})


def _resource(evidence: Evidence, around: Surroundings) -> str:
    """Without `digest`, for which the standard knows only SHA-1."""
    told = (
        _must("resourceDesc", evidence.role),
        _must("mimeType", evidence.mime),
        _text("size", str(evidence.size)),
        _text("uri", around.evidence_url(evidence.sha256)),
    )
    return _element("resource", told)


def _pairs(name: str, told: Mapping[str, str]) -> Iterator[str]:
    for key, value in told.items():
        yield _element(name, (_must("valueName", key), _must("value", value)))


def _element(name: str, inside: Iterable[str]) -> str:
    return f"<{name}>{''.join(inside)}</{name}>"


def _must(name: str, text: str) -> str:
    return _element(name, xml_text(text))


def _text(name: str, text: str) -> str:
    """Nothing for an empty text."""
    return _must(name, text) if text else ""


def _name(text: str) -> str:
    return _UNFIT.sub("_", text)


def _quoted(address: str) -> str:
    return f'"{address}"' if re.search(r"\s", address) else address
