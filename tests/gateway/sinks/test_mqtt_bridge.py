import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.model import Duration, Envelope
from gateway.mqtt import encode, wire
from gateway.ports import Barred, Reject, Retry
from gateway.sinks.mqtt_bridge import MqttBridge, topic_of
from tests.contracts.facts import envelope, surroundings
from tests.contracts.reader import Reader
from tests.gateway.mqtt.mosquitto import Mosquitto, certificates, mosquitto, needed

VERSIONS = ["5", "3.1.1"]


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with mosquitto(tmp_path) as broker:
        yield broker


async def send(spec: MqttBridge, *envelopes: Envelope, root: Path = Path()) -> None:
    async with spec.open(surroundings(root)) as sink:
        for one in envelopes:
            await sink.send(one)


def bridge(port: int, **more: Any) -> MqttBridge:
    timeout = Duration.parse("1s")
    return MqttBridge(id="estate", host="127.0.0.1", port=port, timeout=timeout, **more)


@needed
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_subscriber_gets_the_event(broker: Mosquitto, version: str) -> None:
    async with Reader(broker.port) as reader:
        await send(bridge(broker.port, version=version), envelope(), envelope("i-2"))
        (one, two) = await reader.received(2)
    assert one.topic == "linli/east/incident/overflowing_bin"
    assert one.qos == 1
    told = json.loads(one.payload)
    assert (told["id"], told["type"]) == ("i-1-0", "org.linli.incident.opened.v1")
    assert json.loads(two.payload)["subject"] == "i-2"


@needed
async def test_with_mqtt_5_the_reader_is_told_what_it_is(broker: Mosquitto) -> None:
    async with Reader(broker.port) as reader:
        await send(bridge(broker.port), envelope())
        (one,) = await reader.received(1)
    assert one.properties.ContentType == "application/cloudevents+json; charset=utf-8"
    assert one.properties.PayloadFormatIndicator == 1


@needed
async def test_what_nobody_reads_is_not_called_delivered(broker: Mosquitto) -> None:
    with pytest.raises(Retry, match="nobody subscribes"):
        await send(bridge(broker.port), envelope())
    await send(bridge(broker.port, retain=True, topic="linli/{id}"), envelope())
    async with Reader(broker.port) as reader:
        (kept,) = await reader.received(1)
    assert kept.topic == "linli/i-1"


@needed
async def test_users_rights_and_certificates(tmp_path: Path) -> None:
    certificates(tmp_path)
    (tmp_path / "acl").write_text("user linli\ntopic write linli/#\n")
    (tmp_path / "users").write_text("linli:secret\n")
    await (
        await asyncio.create_subprocess_exec("mosquitto_passwd", "-U", str(tmp_path / "users"))
    ).wait()
    conf = (
        f"password_file {tmp_path}/users\nacl_file {tmp_path}/acl\n"
        f"certfile {tmp_path}/server.pem\nkeyfile {tmp_path}/server.key\ncafile {tmp_path}/ca.pem"
    )
    async with mosquitto(tmp_path, conf) as broker:
        good = bridge(
            broker.port, tls=True, ca="ca.pem", user="linli", password="secret", retain=True
        )
        await send(good, envelope(), root=tmp_path)
        for wrong, word in [
            ({"password": "nope"}, "does not let us in"),
            ({"password": "nope", "version": "3.1.1"}, "does not let us in"),
            ({"topic": "elsewhere/{kind}"}, "access rules"),
            ({"ca": "other-ca.pem"}, "no safe connection"),
            ({"ca": ""}, "no safe connection"),
        ]:
            with pytest.raises(Barred, match=word):
                await send(replace(good, **wrong), envelope(), root=tmp_path)


def test_a_topic_has_only_the_levels_that_were_written() -> None:
    spec = bridge(1, topic="a/{kind}/{key}/{grid.cn-unit-grid}/{grid.h3}")
    odd = envelope()
    odd = replace(odd, incident=replace(odd.incident, kind="a/b+c#\x00", key=""))
    assert topic_of(spec, odd, "east") == "a/a_b_c__/-/110101001001001/-"


@pytest.mark.parametrize("topic", ["", "a/#", "+/{kind}", "a/{colour}", "{grid}", "\0"])
def test_a_topic_that_cannot_be_is_told(topic: str) -> None:
    with pytest.raises(ValueError, match="topic: "):
        bridge(1, topic=topic)


def connack(code: int) -> bytes:
    return encode.connack(5, code)


def puback(number: int, code: int) -> bytes:
    return encode.acknowledge(wire.PUBACK, number, code)


@pytest.mark.parametrize(
    ("hello", "answer", "failure", "words"),
    [
        (connack(wire.BAD_CREDENTIALS), b"", Barred, "bad user name"),
        (connack(wire.BUSY), b"", Retry, "too many connections"),
        (puback(1, 0), b"", Retry, "packet 4, not 2"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", Retry, "packet|nonsense|time"),
        (b"", b"", Retry, "no answer in time"),
        (connack(0), b"", Retry, "no answer in time"),
        (connack(0), puback(2, 0), Retry, "acknowledged 2, not 1"),
        (connack(0), puback(1, wire.QUOTA), Retry, "quota exceeded"),
        (connack(0), puback(1, wire.PACKET_TOO_LARGE), Reject, "packet too large"),
        (connack(0), puback(1, wire.TOPIC_INVALID), Reject, "topic not valid"),
        (connack(0), puback(1, wire.NOT_AUTHORIZED), Barred, "may not publish"),
        (connack(0), encode.disconnect(5, wire.SHUTTING_DOWN), Retry, "shutting down"),
        (connack(0), b"\xff\xff\xff\xff\xff\xff", Retry, "nonsense"),
        (connack(0), b"\x40\x01\x00", Retry, "nonsense"),
    ],
)
async def test_whatever_a_broker_says(
    hello: bytes, answer: bytes, failure: type[Exception], words: str
) -> None:
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10_000)
        writer.write(hello)
        if answer:
            await reader.read(10_000)
            writer.write(answer)
        await done.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        spec = replace(bridge(server.sockets[0].getsockname()[1]), timeout=Duration.parse("200ms"))
        with pytest.raises(failure, match=words) as raised:
            await send(spec, envelope())
        assert type(raised.value) is failure
        done.set()
