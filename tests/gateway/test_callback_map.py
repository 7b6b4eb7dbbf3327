"""What platforms with interfaces of their own call back, read by the maps of the presets."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.callbacks import Forged, Letter, Unreadable
from gateway.model import Answer
from gateway.sinks.template import Template
from tests.gateway.sinks.test_template import preset

TOKEN = "a-token-of-the-platform"
SOAP = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<processMessage xmlns="urn:case-exchange"><OperationCode>04</OperationCode><MessageInfo>
&lt;CASEMAIN&gt;&lt;SECTIONTASKNUM&gt;i-1&lt;/SECTIONTASKNUM&gt;
&lt;CITYTASKNUM&gt;C-9&lt;/CITYTASKNUM&gt;&lt;EVENTDESC&gt;不属于我区&lt;/EVENTDESC&gt;
&lt;/CASEMAIN&gt;</MessageInfo></processMessage></s:Body></s:Envelope>"""
CALLS: dict[str, tuple[Any, Answer]] = {
    "workorder_json": (
        {"workordercode": "i-1", "state": 1, "handlerid": "H7", "disposaldeptid": "D3"},
        Answer("i-1", "workorders", "assigned", "H7", "D3"),
    ),
    "grid_app_json": (
        {"OutEventId": "i-1", "EventId": 81, "ReplyStatusDesc": "不予受理", "Disposer": "李"},
        Answer("i-1", "grid_app", "rejected", "81", "李"),
    ),
    "city_district_soap": (SOAP, Answer("i-1", "city", "rejected", "C-9", "不属于我区")),
    "city_case_json": (
        {"caseNo": "i-1", "id": "88", "status": "6", "opinion": "已清运"},
        Answer("i-1", "city_cases", "closed", "88", "已清运"),
    ),
}


def called(spec: Template, body: Any, **headers: str) -> list[Answer]:
    """What *spec* hears when its platform, which has a token, calls with *body*."""
    assert spec.callback
    with_token = msgspec.structs.replace(spec.callback, token=TOKEN)
    text = body if isinstance(body, str) else json.dumps(body)
    letter = Letter({"authorization": f"Bearer {TOKEN}"} | headers, text.encode(), 0)
    return list(msgspec.structs.replace(spec, callback=with_token).hear(letter))


@pytest.mark.parametrize("name", CALLS)
def test_a_platform_calls_back_in_its_own_words(name: str) -> None:
    body, answer = CALLS[name]
    assert called(preset(name), body) == [answer]
    with pytest.raises(Forged):
        called(preset(name), body, authorization="Bearer guessed")
    with pytest.raises(Forged):
        preset(name).hear(Letter({"authorization": ""}, b"", 0))


def test_words_that_nobody_mapped_are_passed_over() -> None:
    assert called(preset("workorder_json"), {"workordercode": "i-1", "state": 9}) == []


@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        "<a>",
        "",
        "<a>" * 50 + "</a>" * 50,
        "<?xml version='1.0' encoding='nonsense'?><a/>",
    ],
)
def test_hostile_xml_is_not_read(body: str) -> None:
    with pytest.raises(Unreadable):
        called(preset("city_district_soap"), body)


def test_a_document_within_text_is_not_believed_more() -> None:
    hostile = "&lt;!DOCTYPE M [&lt;!ENTITY i 'i-1'&gt;]&gt;&lt;CASEMAIN&gt;"
    with pytest.raises(Unreadable, match="of which incident"):
        called(preset("city_district_soap"), SOAP.replace("&lt;CASEMAIN&gt;", hostile))


@given(st.binary(max_size=200))
def test_no_bytes_from_a_platform_break_the_reader(body: bytes) -> None:
    for name in CALLS:
        callback = preset(name).callback
        assert callback
        letter = Letter({"authorization": TOKEN}, body, 0)
        with suppress(Unreadable):
            msgspec.structs.replace(callback, token=TOKEN).read(letter, "city", None)
