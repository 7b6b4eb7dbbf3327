"""The SensorThings sink against a real server that takes few observations at once."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from gateway.model import GridCode, Place, Reading
from gateway.ports import Barred, Retry
from gateway.sinks.sensor_things import SensorThings
from tests.contracts.facts import NOON, surroundings
from tests.contracts.odd_server import odd_server, status
from tests.contracts.sensor_server import sensor_server

GATE = Place("east", (GridCode("cn-unit-grid", "110101001001001"),), 39.9, 116.4, "东门")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sensor_server(tmp_path_factory.mktemp("sta"), most=7) as process:
        yield f"{process.url}/sensorthings/v1.1"


def asked(root: str, path: str, method: str = "GET") -> Any:
    request = urllib.request.Request(f"{root}/{quote(path, safe='/?$=&')}", method=method)
    with urllib.request.urlopen(request) as answer:
        body = answer.read()
    return json.loads(body)["value"] if body else None


def line(device: str, n: int, quantity: str = "temperature") -> list[Reading]:
    return [Reading(device, quantity, float(i), NOON + 1000 * i, unit="Cel") for i in range(n)]


async def write(root: str, *readings: Reading) -> list[tuple[Reading, str]]:
    around = surroundings(Path())._replace(place_of=lambda device: GATE)
    async with SensorThings(id="sta", url=root).open(around) as sink:
        return list(await sink.write(readings))


async def test_a_batch_that_is_too_large_is_halved_until_it_fits(root: str) -> None:
    assert await write(root, *line("many", 60), *line("many", 5, "humidity")) == []
    streams = asked(root, "Datastreams?$filter=Thing/name eq 'east/many'&$expand=Observations")
    assert sorted(len(stream["Observations"]) for stream in streams) == [5, 60]


async def test_a_thing_stands_where_its_device_stands(root: str) -> None:
    await write(root, *line("placed", 1))
    await write(root, *line("placed", 2, "humidity"))
    (thing,) = asked(root, "Things?$filter=name eq 'east/placed'&$expand=Locations,Datastreams")
    assert thing["properties"]["codes"] == {"cn-unit-grid": "110101001001001"}
    (where,) = thing["Locations"]
    assert where["location"] == {"type": "Point", "coordinates": [116.4, 39.9]}
    assert [one["unitOfMeasurement"]["symbol"] for one in thing["Datastreams"]] == ["Cel", "Cel"]


async def test_a_stream_that_somebody_deleted_is_made_anew(root: str) -> None:
    around = surroundings(Path())._replace(place_of=lambda device: GATE)
    async with SensorThings(id="sta", url=root).open(around) as sink:
        await sink.write(line("gone", 1))
        (stream,) = asked(root, "Datastreams?$filter=Thing/name eq 'east/gone'")
        asked(root, f"Datastreams('{stream['@iot.id']}')", "DELETE")
        with pytest.raises(Retry):
            await sink.write(line("gone", 2)[1:])
        assert await sink.write(line("gone", 2)[1:]) == []
    (stream,) = asked(root, "Datastreams?$filter=Thing/name eq 'east/gone'&$expand=Observations")
    assert [one["result"] for one in stream["Observations"]] == [1.0]


@pytest.mark.parametrize(
    ("answer", "body"),
    [("200 OK", b"<html>"), ("200 OK", b"[]"), ("200 OK", b'{"value": 7}'), ("400 No", b"")],
)
async def test_a_list_that_cannot_be_read_is_no_empty_list(answer: str, body: bytes) -> None:
    async with odd_server(status(answer, body=body)) as url:
        with pytest.raises(Barred):
            await write(url.replace("/in", "/v1.1"), *line("x", 1))
