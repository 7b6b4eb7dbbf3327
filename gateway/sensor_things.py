"""A SensorThings 1.1 server: its entities, found by name or made, and what it already has.

Servers differ: ids are numbers or texts (quoted in addresses), a link's POST may be missing, a
duplicate may be 409 or a second row. Only what all of them do is used here.
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from gateway.dossier import iso
from gateway.model import Millis, Place, Reading
from gateway.ports import Barred, Clock, Reject, Surroundings
from gateway.uplink import Answer, Uplink, settle

REMEMBERED = 20_000
"""Datastreams that are not asked for again."""
PAGE = 100
MOST_PAGES = 1000
LIMIT = 4 * 1024 * 1024
"""Bytes of an answer."""
_JSON = {"Content-Type": "application/json"}
_MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"


Point = tuple[Millis, float]


class Stream(NamedTuple):
    """A Datastream: its id as the server writes it, and how it is addressed."""

    id: int | str
    link: str
    feature: int | str | None = None
    """The FeatureOfInterest, where a server cannot make it of the Thing's Location."""


class Server:
    def __init__(self, http: Uplink, url: str, clock: Clock) -> None:
        self._http, self._url, self._clock = http, url, clock

    async def post(self, what: str, body: Any) -> Answer:
        raw = msgspec.json.encode(body)
        return await self._http.request("POST", f"{self._url}/{what}", raw, _JSON, limit=LIMIT)

    def settle(self, answer: Answer) -> None:
        settle(answer, self._clock.now())

    async def find(self, what: str, name: str) -> Any:
        """The id of the entity of that name; None: there is none."""
        quoted = name.replace("'", "''")
        found = await self._list(what, {"$filter": f"name eq '{quoted}'", "$top": "1"})
        return found[0].get("@iot.id") if found else None

    async def make(self, what: str, body: Mapping[str, Any]) -> Any:
        """Its id."""
        answer = await self.post(what, body)
        try:
            self.settle(answer)
        except Reject as refusal:  # a rule of the server, true for all readings of the kind
            raise Barred(f"it does not take our {what}: {refusal}") from refusal
        told = answer.json()
        made = told.get("@iot.id") if isinstance(told, dict) else None
        if made is None:
            made = await self.find(what, str(body["name"]))
        if made is None:
            raise Barred(f"what it made as {what} cannot be found: {answer}")
        return made

    async def points(self, stream: Stream, first: Millis, last: Millis) -> Counter[Point]:
        """What *stream* holds from *first* to *last*, and how often."""
        start, end = iso(first - first % 1000), iso(last)
        span = f"phenomenonTime ge {start} and phenomenonTime le {end}"
        asked = {"$filter": span, "$select": "phenomenonTime,result", "$top": str(PAGE)}
        asked["$orderby"] = "id asc"  # some fail when they shall order by time
        found: Counter[Point] = Counter()
        for page in range(MOST_PAGES):
            rows = await self._list(f"{stream.link}/Observations", {**asked, "$skip": page * PAGE})
            found.update(
                (moment(row["phenomenonTime"]), float(row["result"]))
                for row in rows
                if isinstance(row.get("result"), int | float) and row.get("phenomenonTime")
            )
            if len(rows) < PAGE:
                return found
        raise Barred(f"its list of {stream.link}/Observations never ends; does it heed $skip?")

    async def _list(self, what: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        url = f"{self._url}/{what}?{urlencode(query)}"
        answer = await self._http.request("GET", url, limit=LIMIT)
        try:
            self.settle(answer)
        except Reject as refusal:  # of our question: no reading is to blame
            raise Barred(f"it does not list {what}: {refusal}") from refusal
        told = answer.json()
        rows = told.get("value") if isinstance(told, dict) else None
        if not isinstance(rows, list):
            raise Barred(f"what it lists as {what} cannot be read: {answer}")
        return [row for row in rows if isinstance(row, dict)]


class Catalogue:
    """The Datastreams of our readings, and what belongs to them."""

    def __init__(self, server: Server, around: Surroundings) -> None:
        self._server, self._around = server, around
        self._streams: OrderedDict[tuple[str, str, str], Stream] = OrderedDict()

    async def stream(self, reading: Reading) -> Stream:
        """Where *reading* belongs."""
        key = reading.device, reading.quantity, reading.unit
        if key not in self._streams:
            self._streams[key] = await self._found_or_made(reading)
            while len(self._streams) > REMEMBERED:
                self._streams.popitem(last=False)
        return self._streams[key]

    def forget(self, reading: Reading) -> None:
        """Ask again next time."""
        self._streams.pop((reading.device, reading.quantity, reading.unit), None)

    async def _found_or_made(self, reading: Reading) -> Stream:
        thing = f"{self._around.site}/{reading.device}"
        name = f"{thing}/{reading.quantity}"
        if reading.unit:
            name += f" [{reading.unit}]"
        id = await self._server.find("Datastreams", name)
        if id is None:
            id = await self._server.make(
                "Datastreams", await self._datastream(name, thing, reading)
            )
        feature = None
        if self._around.place_of(reading.device).lat is None:
            feature = await self._entity("FeaturesOfInterest", _nowhere(thing))
        quoted = str(id) if isinstance(id, int) else f"'{str(id).replace(chr(39), chr(39) * 2)}'"
        return Stream(id, f"Datastreams({quoted})", feature)

    async def _datastream(self, name: str, thing: str, reading: Reading) -> dict[str, Any]:
        unit = reading.unit or "1"
        sensor = {
            "name": thing,
            "description": f"device {reading.device}",
            "encodingType": "text/html",
            "metadata": reading.device,
        }
        observed = {
            "name": reading.quantity,
            "description": reading.quantity,
            "definition": f"urn:linli:quantity:{reading.quantity}",
        }
        place = self._around.place_of(reading.device)
        return {
            "name": name,
            "description": f"{reading.quantity} of {reading.device}",
            "observationType": _MEASUREMENT,
            "unitOfMeasurement": {
                "name": unit,
                "symbol": unit,
                "definition": f"http://unitsofmeasure.org/ucum.html#{unit}",
            },
            "Thing": {
                "@iot.id": await self._entity("Things", _thing(thing, reading.device, place))
            },
            "Sensor": {"@iot.id": await self._entity("Sensors", sensor)},
            "ObservedProperty": {"@iot.id": await self._entity("ObservedProperties", observed)},
        }

    async def _entity(self, what: str, body: Mapping[str, Any]) -> Any:
        found = await self._server.find(what, str(body["name"]))
        return await self._server.make(what, body) if found is None else found


def moment(written: str) -> Millis:
    """A time of theirs; of a span, its begin.

    >>> moment("2026-01-01T00:00:00.007Z"), moment("2026-01-01T08:00:00+08:00/2026-01-02")
    (1767225600007, 1767225600000)
    """
    return round(datetime.fromisoformat(written.partition("/")[0]).timestamp() * 1000)


def _thing(name: str, device: str, place: Place) -> dict[str, Any]:
    codes = {code.scheme: code.value for code in place.codes}
    told: dict[str, Any] = {
        "name": name,
        "description": place.address or device,
        "properties": {"device": device, "codes": codes, "address": place.address},
    }
    if place.lat is not None and place.lon is not None:
        where = {
            "name": name,
            "description": place.address or place.grid or device,
            "encodingType": "application/geo+json",
            "location": {"type": "Point", "coordinates": [place.lon, place.lat]},
        }
        told["Locations"] = [where]
    return told


def _nowhere(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "description": "where this is is not known",
        "encodingType": "application/geo+json",
        "feature": {"type": "Feature", "geometry": None, "properties": {}},
    }
