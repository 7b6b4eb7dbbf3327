"""A context broker, written from the public specification (ETSI GS CIM 009): it checks what it
gets as normalized NGSI-LD and keeps the states that each entity went through."""

from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

VALUES = {"Property": "value", "GeoProperty": "value", "Relationship": "object"}


class Broker:
    def __init__(self) -> None:
        self.entities: dict[str, dict[str, Any]] = {}
        self.states: list[dict[str, Any]] = []
        """Every state that was new, in order, as a subscriber is told of it."""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/ngsi-ld/v1/entities", self._create)
        app.router.add_post("/ngsi-ld/v1/entityOperations/upsert", self._upsert)
        return app

    async def _create(self, request: web.Request) -> web.Response:
        entity = checked(request, await request.json())
        if entity["id"] in self.entities:
            return problem(409, "AlreadyExists")
        self._keep(entity)
        return web.Response(status=201, headers={"Location": f"/ngsi-ld/v1/{entity['id']}"})

    async def _upsert(self, request: web.Request) -> web.Response:
        assert request.query["options"] == "update"
        entities = [checked(request, one) for one in await request.json()]
        created = [one["id"] for one in entities if one["id"] not in self.entities]
        for one in entities:
            self._keep(one)
        return web.json_response(created, status=201) if created else web.Response(status=204)

    def _keep(self, entity: dict[str, Any]) -> None:
        before = self.entities.get(entity["id"], {})
        after = {**before, **entity}
        if after != before:
            self.entities[entity["id"]] = after
            self.states.append(simple(after))


def checked(request: web.Request, entity: dict[str, Any]) -> dict[str, Any]:
    """*entity*, if it is one; else the answer is 400."""
    good = request.content_type == "application/ld+json" and entity.get("@context")
    good = good and urlsplit(entity["id"]).scheme == "urn" and isinstance(entity["type"], str)
    for name, attribute in entity.items():
        if name not in ("id", "type", "@context"):
            key = VALUES.get(attribute["type"])
            good = good and key in attribute and attribute[key] is not None
    if not good:
        raise web.HTTPBadRequest(text='{"type": "BadRequestData"}')
    return entity


def simple(entity: dict[str, Any]) -> dict[str, Any]:
    """The simplified form, in which the schemas of the data models are written."""
    told = {"id": entity["id"], "type": entity["type"]}
    for name, attribute in entity.items():
        if name not in ("id", "type", "@context"):
            value = attribute[VALUES[attribute["type"]]]
            told[name] = (
                value["@value"] if "@value" in (value if type(value) is dict else ()) else value
            )
    return told


def problem(status: int, name: str) -> web.Response:
    about = {"type": f"https://uri.etsi.org/ngsi-ld/errors/{name}", "title": name}
    return web.json_response(about, status=status, content_type="application/problem+json")
