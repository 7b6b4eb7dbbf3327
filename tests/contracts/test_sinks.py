"""What every destination for incidents that the scan finds must do. A sink is added by adding
its world: a platform to send to, and a way to see what arrived."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, get_args
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from aiohttp import web
from msgspec.structs import replace

import gateway.sinks
from gateway.model import Duration, Envelope, Phase, Place, Reason, Severity
from gateway.plugins import subclasses
from gateway.ports import Retry, SinkSpec
from gateway.sinks.cap import Cap, Hazard
from gateway.sinks.cloud_events import CloudEvents
from gateway.sinks.kafka import Kafka
from gateway.sinks.mqtt_bridge import MqttBridge
from gateway.sinks.nats import Nats
from gateway.sinks.ngsi_ld import NgsiLd
from gateway.sinks.open311 import Open311
from gateway.sinks.signalen import Signalen
from gateway.sinks.template import Success, Template
from simulators.faults import BadLine
from simulators.platform import Platform
from tests.contracts import kafka_cluster, nats_server, signalen
from tests.contracts.cap_register import Register, parameter, text
from tests.contracts.context_broker import Broker
from tests.contracts.facts import EVIDENCE, envelope, surroundings
from tests.contracts.georeport import KEY, georeport
from tests.contracts.reader import Reader
from tests.gateway.mqtt.mosquitto import BROKER, mosquitto

SHORT = Duration.parse("500ms")


class World(NamedTuple):
    """A sink whose platform is reached through a line that can be made bad."""

    spec: SinkSpec
    line: BadLine
    effects: Callable[[], Awaitable[list[str]]]
    """What the platform keeps of what it got, in order: `<incident>:<phase>`, each once."""


@asynccontextmanager
async def city_with_cloud_events() -> AsyncIterator[World]:
    async with Platform() as city, BadLine("127.0.0.1", int(city.url.split(":")[2][:-1])) as line:

        async def effects() -> list[str]:
            return [
                f"{id}:{kind.split('.')[-2]}"
                for id, case in city.register.cases.items()
                for kind in case.events
            ]

        url = f"http://127.0.0.1:{line.port}/events"
        yield World(CloudEvents(id="city", url=url, timeout=SHORT), line, effects)


def told_in_json(body: bytes) -> str:
    told = json.loads(body)
    return f"{told['code']}:{told['what']['phase']}"


def told_in_a_form(body: bytes) -> str:
    told = parse_qs(body.decode(), strict_parsing=True, keep_blank_values=True)
    return f"{told['code'][0]}:{told['phase'][0]}"


def told_in_xml(body: bytes) -> str:
    call = ElementTree.fromstring(body)
    case = ElementTree.fromstring(call.findtext("case") or "")
    return f"{case.findtext('code')}:{call.findtext('phase')}"


TEMPLATES: dict[Callable[[bytes], str], dict[str, Any]] = {
    told_in_json: {
        "fields": {"code": "{id}", "what": {"phase": "{phase}", "text": "{title}{text}"}}
    },
    told_in_a_form: {
        "body": "form",
        "fields": {"code": "{id}", "phase": "{phase}", "where": "{place.address} {grid}"},
    },
    told_in_xml: {
        "body": "xml",
        "document": "<call><phase>{phase}</phase><case>{parts.case}</case></call>",
        "parts": {"case": "<case who='{handled_by}'><code>{id}</code><t>{title}{text}</t></case>"},
    },
}


@asynccontextmanager
async def city_with_a_template(read: Callable[[bytes], str]) -> AsyncIterator[World]:
    """A platform that knows an incident again by the number that we send along."""
    cases: dict[str, None] = {}

    async def take(request: web.Request) -> web.Response:
        cases[read(await request.read())] = None
        return web.json_response({"code": 10000})

    app = web.Application()
    app.router.add_post("/in", take)

    async def effects() -> list[str]:
        return list(cases)

    async with serving(app) as port, BadLine("127.0.0.1", port) as line:
        spec = Template(
            id="city",
            url=f"http://127.0.0.1:{line.port}/in",
            timeout=SHORT,
            phases=get_args(Phase),
            success=Success(path="code", equals=("10000",)),
            **TEMPLATES[read],
        )
        yield World(spec, line, effects)


@asynccontextmanager
async def broker_with_a_reader(version: str) -> AsyncIterator[World]:
    """A reader that keeps what it knows apart by source and id, as CloudEvents ask."""
    if not BROKER:
        pytest.skip("mosquitto is not installed (apt: mosquitto)")
    with TemporaryDirectory() as folder:
        async with (
            mosquitto(Path(folder)) as broker,
            Reader(broker.port) as reader,
            BadLine("127.0.0.1", broker.port) as line,
        ):

            async def effects() -> list[str]:
                events = [json.loads(message.payload) for message in await reader.all()]
                first = {(told["source"], told["id"]): told for told in reversed(events)}
                return [
                    f"{told['subject']}:{told['type'].split('.')[-2]}"
                    for told in reversed(first.values())
                ]

            spec = MqttBridge(
                id="city", host="127.0.0.1", port=line.port, version=version, timeout=SHORT
            )
            yield World(spec, line, effects)


@asynccontextmanager
async def stream_of_jetstream() -> AsyncIterator[World]:
    """The stream itself keeps each version once."""
    if not nats_server.SERVER:
        pytest.skip("nats-server is not installed (apt: nats-server)")
    with TemporaryDirectory() as folder:
        async with (
            nats_server.nats_server(Path(folder)) as port,
            BadLine("127.0.0.1", port) as line,
        ):
            await nats_server.make_stream(port)

            async def effects() -> list[str]:
                events = [json.loads(told) for _, told, _ in await nats_server.stored(port)]
                return [f"{told['subject']}:{told['type'].split('.')[-2]}" for told in events]

            spec = Nats(id="city", url=f"nats://127.0.0.1:{line.port}", timeout=SHORT)
            yield World(spec, line, effects)


@asynccontextmanager
async def topic_of_kafka() -> AsyncIterator[World]:
    """A reader that keeps what it knows apart by source and id, as CloudEvents ask."""
    if not kafka_cluster.HERE:
        pytest.skip("confluent-kafka is not installed (linli[kafka])")
    topic = "linli.incidents"
    with kafka_cluster.cluster(topic) as port:
        async with (
            kafka_cluster.relay(port) as relay,
            BadLine("127.0.0.1", relay.port) as line,
        ):
            relay.told = line.port

            async def effects() -> list[str]:
                found = await asyncio.to_thread(kafka_cluster.written, port, topic)
                events = [json.loads(value) for _, value, _ in found]
                first = {(told["source"], told["id"]): told for told in reversed(events)}
                return [
                    f"{told['subject']}:{told['type'].split('.')[-2]}"
                    for told in reversed(first.values())
                ]

            servers, patience = (f"127.0.0.1:{line.port}",), Duration.parse("2s")
            yield World(Kafka(id="city", servers=servers, timeout=patience), line, effects)


@asynccontextmanager
async def city_with_service_requests() -> AsyncIterator[World]:
    """It knows nothing again: only a look before each try keeps things single."""
    async with georeport() as city, BadLine("127.0.0.1", port_of(city.url)) as line:

        async def effects() -> list[str]:
            told = [one["description"] for one in (*city.requests, *city.updates)]
            marks = [re.search(r"\[linli east (\S+) #\d+ (\w+)\]$", text) for text in told]
            return [f"{mark[1]}:{mark[2]}" for mark in marks if mark]

        spec = Open311(
            id="city",
            url=f"http://127.0.0.1:{line.port}/v2/",
            services={"overflowing_bin": "BIN"},
            api_key=KEY,
            attributes={"SIZE": "large"},
            updates=True,
            timeout=SHORT,
        )
        yield World(spec, line, effects)


@asynccontextmanager
async def city_with_signalen() -> AsyncIterator[World]:
    """It knows nothing again, either."""
    city = signalen.City()

    async def effects() -> list[str]:
        told = [
            text
            for report in city.reports
            for text in (report["text"], *(note["text"] for note in reversed(report["notes"])))
        ]
        marks = [re.search(r"\[linli east (\S+) #\d+ (\w+)\]$", text) for text in told]
        return [f"{mark[1]}:{mark[2]}" for mark in marks if mark]

    async with serving(city.app()) as port, BadLine("127.0.0.1", port) as line:
        spec = Signalen(
            id="city",
            url=f"http://127.0.0.1:{line.port}/signals/v1",
            categories={"overflowing_bin": "afval/container-is-vol"},
            token=signalen.TOKEN,
            lat=39.9,
            lon=116.4,
            statuses=True,
            timeout=SHORT,
        )
        yield World(spec, line, effects)


@asynccontextmanager
async def platform_for_warnings() -> AsyncIterator[World]:
    register = Register()

    async def take(request: web.Request) -> web.Response:
        register.take(await request.read())
        return web.Response()

    async def effects() -> list[str]:
        told = register.messages.values()
        return [f"{text(one, 'incidents')}:{parameter(one, 'phase')}" for one in told]

    app = web.Application()
    app.router.add_post("/cap", take)
    async with serving(app) as port, BadLine("127.0.0.1", port) as line:
        spec = Cap(
            id="city",
            url=f"http://127.0.0.1:{line.port}/cap",
            sender="linli@east",
            hazards={"overflowing_bin": Hazard("满溢 Overflow", ("Env",))},
            timeout=SHORT,
        )
        yield World(spec, line, effects)


@asynccontextmanager
async def context_broker() -> AsyncIterator[World]:
    broker = Broker()

    async def effects() -> list[str]:
        return [f"{one['reportId']}:{one['phase']}" for one in broker.states]

    async with serving(broker.app()) as port, BadLine("127.0.0.1", port) as line:
        yield World(
            NgsiLd(id="city", url=f"http://127.0.0.1:{line.port}", timeout=SHORT), line, effects
        )


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[int]:
    """Its port."""
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def port_of(url: str) -> int:
    return urlsplit(url).port or 80


Worlds = Callable[[], AbstractAsyncContextManager[World]]
WORLDS: dict[type[SinkSpec], list[Worlds]] = {
    Cap: [platform_for_warnings],
    CloudEvents: [city_with_cloud_events],
    Kafka: [topic_of_kafka],
    MqttBridge: [partial(broker_with_a_reader, version) for version in ("5", "3.1.1")],
    Nats: [stream_of_jetstream],
    NgsiLd: [context_broker],
    Open311: [city_with_service_requests],
    Signalen: [city_with_signalen],
    Template: [partial(city_with_a_template, read) for read in TEMPLATES],
}


def test_every_sink_is_tested_here() -> None:
    assert set(subclasses(gateway.sinks, SinkSpec)) == set(WORLDS)


@pytest.fixture(params=[world for worlds in WORLDS.values() for world in worlds])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with request.param() as world:
        yield world


async def send(world: World, root: Path, *envelopes: Envelope) -> None:
    async with world.spec.open(surroundings(root)) as sink:
        for one in envelopes:
            await sink.send(one)


async def test_the_life_of_an_incident_arrives_in_order(world: World, tmp_path: Path) -> None:
    phases: list[Phase] = ["opened", "updated", "acknowledged", "in_progress", "resolved"]
    await send(world, tmp_path, *(envelope("i-1", n, phase) for n, phase in enumerate(phases)))
    assert await world.effects() == [f"i-1:{phase}" for phase in phases]


@pytest.mark.parametrize("phase", get_args(Phase))
async def test_every_phase_can_be_told(world: World, tmp_path: Path, phase: Phase) -> None:
    await send(world, tmp_path, envelope("i-1", 7, phase))
    assert await world.effects() == [f"i-1:{phase}"]


async def test_two_incidents_stay_two(world: World, tmp_path: Path) -> None:
    await send(world, tmp_path, envelope("i-1"), envelope("i-2"), envelope("i-1", 1, "resolved"))
    assert sorted(await world.effects()) == ["i-1:opened", "i-1:resolved", "i-2:opened"]


async def test_twice_is_once(world: World, tmp_path: Path) -> None:
    await send(world, tmp_path, envelope(), envelope())
    await send(world, tmp_path, envelope())
    assert await world.effects() == ["i-1:opened"]


def with_(**changes: Any) -> Envelope:
    plain = envelope("i-1", evidence=(EVIDENCE,))
    return replace(plain, incident=replace(plain.incident, **changes))


@pytest.mark.parametrize("severity", get_args(Severity))
async def test_every_severity_can_be_told(world: World, tmp_path: Path, severity: Severity) -> None:
    await send(world, tmp_path, with_(severity=severity))
    assert await world.effects() == ["i-1:opened"]


ODD = 'a "b" <c>&amp; \\ \r\n\t ]]> {{x}} ${y} 网格 🚮 \u2028 \x01 \ud7ff'


@pytest.mark.parametrize(
    "told",
    [
        with_(title=ODD, key=ODD, note=ODD, handled_by=ODD, rule=ODD, devices=(ODD,)),
        with_(place=Place(address=ODD)),
        with_(reasons=(Reason(ODD, ODD, ODD, ODD, ODD), Reason("", "", None, None))),
        with_(title="", place=Place(), reasons=(), devices=(), evidence=()),
        with_(title="x" * 10_000, reasons=(Reason("y" * 5_000),) * 30),
    ],
    ids=["odd words", "odd address", "odd reasons", "hardly anything", "far too much"],
)
async def test_any_words_arrive(world: World, tmp_path: Path, told: Envelope) -> None:
    await send(world, tmp_path, told)
    assert await world.effects() == ["i-1:opened"]


async def test_a_line_that_breaks_is_a_retry_and_the_next_try_arrives(
    world: World, tmp_path: Path
) -> None:
    async with world.spec.open(surroundings(tmp_path)) as sink:
        await sink.send(envelope())
        world.line.refuse = True
        world.line.cut()
        with pytest.raises((Retry, OSError)):
            await sink.send(envelope(seq=1, phase="resolved"))
        assert world.line.resets
    world.line.refuse = False
    await send(world, tmp_path, envelope(seq=1, phase="resolved"))
    assert await world.effects() == ["i-1:opened", "i-1:resolved"]


async def test_a_silent_line_is_left_in_time(world: World, tmp_path: Path) -> None:
    world.line.silent = True
    async with asyncio.timeout(5):
        with pytest.raises((Retry, OSError)):
            await send(world, tmp_path, envelope())
    world.line.silent = False


async def test_an_answer_that_was_lost_does_no_harm(world: World, tmp_path: Path) -> None:
    """The platform has it, we do not know: the exactly-once case."""
    world.line.lose_answers = True
    for _ in range(3):
        with pytest.raises((Retry, OSError)):
            await send(world, tmp_path, envelope())
    assert world.line.resets
    world.line.lose_answers = False
    await send(world, tmp_path, envelope())
    assert await world.effects() == ["i-1:opened"]


async def test_a_stop_in_the_middle_leaves_nothing_open(world: World, tmp_path: Path) -> None:
    world.line.silent = True
    task = asyncio.create_task(send(world, tmp_path, envelope()))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    world.line.silent = False
