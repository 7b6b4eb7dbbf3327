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
