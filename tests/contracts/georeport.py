"""A city that takes service requests, written from the public specification of Open311 GeoReport v2
and of mySociety's extension for updates. As strict as the servers that were met: forms only, no
fractions of a second, numbers that start at 0, and no memory of what was sent before."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.contracts.facts import NOON

KEY = "k-1"
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
STATUSES = {"OPEN", "INVESTIGATING", "IN_PROGRESS", "FIXED", "NO_FURTHER_ACTION"}


class City:
    """What it has, in order. `now`: seconds since 1970; `most`: how many it lists at once."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.forms: list[dict[str, str]] = []
        self.asked = 0
        self.most = 1000
        self.now = NOON // 1000
        self.required = "SIZE"
        self.url = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v2/requests.json", self._list)
        app.router.add_post("/v2/requests.json", self._take)
        app.router.add_get("/v2/servicerequestupdates.json", self._list)
        app.router.add_post("/v2/servicerequestupdates.json", self._hear)
        return app

    async def _take(self, request: web.Request) -> web.Response:
        form, errors = await self._form(request)
        if form.get("service_code") != "BIN":
            errors.append("service_code was not found")
        if not ((form.get("lat") and form.get("long")) or form.get("address_string")):
            errors.append("a location is needed")
        if not form.get(f"attribute[{self.required}]"):
            errors.append(f"attribute {self.required} is required")
        if errors:
            return refused(*errors)
        number = len(self.requests)
        self.requests.append(
            {
                "service_request_id": number,
                "status": "open",
                "service_code": form["service_code"],
                "description": form["description"],
                "requested_datetime": datetime.fromtimestamp(self.now).astimezone().isoformat(),
                "at": self.now,
            }
        )
        return web.json_response([{"service_request_id": number}], status=201)

    async def _hear(self, request: web.Request) -> web.Response:
        form, errors = await self._form(request)
        if form.get("status") not in STATUSES:
            errors.append("unknown status")
        if form.get("service_request_id") not in {str(n) for n in range(len(self.requests))}:
            errors.append("no such request")
        if not DATE.fullmatch(form.get("updated_datetime", "")):
            errors.append("updated_datetime")
        if errors:
            return refused(*errors)
        self.updates.append({**form, "at": self.now})
        return web.json_response([{"update_id": len(self.updates)}])

    async def _form(self, request: web.Request) -> tuple[dict[str, str], list[str]]:
        if request.content_type != "application/x-www-form-urlencoded":
            raise web.HTTPUnsupportedMediaType
        form = {name: str(value) for name, value in (await request.post()).items()}
        if form.get("api_key") != KEY:
            raise web.HTTPForbidden
        self.forms.append(form)
        long = len(form.get("description", "")) > 4000
        return form, ["the description is too long"] if long else []

    async def _list(self, request: web.Request) -> web.Response:
        self.asked += 1
        assert KEY not in request.query_string, "keys have no place in addresses"
        of = self.requests if request.path.endswith("/requests.json") else self.updates
        span = [request.query["start_date"], request.query["end_date"]]
        if not all(map(DATE.fullmatch, span)):
            return refused("a date is malformed")
        start, end = (datetime.fromisoformat(text).timestamp() for text in span)
        if end - start > 90 * 86_400:
            return refused("more than 90 days")
        code = request.query.get("service_code")
        found = [
            one
            for one in of
            if start <= one["at"] <= end and code in (None, one.get("service_code"))
        ]
        return web.json_response(found[: self.most])


def refused(*errors: str) -> web.Response:
    return web.json_response([{"code": 400, "description": text} for text in errors], status=400)


@asynccontextmanager
async def georeport() -> AsyncIterator[City]:
    city = City()
    runner = web.AppRunner(city.app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    city.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v2"
    try:
        yield city
    finally:
        await runner.cleanup()
