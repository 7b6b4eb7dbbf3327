"""Incidents to a city that takes service requests: Open311 GeoReport v2, form-encoded.

    GET  <url>/requests.json?service_code=…&start_date=…&end_date=…      is it there already?
    POST <url>/requests.json
         service_code=BIN&lat=39.9&long=116.4&address_string=…&description=…&media_url=…
         &attribute[linli_incident]=0b5…

The standard has no key by which a platform knows a request again, so each try looks first. What
it looks for stands at the end of the description: `[linli east 0b5… #0 opened]`. The standard
ends with the report; what happened later goes to `servicerequestupdates`, mySociety's extension,
where the configuration says that it is there.
"""

import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from gateway.marks import mark, words
from gateway.model import Answer as Answered
from gateway.model import AnswerState, Duration, Envelope, Incident, Millis, Place, Status
from gateway.ports import Barred, Choked, Reject, Sink, Surroundings
from gateway.uplink import Answer, HttpSinkSpec, Uplink, settle, uplink

LONGEST_TEXT = 4000
"""Characters of a description."""
LIST_LIMIT = 4 * 1024 * 1024
"""Bytes of a list of requests."""
LIST_CUT = 1000
"""A platform may list no more requests than this; then half of the time is asked for."""
MOST_LOOKS = 50
"""Lists that are asked for before a try."""
LONGEST_SPAN = Duration.parse("90d")
SKEW = Duration.parse("1d")
"""By which the platform's clock may differ from ours: it may take UTC for its own time zone."""
REMEMBERED = 1000
"""Requests whose number needs no look."""

_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
_CONFLICT = 409
_DUPLICATE = re.compile(rb"duplicate", re.IGNORECASE)
_STATUS: Mapping[Status, str] = {
    "open": "OPEN",
    "acknowledged": "INVESTIGATING",
    "in_progress": "IN_PROGRESS",
    "resolved": "FIXED",
    "void": "NO_FURTHER_ACTION",
    "reopened": "OPEN",
}
"""mySociety's words, in capitals when they are sent."""
_ANSWERS: Mapping[str, AnswerState] = {
    "closed": "closed",
    "fixed": "closed",
    "duplicate": "closed",
    "no_further_action": "closed",
    "investigating": "assigned",
    "in_progress": "assigned",
    "planned": "assigned",
    "action_scheduled": "assigned",
    "not_councils_responsibility": "rejected",
    "cancelled": "rejected",
}
"""The standard knows open and closed; the others are mySociety's. `open` says nothing new."""


class Open311(HttpSinkSpec, frozen=True, kw_only=True):
    """A city that takes service requests by Open311 GeoReport v2; `url` is what stands before
    `/requests.json`."""

    services: dict[str, str] = msgspec.field(default_factory=dict)
    """Kind of incident -> the city's `service_code`, as GET /services.json lists them."""
    service: str = ""
    """The code of all other kinds; without one, they go to the dead letters."""
    api_key: str = ""
    """Write `!secret name`."""
    jurisdiction: str = ""
    """Where one address serves several cities."""
    attributes: dict[str, str] = msgspec.field(default_factory=dict)
    """Fixed answers to what a service asks, like `SIZE: large`."""
    id_attribute: str = "linli_incident"
    """The attribute that carries the incident's id; '' where unknown ones are refused."""
    address_scheme: str = ""
    """The scheme of codes that the city calls `address_id`."""
    email: str = ""
    """Whom the city may ask."""
    updates: bool = False
    """The city also takes what happens later (mySociety's `servicerequestupdates`)."""

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Sink]:
        return _opened(self, around)


@asynccontextmanager
async def _opened(spec: Open311, around: Surroundings) -> AsyncIterator[Sink]:
    async with uplink(spec.way, around) as http:
        yield _City(spec, around, http)


class _City:
    def __init__(self, spec: Open311, around: Surroundings, http: Uplink) -> None:
        self._spec, self._around, self._http = spec, around, http
        self._numbers: OrderedDict[str, str] = OrderedDict()

    async def send(self, envelope: Envelope) -> str | None:
        if envelope.phase != "opened" and not self._spec.updates:
            return None
        incident, site = envelope.incident, self._around.site
        number = self._numbers.get(incident.id)
        if number is None:
            found = await self._found(
                "requests", incident.opened_at, mark(site, incident), envelope
            )
            if found is None:
                return await self._report(envelope)
            number = self._remember(incident.id, found["service_request_id"])
            if mark(site, incident, envelope.phase) in str(found.get("description")):
                return number
        if envelope.phase != "opened" or (incident.seq and self._spec.updates):
            await self._update(number, envelope)
        return number

    async def ask(self, incident: str, reference: str) -> Answered | None:
        listed = await self._list(f"requests/{quote(reference, safe='')}", {})
        told = next((o for o in listed if str(o.get("service_request_id")) == reference), {})
        state = _ANSWERS.get(str(told.get("status")).lower())
        text = told.get("status_notes") or told.get("agency_responsible") or ""
        if state is None and told.get("agency_responsible"):
            state = "assigned"
        return Answered(incident, self._spec.id, state, reference, str(text)) if state else None

    async def _report(self, envelope: Envelope) -> str:
        answer = await self._post("requests", form(self._spec, envelope, self._around))
        if answer.status == 400 and _DUPLICATE.search(answer.body):
            return ""
        settle(answer, self._now)
        if answer.status == _CONFLICT:  # it has it, and says no more
            return ""
        (told, *_) = _listed(answer) or [{}]
        number = told.get("service_request_id")  # 0 is a number, too
        if number is None and not told.get("token"):
            raise Choked(f"no number and no token in its answer: {answer}")
        if number is None:
            return ""
        if envelope.incident.seq == 0:  # of others only a look tells which version it shows
            self._remember(envelope.incident.id, number)
        return str(number)

    async def _update(self, number: str, envelope: Envelope) -> None:
        incident = envelope.incident
        mine = mark(self._around.site, incident, envelope.phase)
        if await self._found("servicerequestupdates", incident.updated_at, mine, envelope):
            return
        fields = {
            **_account(self._spec),
            "service_request_id": number,
            "update_id": envelope.id,
            "status": _STATUS[incident.status],
            "updated_datetime": date(incident.updated_at),
            "description": words(incident, mine, LONGEST_TEXT),
        }
        settle(await self._post("servicerequestupdates", fields), self._now)

    async def _found(
        self, what: str, since: Millis, text: str, envelope: Envelope
    ) -> dict[str, Any] | None:
        """The one of the listed *what* whose description contains *text*."""
        end = self._now + SKEW
        about = {"service_code": code(self._spec, envelope.incident)} if what == "requests" else {}
        spans = [(max(since - SKEW, end - LONGEST_SPAN), end)]
        for _ in range(MOST_LOOKS):
            if not spans:
                return None
            start, end = spans.pop()
            listed = await self._list(what, {**about, "start_date": start, "end_date": end})
            for one in listed:
                if text in str(one.get("description")) and "service_request_id" in one:
                    return one
            if len(listed) >= LIST_CUT and end - start > 2000:
                middle = (start + end) // 2
                spans += [(middle, end), (start, middle)]
        raise Barred(f"its lists of {what} never end; does it heed start_date and end_date?")

    async def _list(self, what: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        asked = {k: date(v) if isinstance(v, int) else v for k, v in query.items()}
        if self._spec.jurisdiction:  # and no api_key: addresses stand in logs
            asked["jurisdiction_id"] = self._spec.jurisdiction
        url = f"{self._address(what)}?{urlencode(asked)}"
        answer = await self._http.request("GET", url, limit=LIST_LIMIT)
        try:
            settle(answer, self._now)
        except Reject as refusal:  # of our question: no incident is to blame
            raise Barred(f"it does not list {what}: {refusal}") from refusal
        listed = _listed(answer)
        if listed is None:
            raise Barred(f"what it lists as {what} cannot be read: {answer}")
        return listed

    async def _post(self, what: str, fields: Mapping[str, str]) -> Answer:
        body = urlencode(fields).encode()
        return await self._http.request("POST", self._address(what), body, _FORM)

    def _address(self, what: str) -> str:
        return f"{self._spec.url.rstrip('/')}/{what}.json"

    def _remember(self, incident: str, number: Any) -> str:
        self._numbers[incident] = str(number)
        while len(self._numbers) > REMEMBERED:
            self._numbers.popitem(last=False)
        return str(number)

    @property
    def _now(self) -> Millis:
        return self._around.clock.now()


def form(spec: Open311, envelope: Envelope, around: Surroundings) -> dict[str, str]:
    """The fields of a new request."""
    incident = envelope.incident
    pictures = incident.evidence
    return {
        **_account(spec),
        "service_code": code(spec, incident),
        **_where(incident.place, spec.address_scheme, around.site),
        "description": words(incident, mark(around.site, incident, envelope.phase), LONGEST_TEXT),
        **({"email": spec.email} if spec.email else {}),
        **({"media_url": around.evidence_url(pictures[-1].sha256)} if pictures else {}),
        **{f"attribute[{name}]": value for name, value in spec.attributes.items()},
        **({f"attribute[{spec.id_attribute}]": incident.id} if spec.id_attribute else {}),
    }


def code(spec: Open311, incident: Incident) -> str:
    """What the city calls the kind of *incident*."""
    found = spec.services.get(incident.kind, spec.service)
    if not found:
        raise Reject(f"services has no code for the kind {incident.kind!r}")
    return found


def date(at: Millis) -> str:
    """Whole seconds: some platforms know no others.

    >>> date(1_767_225_600_999)
    '2026-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _account(spec: Open311) -> dict[str, str]:
    told = {"api_key": spec.api_key, "jurisdiction_id": spec.jurisdiction}
    return {name: value for name, value in told.items() if value}


def _where(place: Place, scheme: str, site: str) -> dict[str, str]:
    """All that is known, for some want coordinates even with an address; never nothing."""
    told = {"address_string": place.address or place.grid or site}
    if place.lat is not None and place.lon is not None:
        told |= {"lat": f"{place.lat:.7f}", "long": f"{place.lon:.7f}"}
    ids = [one.value for one in place.codes if one.scheme == scheme]
    return told | ({"address_id": ids[0]} if ids else {})


def _listed(answer: Answer) -> list[dict[str, Any]] | None:
    """The members of the list that *answer* is, bare or under one name; None if it is none."""
    try:
        told = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return None
    if isinstance(told, dict) and len(told) == 1:
        (told,) = told.values()
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else None
