"""Every codec: its captures, and any bytes whatever."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.codec import Codec, Ignored, Malformed, Message, Value
from devices.decoder import codecs
from devices.recent import Recent
from tests.devices.cases import NOW, Case, cases, decode, fresh, payload

ALL = list(cases())
CODECS = list(codecs().values())


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.dialect}-{case.name}")
def test_case(case: Case) -> None:
    decoded = decode(case)
    assert decoded.dialect == case.dialect, decoded
    assert decoded.status == case.body["status"], decoded
    found = [
        {
            "device": reading.device,
            "quantity": reading.quantity,
            "value": pytest.approx(reading.value)
            if isinstance(reading.value, float)
            else reading.value,
            "unit": reading.unit,
        }
        for reading in decoded.readings
    ]
    stated = [
        {k: r[k] for k in ("device", "quantity", "value", "unit")} for r in case.body["readings"]
    ]
    assert stated == found
    for said, reading in zip(case.body["readings"], decoded.readings, strict=True):
        assert said.get("measured_at", reading.measured_at) == reading.measured_at
        assert said.get("quality", reading.quality) == reading.quality


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.dialect)
def test_every_codec_has_good_and_bad_captures(codec: Codec) -> None:
    mine = [case for case in ALL if case.dialect == codec.dialect]
    assert any(case.body["status"] == "ok" for case in mine) or codec.dialect == "ha_discovery"
    assert any(case.body["status"] != "ok" for case in mine)
    assert all(case.body["source"] for case in mine)


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.dialect)
def test_every_codec_says_how_its_messages_look(codec: Codec) -> None:
    module = __import__(codec.decode.__module__, fromlist=["CODEC"])
    assert module.__name__ == f"devices.codecs.{codec.dialect}"
    assert "\n    " in module.__doc__, "a picture of the payload"


def attempt(codec: Codec, message: Message) -> None:
    """Nothing but the two exceptions, and values of the two types, may come out."""
    try:
        codec.recognise(message)
        values = codec.decode(message, Recent())
    except (Malformed, Ignored):
        return
    for value in values:
        assert isinstance(value, Value)
        assert isinstance(value.value, float | int | str)
        assert isinstance(value.device, str)
        assert isinstance(value.quantity, str)


def topics(codec: Codec) -> list[str]:
    return [case.body["topic"] for case in ALL if case.dialect == codec.dialect] or ["a/b/c"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
fuzzed = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.dialect)
@fuzzed
@given(data=st.data())
def test_any_bytes(codec: Codec, data: st.DataObject) -> None:
    topic = data.draw(st.sampled_from(topics(codec)) | st.text(max_size=20))
    attempt(codec, Message(topic, data.draw(st.binary(max_size=200)), at=NOW))


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.dialect)
@fuzzed
@given(data=st.data())
def test_any_json(codec: Codec, data: st.DataObject) -> None:
    topic = data.draw(st.sampled_from(topics(codec)))
    attempt(codec, Message(topic, json.dumps(data.draw(JSON)).encode(), at=NOW))


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.dialect)
@fuzzed
@given(data=st.data())
def test_damaged_captures(codec: Codec, data: st.DataObject) -> None:
    """Cut short, with bytes changed, and with values of other types in the right places."""
    mine = [case for case in ALL if case.dialect == codec.dialect]
    if not mine:
        return
    case = data.draw(st.sampled_from(mine))
    raw = bytearray(payload(case.body))
    for _ in range(data.draw(st.integers(0, 3))):
        if raw:
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = (
        bytes(raw[: data.draw(st.integers(0, len(raw)))])
        if data.draw(st.booleans())
        else bytes(raw)
    )
    attempt(codec, Message(case.body["topic"], cut, at=NOW))
    try:
        document = json.loads(payload(case.body))
    except ValueError:
        return
    other = _exchanged(document, data)
    attempt(codec, Message(case.body["topic"], json.dumps(other).encode(), at=NOW))


def _exchanged(document: Any, data: st.DataObject) -> Any:
    """*document* with one value, somewhere, replaced by any other."""
    if isinstance(document, dict) and document and data.draw(st.integers(0, 4)):
        key = data.draw(st.sampled_from(sorted(document)))
        return {**document, key: _exchanged(document[key], data)}
    if isinstance(document, list) and document and data.draw(st.integers(0, 4)):
        place = data.draw(st.integers(0, len(document) - 1))
        return [*document[:place], _exchanged(document[place], data), *document[place + 1 :]]
    return data.draw(JSON)


def test_a_capture_is_read_alike_after_any_other() -> None:
    """What one message leaves behind does not change another dialect's."""
    decoder = fresh()
    for case in ALL:
        if not case.before and case.body["status"] == "ok":
            decoder.decode(case.packet, NOW)
    for case in ALL:
        if case.before:
            continue
        assert decode(case, decoder).status == case.body["status"], case
