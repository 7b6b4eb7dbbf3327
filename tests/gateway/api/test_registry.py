"""Devices to admit, their labels and their grids, as they are answered."""

import json
from dataclasses import replace

import pytest

from gateway.api.desk import Desk
from gateway.model import Quality, Reading
from gateway.registrar import Closed, Unheard, Wish, Wrong
from tests.gateway.api.client import Client
from tests.gateway.api.desk_fixture import NOW


class FakeRegistrar:
    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.wishes: list[Wish] = []
        self._error = error

    async def admit(self, id: str, wish: Wish, who: str) -> str:
        if self._error:
            raise self._error
        self.asked.append(("admit", id, who))
        self.wishes.append(wish)
        return wish.id or "made-up"

    async def ignore(self, id: str, who: str) -> None:
        if self._error:
            raise self._error
        self.asked.append(("ignore", id, who))


@pytest.fixture
def registrar(client: Client, desk: Desk) -> FakeRegistrar:
    found = FakeRegistrar()
    client.app.state.desk = replace(desk, registrar=found)
    return found


async def test_a_device_is_admitted_by_whom_asks(client: Client, registrar: FakeRegistrar) -> None:
    wish = {"id": "loft", "place": {"lat": 39.9, "lon": 116.4}, "tags": ["a"], "period": "5m"}
    answer = await client.ask("POST", "/api/v1/discovered/abc/admit", "omar", json=wish)
    assert (answer.status, answer.json()) == (200, {"id": "loft"})
    assert registrar.asked == [("admit", "abc", "omar")]
    assert registrar.wishes[0].period == 300_000
    answer = await client.ask("POST", "/api/v1/discovered/abc/admit", "omar")
    assert answer.json() == {"id": "made-up"}


async def test_a_device_is_ignored_by_whom_asks(client: Client, registrar: FakeRegistrar) -> None:
    answer = await client.ask("POST", "/api/v1/discovered/abc/ignore", "omar")
    assert (answer.status, registrar.asked) == (204, [("ignore", "abc", "omar")])


@pytest.mark.parametrize("wish", ['{"nam": "x"}', '{"period": "soon"}', "[", '{"place": 1}'])
async def test_a_wish_that_is_none_is_refused(
    client: Client, registrar: FakeRegistrar, wish: str
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.ask(
        "POST", "/api/v1/discovered/abc/admit", "omar", headers=headers, data=wish
    )
    assert (answer.status, registrar.asked) == (400, [])


@pytest.mark.parametrize(
    ("error", "status"), [(Unheard("abc"), 404), (Wrong("id: twice"), 422), (Closed(), 409)]
)
async def test_what_cannot_be_admitted_says_why(
    client: Client, desk: Desk, error: Exception, status: int
) -> None:
    client.app.state.desk = replace(desk, registrar=FakeRegistrar(error))
    for deed in ("admit", "ignore"):
        answer = await client.ask("POST", f"/api/v1/discovered/abc/{deed}", "omar")
        assert answer.status == status


async def test_labels_of_devices_that_are_there(client: Client) -> None:
    one = await client.ask("GET", "/api/v1/devices/bin-01/label.svg", "vera")
    assert (one.status, one.headers["Content-Type"]) == (200, "image/svg+xml")
    assert b"Bin 01" in one.body
    sheet = await client.ask("GET", "/api/v1/labels.pdf?ids=bin-01,air-01", "vera")
    assert (sheet.status, sheet.body[:5]) == (200, b"%PDF-")
    everything = await client.ask("GET", "/api/v1/labels.pdf", "vera")
    assert everything.body.count(b"/Type/Page/") == 2
    for path in ("/api/v1/devices/nobody/label.svg", "/api/v1/labels.pdf?ids=bin-01,nobody"):
        assert (await client.ask("GET", path, "vera")).status == 404


async def test_grids_are_geojson(client: Client) -> None:
    found = (await client.ask("GET", "/api/v1/grids", "vera")).json()
    assert found["type"] == "FeatureCollection"
    first = found["features"][0]
    assert (first["type"], first["properties"]["name"]) == ("Feature", "Block 1")
    ring = first["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]


async def test_a_device_tells_its_battery_and_its_troubles(client: Client, desk: Desk) -> None:
    readings = desk.latest.of("door-01")
    assert isinstance(readings, dict)
    readings["battery"] = Reading("door-01", "battery", 9.0, NOW, None, 0, "%")
    readings["tamper"] = Reading("door-01", "tamper", 1.0, NOW, None, 0, "1")
    suspect = int(Quality.CLOCK_SUSPECT | Quality.IMPLAUSIBLE)
    readings["contact"] = Reading("door-01", "contact", 1.0, NOW, None, suspect, "1")
    found = json.loads((await client.ask("GET", "/api/v1/devices/door-01", "vera")).body)
    assert (found["battery"], found["learnt"]) == (9.0, 600_000)
    assert found["troubles"] == ["battery_low", "tampered", "clock", "implausible"]
