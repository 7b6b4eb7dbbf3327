import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import main


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stdin: bytes, *args: str
) -> tuple[int, str]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    code = main(["decode", *args])
    return code, capsys.readouterr().out


@pytest.fixture
def decode(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    return lambda stdin, *args: run(monkeypatch, capsys, stdin, *args)


def test_one_message_for_people(decode: Any) -> None:
    code, out = decode(b'{"temperature":20.5,"humidity":NaN}', "--topic", "zigbee2mqtt/door")
    assert code == 0
    assert out.splitlines() == [
        "ok: zigbee2mqtt",
        "  humidity: nan is not a number",
        "  door  temperature 20.5 Cel",
    ]


def test_one_message_for_programs(decode: Any) -> None:
    code, out = decode(b"67.3", "--topic", "x", "--dialect", "plain_scalar", "--json")
    assert code == 0
    assert json.loads(out)["dialect"] == "plain_scalar"


def test_malformed_is_a_problem(decode: Any) -> None:
    code, out = decode(b'{"temperature":20,"hum', "--topic", "zigbee2mqtt/door")
    assert code == 1
    assert out.startswith("malformed: zigbee2mqtt\n  not JSON")


def test_no_such_dialect_is_wrong_usage(decode: Any) -> None:
    assert decode(b"", "--dialect", "klingon")[0] == 2


def test_records_are_answered_in_order(decode: Any) -> None:
    lines = [
        b'{"id":"a","topic":"zigbee2mqtt/d","payload":"{\\"temperature\\":20,'
        b'\\"last_seen\\":\\"2026-01-02T03:04:05Z\\"}"}',
        b"not json",
        b'{"id":"b","topic":null,"payload":""}',
        b"",
        b'{"id":"c","topic":"site/x/temperature","payload_b64":"bmFu"}',
        b'{"id":"d","topic":"t","payload_b64":"!"}',
        b"[]",
    ]
    code, out = decode(b"\n".join(lines), "--jsonl")
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(a["id"], a["status"]) for a in answers] == [
        ("a", "ok"),
        (None, "malformed"),
        ("b", "ignored"),
        ("c", "malformed"),
        (None, "malformed"),
        (None, "malformed"),
    ]
    assert answers[0] == {
        "id": "a",
        "status": "ok",
        "reason": "",
        "dialect": "zigbee2mqtt",
        "readings": [
            {
                "device": "d",
                "quantity": "temperature",
                "value": 20.0,
                "unit": "Cel",
                "measured_at": "2026-01-02T03:04:05.000Z",
            }
        ],
    }


CORPUS = Path(__file__).parents[3] / "../shared/data/payloads/dev.jsonl"


@pytest.mark.skipif(not CORPUS.exists(), reason="shared/data is not beside the repository")
def test_the_corpus_runs_to_its_end(decode: Any) -> None:
    code, out = decode(CORPUS.read_bytes(), "--jsonl")
    records = [json.loads(line) for line in CORPUS.read_text().splitlines()]
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [a["id"] for a in answers] == [r["id"] for r in records]
    for record, answer in zip(records, answers, strict=True):
        if record["kind"] in ("nonreading", "discovery"):
            assert answer["readings"] == [], record["id"]


PARKING = (
    b'{"cmd":"rx","EUI":"1000000000000001","ts":1684478801936,"fcnt":2,"port":2,"data":"0112"}'
)


@pytest.mark.parametrize(
    ("hints", "readings"),
    [
        ({}, {}),
        ({"device": "Bosch Parking_Lot_Sensor"}, {"occupied": 1.0, "temperature": 18.0}),
        ({"device": 7}, {}),
    ],
)
def test_the_model_of_a_record_is_that_of_its_device(
    decode: Any, hints: dict[str, Any], readings: dict[str, Any]
) -> None:
    record = {"topic": "loriot", "payload": PARKING.decode(), **hints}
    _, out = decode(json.dumps(record).encode(), "--jsonl")
    found = {r["quantity"]: r["value"] for r in json.loads(out)["readings"]}
    assert readings.items() <= found.items()
    assert bool(found) == bool(readings)


@pytest.mark.parametrize(
    ("topic", "hint", "dialect"),
    [
        ("hall/door", "zigbee2mqtt", "zigbee2mqtt"),  # only its form is known: the hint tells
        ("hall/door", "klingon", "flat_json"),
        ("hall/door", ["zigbee2mqtt"], "flat_json"),
        ("hall/door", "tasmota", "flat_json"),  # which finds nothing in it
        ("zigbee2mqtt/door", "tasmota", "zigbee2mqtt"),  # the topic tells
    ],
)
def test_the_dialect_of_a_record_is_a_hint(
    decode: Any, topic: str, hint: Any, dialect: str
) -> None:
    record = {"topic": topic, "payload": '{"temperature":20}', "dialect": hint}
    _, out = decode(json.dumps(record).encode(), "--jsonl")
    answer = json.loads(out)
    assert (answer["status"], answer["dialect"], len(answer["readings"])) == ("ok", dialect, 1)
