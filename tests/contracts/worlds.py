"""Worlds: each a platform to send to, by each kind of sink, and a way to see what arrived."""

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

from gateway.model import Duration, Phase
from gateway.ports import SinkSpec
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


def first_of_each(events: list[dict[str, Any]]) -> list[str]:
    """Known apart by source and id."""
    first = {(told["source"], told["id"]): told for told in reversed(events)}
    told = reversed(first.values())
    return [f"{one['subject']}:{one['type'].split('.')[-2]}" for one in told]


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
                return first_of_each(events)

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
                assert len(first_of_each(events)) == len(events), "the stream keeps each once"
                return first_of_each(events)

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
                return first_of_each(events)

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
