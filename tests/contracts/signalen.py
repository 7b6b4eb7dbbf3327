"""A city that runs Signalen, written from its public documentation and API description (v1), and as
strict as the real one was found to be: unknown categories and sources refused, a text of 3000
characters, coordinates in its own box, private reports only with a token, and no memory of what was
sent before."""

import uuid
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.contracts.facts import NOON

TOKEN = "t-1"
CATEGORY = "/signals/v1/public/terms/categories/afval/sub_categories/container-is-vol"
SOURCES = {"online", "Sensor"}
ALLOWED = {"m": "mibohaingepland", "i": "miboa", "b": "mibhoa", "o": "reopened", "a": "reopened"}


class City:
    """`reports` in order; each as the private side shows it."""

    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []
        self.pictures: list[tuple[str, str, bytes]] = []
        self.open = True

    def app(self) -> web.Application:
        app = web.Application(client_max_size=8_000_000)
        app.router.add_post("/signals/v1/public/signals/", self._file)
        app.router.add_get("/signals/v1/public/signals/{uuid}", self._public)
        app.router.add_post("/signals/v1/public/signals/{uuid}/attachments/", self._attach)
        app.router.add_get("/signals/v1/private/signals/", self._list)
        app.router.add_get("/signals/v1/private/signals/{id}", self._detail)
        app.router.add_patch("/signals/v1/private/signals/{id}", self._change)
        return app

    async def _file(self, request: web.Request) -> web.Response:
        told = await request.json()
        lon, lat = told["location"]["geometrie"]["coordinates"]
        wrong = {
            "text": not 0 < len(told["text"]) <= 3000,
            "category": told["category"]["category_url"] != CATEGORY,
            "location": not (73 < lon < 135 and 3 < lat < 54),
            "source": told["source"] not in SOURCES,
            "incident_date_start": not datetime.fromisoformat(told["incident_date_start"]).tzinfo,
            "reporter": not isinstance(told["reporter"], dict),
        }
        if any(wrong.values()):
            return web.json_response(
                {k: ["invalid"] for k, bad in wrong.items() if bad}, status=400
            )
        report = {
            "id": len(self.reports) + 1,
            "signal_id": str(uuid.uuid4()),
            "text": told["text"],
            "status": {"state": "m"},
            "notes": [],
            "created_at": datetime.fromtimestamp(NOON / 1000, UTC).isoformat(),
        }
        self.reports.append(report)
        seen = {k: report[k] for k in ("id", "signal_id", "text", "status")}
        return web.json_response(seen, status=201)

    async def _public(self, request: web.Request) -> web.Response:
        report = self._by("signal_id", request.match_info["uuid"])
        state = "CLOSED" if report["status"]["state"] in ("o", "a") else "OPEN"
        return web.json_response({"signal_id": report["signal_id"], "status": {"state": state}})

    async def _attach(self, request: web.Request) -> web.Response:
        report = self._by("signal_id", request.match_info["uuid"])
        form = await request.post()
        file = form["file"]
        self.pictures.append((report["signal_id"], file.filename, file.file.read()))
        return web.json_response({}, status=201)

    async def _list(self, request: web.Request) -> web.Response:
        self._login(request)
        after = datetime.fromisoformat(request.query["created_after"])
        found = [r for r in self.reports if datetime.fromisoformat(r["created_at"]) >= after]
        size, page = int(request.query["page_size"]), int(request.query["page"])
        rows = found[size * (page - 1) : size * page]
        if not rows and page > 1:
            return web.json_response({"detail": "Invalid page."}, status=404)
        return web.json_response({"count": len(found), "results": rows})

    async def _detail(self, request: web.Request) -> web.Response:
        self._login(request)
        return web.json_response(self._by("id", int(request.match_info["id"])))

    async def _change(self, request: web.Request) -> web.Response:
        self._login(request)
        report, told = self._by("id", int(request.match_info["id"])), await request.json()
        if state := told.get("status", {}).get("state"):
            if state not in ALLOWED.get(report["status"]["state"], state):
                return web.json_response({"status": ["Invalid state transition"]}, status=400)
            report["status"] = told["status"]
        report["notes"] = [*told.get("notes", ()), *report["notes"]]
        return web.json_response(report)

    def _by(self, key: str, value: Any) -> dict[str, Any]:
        for report in self.reports:
            if report[key] == value:
                return report
        raise web.HTTPNotFound

    def _login(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise web.HTTPUnauthorized
