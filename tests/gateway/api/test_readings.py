"""POST /api/v1/readings: what is answered, and what reaches the inbox."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.decoder import Decoder
from devices.registry import DeviceSpec
from gateway.api import handing
from gateway.api.desk import Desk
from gateway.api.spec import ConsoleSpec
from tests.gateway.api.client import Answer, Client, serving
from tests.gateway.api.desk_fixture import NOW, FakeInbox

ONE = {"device": "bin-01", "quantity": "fill_level", "value": 93, "unit": "%"}


async def post(client: Client, body: Any, query: str = "", who: str = "station") -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.ask("POST", f"/api/v1/readings{query}", who, data=data)


def inbox(desk: Desk) -> FakeInbox:
    assert isinstance(desk.inbox, FakeInbox)
    return desk.inbox


async def test_one_and_many_come_out_of_the_decoder_as_they_went_in(
    client: Client, desk: Desk
) -> None:
    answer = await post(client, ONE)
    assert (answer.status, answer.json()) == (200, {"readings": 1, "unknown": []})
    many = [ONE, {"device": "new", "quantity": "temperature", "value": 20.5, "measured_at": NOW}]
    assert (await post(client, many)).json() == {"readings": 2, "unknown": ["new"]}

    decoder = Decoder([DeviceSpec(id="bin-01"), DeviceSpec(id="new")])
    decoded = [
        decoder.decode(packet, NOW + 5000 * n) for n, packet in enumerate(inbox(desk).packets)
    ]
    found = [(r.device, r.quantity, r.value, r.measured_at) for d in decoded for r in d.readings]
    bin_ = ("bin-01", "fill_level", 93.0, None)
    assert found == [bin_, bin_, ("new", "temperature", 20.5, NOW)]
    assert {packet.sender for packet in inbox(desk).packets} == {"station"}


async def test_a_long_list_is_cut_into_packets_that_a_decoder_reads_whole(
    client: Client, desk: Desk
) -> None:
    many = [{**ONE, "value": n % 100, "measured_at": NOW - n} for n in range(1000)]
    assert (await post(client, many)).json()["readings"] == 1000
    decoder = Decoder([DeviceSpec(id="bin-01")])
    decoded = [decoder.decode(packet, NOW) for packet in inbox(desk).packets]
    assert sum(len(d.readings) for d in decoded) == 1000


async def test_a_dialect_goes_through_as_it_is(client: Client, desk: Desk) -> None:
    body = b'{"battery":80,"temperature":21}'
    query = "?dialect=zigbee2mqtt&topic=zigbee2mqtt/air-07"
    assert (await post(client, body, query)).json()["readings"] is None
    (packet,) = inbox(desk).packets
    assert (packet.dialect, packet.topic, packet.payload) == (
        "zigbee2mqtt",
        "zigbee2mqtt/air-07",
        body,
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "truncated"),
        (b"[]", "empty"),
        (b"{}", "device"),
        (b"nonsense", "malformed"),
        (b'{"device":"a","quantity":"b"}', "value"),
        (b'{"device":"","quantity":"b","value":1}', "device"),
        (b'{"device":1,"quantity":"b","value":1}', "device"),
        (b'{"device":"a","quantity":"b","value":[1]}', "value"),
        (b'{"device":"a","quantity":"b","value":NaN}', "malformed"),
        (b'{"device":"a","quantity":"b","value":1,"evil":2}', "evil"),
        (b'[{"device":"a","quantity":"b","value":1},{"device":"a"}]', r"$[1]"),
        (b"[" * 100_000, ""),
        (b'{"device":"' + b"x" * 500 + b'","quantity":"b","value":1}', "device"),
        (b'{"device":"\xff","quantity":"b","value":1}', ""),
    ],
)
async def test_a_bad_body_is_told_what_is_wrong(
    client: Client, desk: Desk, body: bytes, said: str
) -> None:
    answer = await post(client, body)
    assert answer.status == 400
    assert said in answer.json()["detail"]
    assert inbox(desk).items == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"value": "x"}, "Reading 1 of bin-01"),
        ({"measured_at": "yesterday-ish"}, None),
        ({"unit": "parsec"}, "parsec"),
        ({"quantity": "license_plate", "value": "B 1"}, "personal data"),
    ],
)
async def test_what_would_be_quarantined_is_refused_before(
    client: Client, desk: Desk, change: dict[str, Any], said: str | None
) -> None:
    answer = await post(client, [ONE, {**ONE, **change}])
    assert answer.status == (400 if said else 200), answer.json()
    if said:
        assert said in answer.json()["detail"]
        assert inbox(desk).items == []


async def test_a_dialect_that_there_is_not_is_told(client: Client, desk: Desk) -> None:
    answer = await post(client, ONE, "?dialect=nope")
    assert answer.status == 400
    assert "'nope'" in answer.json()["detail"]
    assert "zigbee2mqtt" in answer.json()["detail"]
    answer = await post(client, b'{"battery":', "?dialect=zigbee2mqtt&topic=zigbee2mqtt/air-07")
    assert answer.status == 400
    assert inbox(desk).items == []


async def test_a_part_of_a_known_device_is_known(client: Client) -> None:
    assert (await post(client, {**ONE, "device": "bin-01#left"})).json()["unknown"] == []


async def test_too_large_a_body_is_refused_while_it_comes(desk: Desk) -> None:
    async with serving(desk, ConsoleSpec(max_body=2000)) as client:
        assert (await post(client, b"x" * 2001)).status == 413
        answer = await client.ask(
            "POST", "/api/v1/readings", "station", data=_endless(), headers={"Expect": None}
        )
        assert answer.status == 413


async def _endless() -> Any:
    for _ in range(100):
        yield b"x" * 1000


async def test_a_full_inbox_says_when_to_come_back(
    client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(items: Any, ack: Any = None) -> None:
        raise TimeoutError

    monkeypatch.setattr(inbox(desk), "put", never)
    answer = await post(client, ONE)
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "5"


async def test_nothing_is_confirmed_before_it_is_on_disk(
    client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing, "ON_DISK", 0.05)
    inbox(desk).silent = True
    assert (await post(client, ONE)).status == 503


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["device", "quantity", "value", "unit", "measured_at"]),
                inner,
                max_size=5,
            )
        ),
    ).map(lambda value: json.dumps(value).encode())
)
async def test_no_body_makes_a_server_error(client: Client, body: bytes) -> None:
    assert (await post(client, body)).status in (200, 400)
