"""Incidents to Signalen, the reporting system of Amsterdam and other cities (`signals`, API v1).

    POST  <url>/public/signals/                        a new report; its `signal_id` is the number
    POST  <url>/public/signals/<signal_id>/attachments/      its pictures
    GET   <url>/public/signals/<signal_id>             what has become of it: OPEN or CLOSED

with a token, for the private side:

    GET   <url>/private/signals/?created_after=…       is it there already?
    PATCH <url>/private/signals/<id>                   what happened later, as note and status

Signalen files what it gets twice as two reports. With a token each try looks first, for the mark at
the end of the text: `[linli east 0b5… #0 opened]`. Without one nobody can look, so an answer that
gets lost may leave a second report; and what happens later is passed over.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Meta

from gateway.dossier import iso
from gateway.marks import mark, words
from gateway.model import Answer, Duration, Envelope, Incident, Status
from gateway.multipart import File, form_data
from gateway.pictures import Pictures, packed
from gateway.ports import Barred, Choked, Reject, Sink, Surroundings
from gateway.uplink import Answer as Said
from gateway.uplink import HttpSinkSpec, Uplink, settle, uplink

LONGEST_TEXT = 3000
"""Characters that a report takes."""
PAGE, MOST_PAGES = 100, 50
LIST_LIMIT = 8 * 1024 * 1024
SKEW = Duration.parse("1h")
"""By which its clock may differ from ours."""
REMEMBERED = 1000
_CONFLICT = 409
_JSON = {"Content-Type": "application/json"}
_STATES: Mapping[Status, str] = {
    "acknowledged": "i",
    "in_progress": "b",
    "resolved": "o",
    "void": "a",
    "reopened": "reopened",
}


class Signalen(HttpSinkSpec, frozen=True, kw_only=True):
    """A city that runs Signalen; `url` ends in `/signals/v1`. `token`: of a user who may read and
    change reports, if the city gives one."""

    categories: dict[str, str]
    """Kind of incident -> `main/sub`, the slugs of the city's category."""
    category: str = ""
    """The category of all other kinds; without one, they go to the dead letters."""
    source: str = "online"
    """What the city calls this way in; it refuses a name that it does not know."""
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    """Where an incident is shown whose place has no coordinates: the middle of the site."""
    email: str = ""
    """Whom the city may ask; it then sends mail there."""
    statuses: bool = False
    """With a token: set the report's status, too, and not only leave a note."""
    pictures: Pictures = Pictures()
    """Which pictures it gets."""

    def __post_init__(self) -> None:
        wrong = [one for one in (*self.categories.values(), self.category) if one.count("/") != 1]
        if [one for one in wrong if one]:
            raise ValueError(f"categories: write main/sub, not {wrong[0]!r}")
        if self.statuses and not self.token:
            raise ValueError("statuses: needs the token of a user who may change reports")

    @property
    def attaches(self) -> bool:
        return True

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Sink]:
        return _opened(self, around)


@asynccontextmanager
async def _opened(spec: Signalen, around: Surroundings) -> AsyncIterator[Sink]:
    async with uplink(spec.way, around) as http:
        yield _City(spec, around, http)


class _City:
    def __init__(self, spec: Signalen, around: Surroundings, http: Uplink) -> None:
        self._spec, self._around, self._http = spec, around, http
        self._known: OrderedDict[str, dict[str, Any]] = OrderedDict()
        """Reports that were found or made, by incident."""

    async def send(self, envelope: Envelope) -> str | None:
        incident, site = envelope.incident, self._around.site
        if not self._spec.token:
            return await self._report(envelope) if envelope.phase == "opened" else None
        there = self._known.get(incident.id) or await self._found(incident)
        if there is None:
            return await self._report(envelope)
        if mark(site, incident, envelope.phase) not in str(there.get("text")):
            await self._update(there, envelope)
        return str(there["signal_id"])

    async def attach(self, reference: str, envelope: Envelope) -> None:
        """Add the pictures of *envelope* to the report."""
        what = f"public/signals/{quote(reference, safe='')}/attachments/"
        for picture in await packed(envelope.incident.evidence, self._spec.pictures, self._around):
            body, kind = form_data({}, [File("file", picture.name, picture.jpeg)])
            self._settle(await self._post(what, body, {"Content-Type": kind}))

    async def ask(self, incident: str, reference: str) -> Answer | None:
        answer = await self._get(f"public/signals/{quote(reference, safe='')}")
        self._settle(answer)
        if answer.text_at("status.state").upper() != "CLOSED":
            return None
        return Answer(incident, self._spec.id, "closed", reference)

    async def _report(self, envelope: Envelope) -> str:
        body = msgspec.json.encode(report(self._spec, envelope, self._around.site))
        answer = await self._post("public/signals/", body, _JSON)
        self._settle(answer)
        if answer.status == _CONFLICT:  # it has it, and says no more
            return ""
        number = answer.text_at("signal_id")
        if not number:
            raise Choked(f"no signal_id in its answer: {answer}")
        return number

    async def _update(self, there: Mapping[str, Any], envelope: Envelope) -> None:
        """As a note that carries the mark, so that it is known again; and as status if wanted."""
        incident = envelope.incident
        mine = mark(self._around.site, incident, envelope.phase)
        answer = await self._get(f"private/signals/{there['id']}")
        self._settle(answer)
        detail = answer.json()
        notes = detail.get("notes") if isinstance(detail, dict) else None
        if not isinstance(notes, list):
            raise Barred(f"report {there['id']} cannot be read: {answer}")
        if any(mine in str(one.get("text")) for one in notes if isinstance(one, dict)):
            return
        text = words(incident, mine, LONGEST_TEXT)
        body: dict[str, Any] = {"notes": [{"text": text}]}
        state = _STATES.get(incident.status) if self._spec.statuses else None
        if state and answer.text_at("status.state") != state:
            body["status"] = {"state": state, "text": text, "send_email": False}
        url = f"{self._url}/private/signals/{there['id']}"
        raw = msgspec.json.encode(body)
        self._settle(await self._http.request("PATCH", url, raw, _JSON))

    async def _found(self, incident: Incident) -> dict[str, Any] | None:
        """The report of *incident*, if it is there."""
        mine = mark(self._around.site, incident)
        asked = {"created_after": iso(incident.opened_at - SKEW), "page_size": PAGE}
        for page in range(1, MOST_PAGES + 1):
            rows = await self._list({**asked, "page": page, "ordering": "created_at"})
            for row in rows:
                if mine in str(row.get("text")) and row.get("signal_id") and "id" in row:
                    return self._remember(incident.id, row)
            if len(rows) < PAGE:
                return None
        raise Barred("its list of reports never ends; does it heed created_after and page?")

    async def _list(self, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        answer = await self._get(f"private/signals/?{urlencode(query)}")
        if answer.status == 404 and query["page"] > 1:
            return []  # what Django answers behind the last page
        try:
            self._settle(answer)
        except Reject as refusal:  # of our question: no incident is to blame
            raise Barred(f"it does not list reports: {refusal}") from refusal
        told = answer.json()
        rows = told.get("results") if isinstance(told, dict) else None
        if not isinstance(rows, list):
            raise Barred(f"what it lists as reports cannot be read: {answer}")
        return [row for row in rows if isinstance(row, dict)]

    async def _post(self, what: str, body: bytes, headers: Mapping[str, str]) -> Said:
        return await self._http.request("POST", f"{self._url}/{what}", body, headers)

    async def _get(self, what: str) -> Said:
        return await self._http.request("GET", f"{self._url}/{what}", limit=LIST_LIMIT)

    def _remember(self, incident: str, row: dict[str, Any]) -> dict[str, Any]:
        self._known[incident] = row
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return row

    def _settle(self, answer: Said) -> None:
        settle(answer, self._around.clock.now())

    @property
    def _url(self) -> str:
        return self._spec.url.rstrip("/")


def report(spec: Signalen, envelope: Envelope, site: str) -> dict[str, Any]:
    """A new report. Raises Reject where it has no category or no place."""
    incident, place = envelope.incident, envelope.incident.place
    known = place.lat is not None and place.lon is not None
    lon, lat = (place.lon, place.lat) if known else (spec.lon, spec.lat)
    if lon is None or lat is None:
        raise Reject("a report needs coordinates; give its place, or this sink, lat and lon")
    point = {"type": "Point", "coordinates": [lon, lat]}
    address = {"openbare_ruimte": place.address[:60]} if place.address else None
    return {
        "text": words(incident, mark(site, incident, envelope.phase), LONGEST_TEXT),
        "category": {"category_url": category(spec, incident.kind)},
        "location": {"geometrie": point, **({"address": address} if address else {})},
        "reporter": {"email": spec.email} if spec.email else {},
        "incident_date_start": iso(incident.since),
        "source": spec.source,
    }


def category(spec: Signalen, kind: str) -> str:
    """The address of the category of *kind*."""
    main, _, sub = spec.categories.get(kind, spec.category).partition("/")
    if not sub:
        raise Reject(f"categories has nothing for the kind {kind!r}")
    return f"/signals/v1/public/terms/categories/{main}/sub_categories/{sub}"
