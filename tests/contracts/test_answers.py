"""What each connector does with each answer. The table in docs/platforms.md is made here."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import gateway.sinks
from gateway.kafka_client import _failed
from gateway.model import Duration, Reading
from gateway.mqtt import encode, wire
from gateway.plugins import subclasses
from gateway.ports import Barred, Choked, ReadingSinkSpec, Reject, Retry, SinkSpec
from gateway.sinks.cap import Cap, Hazard
from gateway.sinks.cloud_events import CloudEvents
from gateway.sinks.influx import Influx
from gateway.sinks.kafka import Kafka
from gateway.sinks.mqtt_bridge import MqttBridge
from gateway.sinks.nats import Nats
from gateway.sinks.ngsi_ld import NgsiLd
from gateway.sinks.open311 import Open311
from gateway.sinks.sensor_things import SensorThings
from gateway.sinks.signalen import Signalen
from gateway.sinks.template import Template
from tests.contracts.facts import NOON, envelope, surroundings
from tests.contracts.odd_server import Answer, odd_server, read_request, says, status

SHORT = Duration.parse("500ms")
DONE, DEAD, AGAIN, OTHERS = "delivered", "dead letter", "waits", "others first"
PERSON, KEPT = "for a person", "kept aside"
NEVER = "–"
"""The protocol has no such answer."""

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Row = str
ROWS: dict[Row, Answer] = {
    "400": status("400 Bad Request", body=b'{"error": "no grid"}'),
    "401": status("401 Unauthorized"),
    "409": status("409 Conflict"),
    "429 with Retry-After": status("429 Too Many Requests", "Retry-After: 7"),
    "500": status("500 Internal Server Error"),
    "a truncated body": says(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"),
    "a redirect": status("302 Found", "Location: http://x.test/"),
    "nothing at all": says(b"", then=30),
    "an answer after the time-out": says(b"HTTP/1.1 200 OK\r\n\r\n", then=1),
}


async def outcome(spec: SinkSpec | ReadingSinkSpec) -> str:
    try:
        async with spec.open(surroundings(Path())) as sink:
            if isinstance(spec, SinkSpec):
                await sink.send(envelope())
            elif await sink.write([Reading("bin-3", "fill_level", 1.0, NOON, unit="1")]):
                return KEPT
    except (Reject, Retry, OSError) as failure:
        return meaning(failure, isinstance(spec, SinkSpec))
    return DONE


def meaning(failure: Exception, incidents: bool = True) -> str:
    if isinstance(failure, Choked) and incidents:
        return OTHERS
    return {Barred: PERSON, Reject: DEAD}.get(type(failure), AGAIN)


def on_writing(answer: Answer, listed: Any = ()) -> Play:
    """*answer* to what is sent; to questions an honest *listed*."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = json.dumps(listed).encode()
        while (await _peek(reader)) == b"GET":
            await read_request(reader)
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
        await answer(reader, writer)

    return serve


async def _peek(reader: asyncio.StreamReader) -> bytes:
    """The method of the next request, which stays where it is."""
    while len(reader._buffer) < 3 and not reader.at_eof():  # noqa: ASYNC110 - no event for it
        await asyncio.sleep(0.001)
    return bytes(reader._buffer[:3])


TOLD: dict[str, Any] = {"id": "city", "timeout": SHORT}
STREAMS = {"value": [{"@iot.id": 1}]}
HTTP: dict[type, tuple[Callable[[str], SinkSpec | ReadingSinkSpec], Any]] = {
    CloudEvents: (lambda url: CloudEvents(url=url, **TOLD), ()),
    Template: (lambda url: Template(url=url, fields={"id": "{id}"}, **TOLD), ()),
    Open311: (lambda url: Open311(url=url, service="BIN", **TOLD), []),
    Signalen: (
        lambda url: Signalen(url=url, token="t", categories={}, category="a/b", **TOLD),
        {"results": []},
    ),
    NgsiLd: (lambda url: NgsiLd(url=url, **TOLD), ()),
    Cap: (
        lambda url: Cap(url=url, sender="a@b", hazards={"overflowing_bin": Hazard("x")}, **TOLD),
        (),
    ),
    Influx: (lambda url: Influx(url=url, api="v1", **TOLD), ()),
    SensorThings: (lambda url: SensorThings(url=f"{url}/v1.1", **TOLD), STREAMS),
}


async def by_http(kind: type, row: Row) -> str:
    make, listed = HTTP[kind]
    async with odd_server(on_writing(ROWS[row], listed)) as url:
        return await outcome(make(url.removesuffix("/in")))


@asynccontextmanager
async def script(play: Play) -> Any:
    """The port of a server that plays *play* to everybody."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await play(reader, writer)
        except (OSError, EOFError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def broker(answer: bytes, hello: int = 0, then: float = 0.0) -> Play:
    """MQTT 5: *hello* answers CONNECT; then *answer*, *then* seconds late."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10_000)
        writer.write(encode.connack(5, hello))
        await reader.read(100_000)
        await asyncio.sleep(then)
        writer.write(answer)
        await writer.drain()

    return play


def puback(code: int) -> bytes:
    return encode.acknowledge(wire.PUBACK, 1, code)


MQTT: dict[Row, Play] = {
    "400": broker(puback(0x99)),
    "401": broker(b"", wire.BAD_CREDENTIALS),
    "429 with Retry-After": broker(puback(wire.QUOTA)),
    "500": broker(puback(0x80)),
    "a truncated body": broker(puback(0)[:2]),
    "a redirect": broker(b"", 0x9D),
    "nothing at all": broker(b"", then=30),
    "an answer after the time-out": broker(puback(0), then=1),
}


async def by_mqtt(row: Row) -> str:
    if row not in MQTT:
        return NEVER
    async with script(MQTT[row]) as port:
        return await outcome(MqttBridge(host="127.0.0.1", port=port, **TOLD))


def stream(told: Mapping[str, Any] | None, cut: int = 0, then: float = 0.0) -> Play:
    """NATS: *told* answers what is published, without its last *cut* bytes, *then* seconds late;
    None: nobody gets in."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","max_payload":1048576,"headers":true}\r\n')
        sid = b"1"
        while line := await reader.readline():
            word, *rest = line.split()
            if word == b"PING":
                refused = b"-ERR 'Authorization Violation'\r\n"
                writer.write(b"PONG\r\n" if told is not None else refused)
            elif word == b"SUB":
                sid = rest[-1]
            elif word == b"HPUB":
                await reader.readexactly(int(rest[-1]) + 2)
                body = json.dumps(told).encode()
                said = b"MSG %b %b %d\r\n%b\r\n" % (rest[1], sid, len(body), body)
                await asyncio.sleep(then)
                writer.write(said[: len(said) - cut])
                await writer.drain()
                if cut:
                    return

    return play


def error(code: int, err_code: int = 0) -> dict[str, Any]:
    return {"error": {"code": code, "err_code": err_code, "description": "x"}}


STORED = {"stream": "S", "seq": 1}
NATS: dict[Row, Play] = {
    "400": stream(error(400, 10054)),
    "401": stream(None),
    "409": stream({**STORED, "duplicate": True}),
    "429 with Retry-After": stream(error(503)),
    "500": stream(error(500)),
    "a truncated body": stream(STORED, cut=12),
    "nothing at all": stream(STORED, then=30),
    "an answer after the time-out": stream(STORED, then=1),
}


async def by_nats(row: Row) -> str:
    if row not in NATS:
        return NEVER
    async with script(NATS[row]) as port:
        return await outcome(Nats(url=f"nats://127.0.0.1:{port}", **TOLD))


async def by_kafka(row: Row) -> str:
    """What the library says of a message; what it makes of the line itself is real."""
    kafka = pytest.importorskip("confluent_kafka", reason="linli[kafka] is not installed")
    said = {
        "400": kafka.KafkaError.INVALID_RECORD,
        "401": kafka.KafkaError.SASL_AUTHENTICATION_FAILED,
        "429 with Retry-After": kafka.KafkaError.THROTTLING_QUOTA_EXCEEDED,
        "500": kafka.KafkaError.UNKNOWN,
    }
    if row in said:
        return meaning(_failed(kafka.KafkaError(said[row]), []))
    if row in ("409", "a redirect"):
        return NEVER
    late = 30 if row == "nothing at all" else 1 if "after" in row else 0
    async with script(broker(b"\x00\x00", then=late)) as port:
        return await outcome(Kafka(servers=(f"127.0.0.1:{port}",), **TOLD))


COLUMNS: dict[type, Callable[[Row], Awaitable[str]]] = {
    **{kind: lambda row, kind=kind: by_http(kind, row) for kind in HTTP},
    MqttBridge: by_mqtt,
    Nats: by_nats,
    Kafka: by_kafka,
}
DOCS = Path(__file__).parents[2] / "docs/platforms.md"
HEADS = [kind.__struct_config__.tag for kind in COLUMNS]


def documented() -> dict[tuple[Row, str], str]:
    """The table in the docs: (answer, connector) -> what is done."""
    lines = DOCS.read_text("utf-8").split("<!-- answers -->")[1].strip().splitlines()
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    names = [name.strip("`") for name in head[1:]]
    return {(row[0], name): cell for row in rows for name, cell in zip(names, row[1:], strict=True)}


def test_every_connector_is_in_the_table() -> None:
    every = {*subclasses(gateway.sinks, SinkSpec), *subclasses(gateway.sinks, ReadingSinkSpec)}
    assert every == set(COLUMNS)
    assert set(documented()) == {(row, head) for row in ROWS for head in HEADS}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("kind", COLUMNS, ids=HEADS)
async def test_what_is_done_is_what_the_docs_say(kind: type, row: Row) -> None:
    async with asyncio.timeout(20):
        done = await COLUMNS[kind](row)
    assert done == documented()[row, kind.__struct_config__.tag]


async def table() -> str:
    """For the docs: `python -m tests.contracts.test_answers`."""
    lines = ["| it answers | " + " | ".join(f"`{head}`" for head in HEADS) + " |"]
    lines.append("|---" * (len(HEADS) + 1) + "|")
    for row in ROWS:
        cells = [await COLUMNS[kind](row) for kind in COLUMNS]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(asyncio.run(table()))
