"""The Kafka sink against librdkafka's mock cluster."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.model import Duration, Envelope
from gateway.ports import Barred, Reject, Retry
from gateway.sinks.kafka import Kafka, settings
from tests.contracts.facts import envelope, surroundings
from tests.contracts.kafka_cluster import cluster, needed, written
from tests.contracts.servers import free_port

TOPIC = "linli.incidents"


@pytest.fixture
def port() -> Iterator[int]:
    with cluster(TOPIC) as port:
        yield port


def there(port: int, **more: Any) -> Kafka:
    timeout = Duration.parse("5s")
    return Kafka(id="bus", servers=(f"127.0.0.1:{port}",), **{"timeout": timeout, **more})


async def send(spec: Kafka, *envelopes: Envelope, root: Path = Path()) -> None:
    async with spec.open(surroundings(root)) as sink:
        for one in envelopes:
            await sink.send(one)


@needed
async def test_an_incident_is_a_cloud_event_under_its_own_key(port: int) -> None:
    await send(there(port), envelope(), envelope(seq=1, phase="resolved"), envelope("i-2"))
    found = written(port, TOPIC)
    assert {key for key, _, _ in found} == {"i-1", "i-2"}
    mine = [json.loads(value) for key, value, _ in found if key == "i-1"]
    assert [event["id"] for event in mine] == ["i-1-0", "i-1-1"]
    assert found[0][2]["content-type"].startswith("application/cloudevents+json")


@needed
async def test_what_is_larger_than_a_message_may_be_is_a_dead_letter(port: int) -> None:
    big = envelope()
    big = replace(big, incident=replace(big.incident, title="x" * 1_100_000))
    with pytest.raises(Reject, match="size"):
        await send(there(port), big)


@needed
async def test_a_topic_that_is_not_there_is_for_a_person(port: int) -> None:
    with pytest.raises(Barred, match="make the topic"):
        await send(there(port, topic="other", timeout=Duration.parse("1s")), envelope())


@needed
async def test_a_cluster_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(Retry) as raised:
        await send(there(free_port(), timeout=Duration.parse("1s")), envelope())
    assert not isinstance(raised.value, Barred)


@needed
async def test_a_certificate_that_is_not_there_is_for_a_person(tmp_path: Path) -> None:
    with pytest.raises(Barred, match="ca"):
        await send(there(1, tls=True, ca="none.pem"), envelope(), root=tmp_path)


async def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    monkeypatch.delitem(sys.modules, "gateway.kafka_client", raising=False)
    with pytest.raises(Barred, match=r"install linli\[kafka\]"):
        await send(there(1), envelope())


def test_nothing_is_written_twice_and_nothing_is_believed_before_all_replicas_have_it() -> None:
    told = settings(there(1, user="linli", password="p", tls=True, ca="ca.pem"), "east", Path("/s"))
    assert (told["enable.idempotence"], told["acks"]) == (True, "all")
    assert (told["security.protocol"], told["ssl.ca.location"]) == ("SASL_SSL", "/s/ca.pem")


@pytest.mark.parametrize("more", [{"servers": ()}, {"servers": ("a",)}, {"topic": "a b"}])
def test_a_wrong_entry_is_told_before_anything_runs(more: dict[str, Any]) -> None:
    import msgspec

    entry = {"kind": "kafka", "id": "bus", "servers": ["a:1"], **more}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(entry, Kafka, dec_hook=lambda kind, raw: kind.parse(raw))
