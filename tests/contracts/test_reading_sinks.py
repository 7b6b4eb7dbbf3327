"""What every sink of readings that the scan finds must do, on every server that is here."""

import json
import math
import os
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import aiohttp
import pytest
from msgspec.structs import replace

import gateway.sinks
from gateway.model import Duration, Quality, Reading
from gateway.plugins import subclasses
from gateway.ports import ReadingSinkSpec, Retry
from gateway.sinks.influx import Influx
from gateway.sinks.sensor_things import SensorThings
from tests.contracts.facts import surroundings
from tests.contracts.sensor_server import sensor_server
from tests.contracts.servers import INFLUXD, VICTORIA, Process, influxd, victoria_metrics

START = 1_760_000_000_000
HOSTILE = ("a, b=c", "a\\", 'say "hi"', "line\nbreak", "网格 3 号", "#", "x" * 300)

Points = set[tuple[int, float | str]]
"""(milliseconds, value)"""


class World(NamedTuple):
    """A sink, and a way to read back what its server holds of one quantity of one device."""

    spec: ReadingSinkSpec
    points: Callable[[str, str], Awaitable[Points]]
    texts: bool
    process: Process | None
    step: int = 1
    """Milliseconds to which the server tells times."""

    def told(self, at: int) -> int:
        return at - at % self.step


async def influxql(spec: Influx, query: str) -> list[dict[str, Any]]:
    """The series that *query* finds; InfluxQL is what all generations of InfluxDB serve."""
    asked = urlencode({"db": spec.bucket, "epoch": "ns", "q": query})
    async with (
        aiohttp.ClientSession(headers=spec.way.headers) as session,
        session.get(f"{spec.way.url}/query?{asked}") as answer,
    ):
        return (await answer.json())["results"][0].get("series", [])


def in_influx(spec: Influx) -> Callable[[str, str], Awaitable[Points]]:
    async def points(device: str, quantity: str) -> Points:
        series = await influxql(spec, f"SELECT * FROM \"{quantity}\" WHERE device = '{device}'")
        rows = [
            dict(zip(one["columns"], row, strict=True)) for one in series for row in one["values"]
        ]
        return {
            (
                row["time"] // 1_000_000,
                row["value"] if row.get("value") is not None else row["text"],
            )
            for row in rows
        }

    return points


def in_victoria(spec: Influx) -> Callable[[str, str], Awaitable[Points]]:
    async def points(device: str, quantity: str) -> Points:
        match = urlencode({"match[]": f'{quantity}_value{{device="{device}"}}'})
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{spec.way.url}/internal/force_flush"):
                pass
            async with session.get(f"{spec.way.url}/api/v1/export?{match}") as answer:
                lines = (await answer.text()).splitlines()
        rows = [json.loads(line) for line in lines]
        return {p for row in rows for p in zip(row["timestamps"], row["values"], strict=True)}

    return points


@pytest.fixture(scope="session")
def influx_1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    if not INFLUXD:
        pytest.skip("no influxd on this machine (Debian: influxdb)")
    with influxd(tmp_path_factory.mktemp("influxd")) as process:
        yield process


@pytest.fixture(scope="session")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    if not VICTORIA:
        pytest.skip("no victoria-metrics on this machine (Debian: victoria-metrics)")
    with victoria_metrics(tmp_path_factory.mktemp("victoria")) as process:
        yield process


def influx_1x(request: pytest.FixtureRequest) -> World:
    process: Process = request.getfixturevalue("influx_1")
    spec = Influx(id="influx", url=process.url, bucket="linli tests", tags={"site": "east"})
    return World(spec, in_influx(spec), True, process)


def victoria_as_2x(request: pytest.FixtureRequest) -> World:
    process: Process = request.getfixturevalue("victoria")
    spec = Influx(id="influx", url=process.url, api="v2", org="linli", token="any")
    return World(spec, in_victoria(spec), False, process)


def victoria_as_1x(request: pytest.FixtureRequest) -> World:
    process: Process = request.getfixturevalue("victoria")
    spec = Influx(id="influx", url=process.url, api="v1")
    return World(spec, in_victoria(spec), False, process)


def given_server(request: pytest.FixtureRequest) -> World:
    url = os.environ.get("LINLI_TEST_INFLUX_URL")
    if not url:
        pytest.skip("LINLI_TEST_INFLUX_URL names no server")
    spec = Influx(
        id="influx",
        url=url,
        org=os.environ.get("LINLI_TEST_INFLUX_ORG", ""),
        bucket=os.environ.get("LINLI_TEST_INFLUX_BUCKET", "linli"),
        token=os.environ.get("LINLI_TEST_INFLUX_TOKEN", ""),
    )
    return World(spec, in_influx(spec), True, None)


def in_sensor_things(spec: SensorThings) -> Callable[[str, str], Awaitable[Points]]:
    async def points(device: str, quantity: str) -> Points:
        """Read with nothing of the sink's own."""
        named = f"ObservedProperty/name eq '{quantity}' and Thing/name eq 'east/{device}'"
        query = urlencode({"$filter": named, "$expand": "Observations($top=1000)"})
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{spec.url}/Datastreams?{query}") as answer,
        ):
            streams = (await answer.json())["value"]
        rows = [
            (
                round(datetime.fromisoformat(one["phenomenonTime"]).timestamp() * 1000),
                one["result"],
            )
            for stream in streams
            for one in stream["Observations"]
        ]
        assert len(rows) == len(set(rows)), "it stores twice what it is sent twice"
        return set(rows)

    return points


@pytest.fixture(scope="session")
def sensors_in_bulk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with sensor_server(tmp_path_factory.mktemp("sta"), bulk=True) as process:
        yield process


@pytest.fixture(scope="session")
def sensors_one_by_one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with sensor_server(tmp_path_factory.mktemp("sta"), bulk=False) as process:
        yield process


def sensor_things(server: str, request: pytest.FixtureRequest) -> World:
    process: Process = request.getfixturevalue(server)
    spec = SensorThings(id="sta", url=f"{process.url}/sensorthings/v1.1")
    return World(spec, in_sensor_things(spec), False, process, step=1000)


WORLDS: dict[type[ReadingSinkSpec], list[Callable[[pytest.FixtureRequest], World]]] = {
    Influx: [influx_1x, victoria_as_2x, victoria_as_1x, given_server],
    SensorThings: [
        partial(sensor_things, "sensors_in_bulk"),
        partial(sensor_things, "sensors_one_by_one"),
    ],
}


def test_every_sink_of_readings_is_tested_here() -> None:
    assert set(subclasses(gateway.sinks, ReadingSinkSpec)) == set(WORLDS)


@pytest.fixture(params=[world for worlds in WORLDS.values() for world in worlds])
def world(request: pytest.FixtureRequest) -> World:
    return request.param(request)


@pytest.fixture
def device() -> str:
    """A new one for each test, so that tests share a server."""
    return f"device-{uuid.uuid4()}"


async def write(world: World, tmp_path: Path, *readings: Reading) -> list[tuple[Reading, str]]:
    async with world.spec.open(surroundings(tmp_path)) as sink:
        return list(await sink.write(readings))


async def test_what_is_written_can_be_read(world: World, device: str, tmp_path: Path) -> None:
    values = [0.0, -1.5, 0.1 + 0.2, 1e-9, 123456789.125]
    readings = [
        Reading(device, "temperature", value, START + i, unit="Cel")
        for i, value in enumerate(values)
    ]
    assert await write(world, tmp_path, *readings) == []
    found = await world.points(device, "temperature")
    assert {at for at, _ in found} == {world.told(reading.at) for reading in readings}
    assert sorted(value for _, value in found) == pytest.approx(sorted(values), rel=1e-12)


async def test_the_device_s_own_time_counts(world: World, device: str, tmp_path: Path) -> None:
    late = Reading(device, "co2", 700.0, START + 9000, measured_at=START, quality=Quality.LATE)
    assert await write(world, tmp_path, late) == []
    assert await world.points(device, "co2") == {(START, 700.0)}


async def test_writing_twice_is_writing_once(world: World, device: str, tmp_path: Path) -> None:
    readings = [Reading(device, "humidity", i / 10, START + i) for i in range(100)]
    await write(world, tmp_path, *readings)
    await write(world, tmp_path, *readings[50:])
    assert len(await world.points(device, "humidity")) == 100


async def test_two_readings_of_one_millisecond_stay_two(
    world: World, device: str, tmp_path: Path
) -> None:
    await write(world, tmp_path, Reading(device, "presses", 1.0, START))
    await write(world, tmp_path, Reading(device, "presses", 2.0, START))
    assert await world.points(device, "presses") == {(START, 1.0), (START, 2.0)}


async def test_what_cannot_be_written_is_named_and_the_rest_is_written(
    world: World, device: str, tmp_path: Path
) -> None:
    good = [Reading(device, "noise", float(i), START + i) for i in range(10)]
    bad = [Reading(device, "noise", value, START) for value in (math.nan, math.inf, -math.inf)]
    refused = await write(world, tmp_path, *good[:5], *bad, *good[5:])
    assert [reading for reading, _ in refused] == bad
    assert {reason for _, reason in refused} == {"not a finite number"}
    assert len(await world.points(device, "noise")) == 10


@pytest.mark.parametrize("name", HOSTILE)
async def test_any_name_is_written_and_harms_no_neighbour(
    world: World, device: str, tmp_path: Path, name: str
) -> None:
    odd = Reading(name, "temperature", 1.0, START, unit=name)
    named = Reading(device, name, 1.0, START)
    neighbour = Reading(device, "temperature", 2.0, START)
    refused = await write(world, tmp_path, odd, named, neighbour)
    unfit = name == "#" and isinstance(world.spec, Influx)
    assert [reading for reading, _ in refused] == ([named] if unfit else [])
    assert await world.points(device, "temperature") == {(START, 2.0)}


async def test_text_is_kept_where_the_server_can(world: World, device: str, tmp_path: Path) -> None:
    texts = ["on", 'say "hi"\\', "上报\nnext", ""]
    readings = [Reading(device, "state", text, START + i) for i, text in enumerate(texts)]
    assert await write(world, tmp_path, *readings) == []
    if world.texts:
        assert await world.points(device, "state") == set(
            zip(range(START, START + 4), texts, strict=True)
        )


async def test_nothing_to_write_is_nothing(world: World, tmp_path: Path) -> None:
    assert await write(world, tmp_path) == []


async def test_an_outage_is_a_retry_and_then_all_is_there(
    world: World, device: str, tmp_path: Path
) -> None:
    if world.process is None:
        pytest.skip("a server that is not ours is not killed")
    before = Reading(device, "temperature", 1.0, START)
    after = Reading(device, "temperature", 2.0, START + 1)
    async with world.spec.open(surroundings(tmp_path)) as sink:
        assert await sink.write([before]) == []
        world.process.kill()
        with pytest.raises(Retry):
            await sink.write([after])
        world.process.start()
        assert await sink.write([after]) == []
    assert (world.told(START + 1), 2.0) in await world.points(device, "temperature")


async def test_nobody_there_is_a_retry(world: World, tmp_path: Path) -> None:
    gone = replace(world.spec, url="http://127.0.0.1:9", timeout=Duration.parse("2s"))
    with pytest.raises((Retry, OSError)):
        await write(world._replace(spec=gone), tmp_path, Reading("x", "y", 1.0, START))
