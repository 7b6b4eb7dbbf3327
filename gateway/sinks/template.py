"""Incidents to a platform with an interface of its own: JSON, a form or XML, by a template.

There is no common protocol of Chinese city-management platforms (standards of 数字城管 fix the
codes, not the wire), so what differs is configuration. Entries for six interfaces that were found
in public stand in docs/presets/, to be copied and adapted.

    fields:  {workordercode: "{id}", scene: "{code}", dispatchtime: "{opened_at|%Y-%m-%d %H:%M:%S}"}
    maps:    {code: {by: kind, values: {overflowing_bin: "06042"}}}
    success: {path: code, equals: ["10000"]}

Pictures go as links (`{uris}`), or themselves: base64 within the message, as parts of a multipart
body, or uploaded before it (`pictures`).
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal
from urllib.parse import urlencode
from xml.etree import ElementTree
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from gateway.callback_map import CallbackMap
from gateway.callbacks import Letter, Thanks
from gateway.datum import Datum, convert
from gateway.dossier import dossier
from gateway.enclosures import Enclosed, Enclosures
from gateway.model import Answer as Answered
from gateway.model import Envelope, Incident, Phase
from gateway.multipart import form_data
from gateway.ports import Choked, Reject, Sink, Surroundings
from gateway.template import Moment, as_text, filled, filled_xml, unknown
from gateway.uplink import Answer, HttpSinkSpec, Uplink, settle, uplink

_TYPES = {
    "json": "application/json; charset=utf-8",
    "form": "application/x-www-form-urlencoded; charset=utf-8",
    "xml": "text/xml; charset=utf-8",
}
_TIMES = ("since", "opened_at", "updated_at", "closed_at")
_MADE = ("phase", "grid", "lat", "lon", "text", "uris", "uri", "secrets", "parts", "images")
_OURS = ("by_hand", "sinks")
_TOLD = frozenset({*Incident.__struct_fields__, *_MADE}).difference(_OURS)
"""What a template may name: the dossier of the incident (gateway.dossier), and what is made of it
for platforms: `phase`; `grid.<scheme>`, the place's code in that scheme; `lat` and `lon` in the
declared datum; `text`, the reasons in words; `uris`, all pictures, and `uri`, the last one;
`images`, the pictures in base64, or what the platform called them when they were uploaded."""


class Map(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Our word -> the platform's."""

    by: str
    """Which value is looked up, like `kind`, `status`, `phase`, `severity`."""
    values: dict[str, str | int]
    default: str | int | None = None
    """For what is not in `values`; without one, such an incident goes to the dead letters."""


class Success(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a platform says in its answer's body that it has taken an incident."""

    path: str = ""
    """Where to look in a JSON answer, with dots."""
    equals: tuple[str, ...] = ()
    """What stands there then, as text."""
    matches: str = ""
    """Or: a regular expression that the whole answer contains."""


class Template(HttpSinkSpec, frozen=True, kw_only=True):
    """A platform with an interface of its own."""

    body: Literal["json", "form", "xml"] = "json"
    """How it wants to be told."""
    fields: dict[str, Any] = msgspec.field(default_factory=dict)
    """For json and form: the names it expects, and what to put there."""
    document: str = ""
    """For xml: the whole document."""
    parts: dict[str, str] = msgspec.field(default_factory=dict)
    """For xml: documents that stand as text within it, as `{parts.name}`."""
    secrets: dict[str, str] = msgspec.field(default_factory=dict)
    """Keys and passwords for the body, as `{secrets.name}`; write `!secret name`."""
    maps: dict[str, Map] = msgspec.field(default_factory=dict)
    """Code tables; each gives its name a value, as `{name}`."""
    phases: tuple[Phase, ...] = ("opened", "updated", "resolved", "void", "reopened")
    """What the platform wants to hear of; the rest is passed over."""
    success: Success | None = None
    """Without it every 2xx counts."""
    reference: str = ""
    """Where in its JSON answer stands its own number of the case, with dots."""
    callback: CallbackMap | None = None
    """How it says later what became of it."""
    pictures: Enclosed | None = None
    """Without it pictures go as links only."""
    known: str = ""
    """A regular expression that the answer contains if it has this incident already."""
    datum: Datum = "wgs84"
    """Of the coordinates it expects."""
    time_zone: str = "Asia/Shanghai"
    """Of the times it expects."""

    def __post_init__(self) -> None:
        names = _TOLD | self.maps.keys()
        if bool(self.document) != (self.body == "xml") or bool(self.fields) == bool(self.document):
            raise ValueError("body: json and form need `fields`, xml needs `document`")
        for key in ("fields", "document", "parts"):
            if missing := unknown(getattr(self, key), names):
                raise ValueError(f"{key}: nothing is called {missing[0]!r}; {_names(names)}")
        for name, table in self.maps.items():
            if table.by.partition(".")[0] not in _TOLD:
                raise ValueError(f"maps: {name} goes by {table.by!r}; {_names(_TOLD)}")
        for key, pattern in (("known", self.known), ("success", _pattern(self.success))):
            _checked(key, pattern)
        for text in filter(None, (self.document, *self.parts.values())):
            _well_formed(text)
        if self.time_zone not in available_timezones():
            raise ValueError(f"time_zone: {self.time_zone!r} is no time zone")
        if self.pictures and self.pictures.how == "multipart" and self.body != "form":
            raise ValueError("pictures: `how: multipart` needs `body: form`")

    def hear(self, letter: Letter) -> Sequence[Answered]:
        if self.callback:
            return self.callback.read(letter, self.id, self.answers)
        return HttpSinkSpec.hear(self, letter)

    @property
    def thanks(self) -> Thanks | None:
        return self.callback.answered if self.callback else None

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Sink]:
        return _opened(self, around)


@asynccontextmanager
async def _opened(spec: Template, around: Surroundings) -> AsyncIterator[Sink]:
    async with uplink(spec.way, around) as http:
        yield _Platform(spec, around, http)


class _Platform:
    def __init__(self, spec: Template, around: Surroundings, http: Uplink) -> None:
        self._spec, self._around, self._http = spec, around, http
        self._enclosed = Enclosures(spec.pictures, around, http) if spec.pictures else None

    async def send(self, envelope: Envelope) -> str | None:
        if envelope.phase not in self._spec.phases:
            return None
        spec = self._spec
        told = values(spec, envelope, self._around)
        body, kind = b"", _TYPES[spec.body]
        if self._enclosed:
            files = await self._enclosed.files(envelope.incident.evidence)
            told["images"] = await self._enclosed.images(files)
            if self._enclosed.beside:
                body, kind = form_data(_form(spec, told), files)
        body = body or letter(spec, told)
        answer = await self._http.request("POST", spec.url, body, {"Content-Type": kind})
        if self._spec.known and re.search(self._spec.known, _body(answer)):
            return ""
        settle(answer, self._around.clock.now())
        if self._spec.success and not _taken(self._spec.success, answer):
            raise Choked(str(answer))
        return answer.text_at(spec.reference) if spec.reference else ""


def letter(spec: Template, told: Mapping[str, Any]) -> bytes:
    """The body of the request."""
    if spec.body == "xml":
        parts = {name: filled_xml(part, told) for name, part in spec.parts.items()}
        return filled_xml(spec.document, {**told, "parts": parts}).encode()
    if spec.body == "form":
        return urlencode(_form(spec, told)).encode()
    return msgspec.json.encode(filled(spec.fields, told))


def _form(spec: Template, told: Mapping[str, Any]) -> dict[str, str]:
    return {name: as_text(value) for name, value in filled(spec.fields, told).items()}


def values(spec: Template, envelope: Envelope, around: Surroundings) -> dict[str, Any]:
    """Everything that a hole of the template can name."""
    incident, zone = envelope.incident, ZoneInfo(spec.time_zone)
    told = dossier(incident, around.evidence_url)
    moments = {name: getattr(incident, name) for name in _TIMES}
    told |= {n: None if at is None else Moment(at, zone) for n, at in moments.items()}
    place, uris = incident.place, [picture["uri"] for picture in told["evidence"]]
    lat, lon = place.lat, place.lon
    if lat is not None and lon is not None:
        lat, lon = (round(degrees, 7) for degrees in convert(lat, lon, spec.datum))
    told |= {
        "phase": envelope.phase,
        "grid": {code.scheme: code.value for code in place.codes},
        "lat": lat,
        "lon": lon,
        "text": "; ".join(reason.text for reason in incident.reasons),
        "uris": uris,
        "uri": uris[-1] if uris else "",
        "images": [],
        "secrets": spec.secrets,
    }
    return told | {name: _looked_up(name, table, told) for name, table in spec.maps.items()}


def _looked_up(name: str, table: Map, told: Mapping[str, Any]) -> str | int:
    word = as_text(filled(f"{{{table.by}}}", told))
    found = table.values.get(word, table.default)
    if found is None:
        raise Reject(f"maps.{name} has nothing for the {table.by} {word!r}")
    return found


def _taken(success: Success, answer: Answer) -> bool:
    if success.matches:
        return bool(re.search(success.matches, _body(answer)))
    try:
        told = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return False
    found = filled(f"{{{success.path}}}", told) if isinstance(told, dict) else None
    return as_text(found) in success.equals


def _body(answer: Answer) -> str:
    return answer.body.decode(errors="replace")


def _pattern(success: Success | None) -> str:
    if success and bool(success.path and success.equals) == bool(success.matches):
        raise ValueError("success: give `path` and `equals`, or `matches`")
    return success.matches if success else ""


def _checked(key: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as problem:
        raise ValueError(f"{key}: {pattern!r} is no regular expression: {problem}") from problem


def _well_formed(text: str) -> None:
    try:
        ElementTree.fromstring(text)  # noqa: S314 - the site's own configuration
    except ElementTree.ParseError as problem:
        raise ValueError(f"document: this is not well-formed XML: {problem}") from problem


def _names(names: frozenset[str]) -> str:
    return f"there are: {', '.join(sorted(names))}"
