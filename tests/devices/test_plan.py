"""The short way says what the long way says, of any messages in any order."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.decoder import Decoded, Decoder
from devices.plan import MAX_PLANS
from devices.registry import Admission, Calibration, DeviceSpec, Mapped
from gateway.model import Packet, Quality
from tests.devices.cases import NOW

SITE = [
    DeviceSpec(id="z", dialect="zigbee2mqtt", calibrate={"temperature": Calibration(0.5, 2.0)}),
    DeviceSpec(id="f", topic="a/f"),
    DeviceSpec(
        id="m", topic="a/m", map={"temperature": Mapped("temperature", "degF"), "x": "status"}
    ),
    DeviceSpec(id="s", topic="a/s", sender="me"),
    DeviceSpec(id="p", topic="a/temperature"),
    DeviceSpec(id="c", topic="a/humidity", decimal_comma=True),
    DeviceSpec(id="g", topic="a/g", encoding="gb18030"),
    DeviceSpec(id="t", dialect="tasmota", calibrate={"temperature": Calibration(0.5, 2.0)}),
    DeviceSpec(id="y", dialect="shelly_gen2"),
    DeviceSpec(id="0011AABBCCDD", dialect="theengs_ble"),
]
TOPICS = [
    "zigbee2mqtt/z", "zigbee2mqtt/z/temperature", "zigbee2mqtt/stranger", "a/f", "a/m", "a/s",
    "a/temperature", "a/humidity", "a/g",
]  # fmt: skip
KEYS = [
    "temperature", "Temperature", "humidity", "battery", "voltage", "voltage_l1", "contact",
    "state", "occupancy", "co2", "pm10", "pm2_5", "energy", "lat", "lon", "ts", "last_seen", "id",
    "x", "latitude", "longitude", "status", "plate",
    "coordType", "illuminance", "illuminance_lux", "linkquality",
]  # fmt: skip
NUMBERS = st.sampled_from(
    [
        *(0, -0.0, 1, 20.5, 21, 59.9, 60, 85, 85.0, 999, 1000, 3000, -127, 327.67, 65535),
        *(-2147483648, NOW, NOW / 1000, 10**18, 10**400, 1e308, -60, 125.00001),
    ]
)
ODD = st.sampled_from(
    [
        *(None, True, False, "on", "ON", "open", "20.5", "1,5", 'a"b', "gcj02", "1970-01-01"),
        *("", {}, [1], {"a": 1}, "2026-11-20T23:59:00Z", "auto"),
    ]
)
TEXTS = st.sampled_from(["21.5", "020", "+3", "1e5", "nan", "21,5", "21.5 C", "true", "on", "-0"])


def spelt(document: dict[str, Any], twice: bool, spaced: bool) -> bytes:
    text = json.dumps(document, separators=(", ", " : ") if spaced else (",", ":"))
    if twice and document:
        text = f'{text[:-1]},"{next(iter(document))}":20}}'
    return text.encode()


OBJECTS = st.builds(
    spelt,
    st.dictionaries(st.sampled_from(KEYS), NUMBERS | NUMBERS | ODD, max_size=5),
    st.sampled_from([False, False, False, True]),
    st.booleans(),
)
PAYLOADS = OBJECTS | TEXTS.map(str.encode) | NUMBERS.map(lambda n: str(n).encode())
PACKETS = st.builds(
    Packet,
    topic=st.sampled_from(TOPICS),
    payload=PAYLOADS,
    sender=st.sampled_from(["", "me", "you"]),
    retained=st.sampled_from([False, False, False, True]),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PACKETS, max_size=6), st.lists(st.integers(0, 5), max_size=12))
def test_both_ways_say_the_same(kinds: list[Packet], order: list[int]) -> None:
    short, long = Decoder(SITE), Decoder(SITE)
    for turn, index in enumerate([*range(len(kinds)), *order]):
        if index < len(kinds):
            packet, at = kinds[index], NOW + 1001 * turn
            long._plans.forget()
            assert short.decode(packet, at) == long.decode(packet, at)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(KEYS), min_size=1, max_size=5, unique=True),
    st.sampled_from(TOPICS),
    st.lists(st.lists(NUMBERS, min_size=5, max_size=5), min_size=2, max_size=6),
)
def test_one_shape_with_other_numbers(keys: list[str], topic: str, rows: list[list[float]]) -> None:
    short, long = Decoder(SITE), Decoder(SITE)
    for turn, row in enumerate(rows):
        payload = json.dumps(dict(zip(keys, row, strict=False))).encode()
        packet = Packet(topic, payload, sender="me")
        long._plans.forget()
        assert short.decode(packet, NOW + 1001 * turn) == long.decode(packet, NOW + 1001 * turn)


NESTED_TOPICS = [
    "tele/t/SENSOR", "tele/t/STATE", "stat/t/STATUS8", "y/events/rpc", "y/status/switch:0",
    "y/status/devicepower:0", "zigbee2mqtt/z", "a/f", "home/g/BTtoMQTT/0011AABBCCDD",
]  # fmt: skip
NESTED_KEYS = [
    "Temperature", "Humidity", "Pressure", "PM2.5", "Distance", "Total", "Power", "apower",
    "voltage", "temperature", "tC", "percent", "V", "external", "present", "value", "unit", "ts",
    "by_minute", "tempc", "hum", "pres", "battery", "RSSI", "POWER", "TempUnit",
]  # fmt: skip
BLOCKS = [
    "AM2301", "DS18B20-1", "ENERGY", "ESP32", "StatusSNS", "ZbReceived", "Wifi", "params",
    "switch:0", "temperature:0", "devicepower:0", "aenergy", "temperature", "battery", "external",
    "update", "color", "a", "1",
]  # fmt: skip
LISTS = st.lists(NUMBERS, max_size=3) | st.just([{"a": 1}]) | st.just([[1]])
LEAVES = NUMBERS | NUMBERS | NUMBERS | ODD | LISTS | st.sampled_from(["C", "F", "ON", "OFF"])
NESTED = st.recursive(
    st.dictionaries(st.sampled_from(NESTED_KEYS), LEAVES, max_size=4),
    lambda inner: st.dictionaries(
        st.sampled_from(NESTED_KEYS + BLOCKS), inner | LEAVES, min_size=1, max_size=4
    ),
    max_leaves=5,
)


def renumbered(value: Any, numbers: list[float]) -> Any:
    """*value* with the same paths and words, and other numbers."""
    if isinstance(value, dict):
        return {key: renumbered(inner, numbers) for key, inner in value.items()}
    if isinstance(value, list):
        return [renumbered(inner, numbers) for inner in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and numbers:
        return numbers.pop()
    return value


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(NESTED_TOPICS),
    st.lists(NESTED, min_size=1, max_size=3),
    st.lists(st.lists(NUMBERS, max_size=9), max_size=4),
    st.booleans(),
)
def test_both_ways_say_the_same_of_nested_objects(
    topic: str, documents: list[dict[str, Any]], rows: list[list[float]], twice: bool
) -> None:
    short, long = Decoder(SITE), Decoder(SITE)
    again = [renumbered(document, list(row)) for row in rows for document in documents]
    for turn, document in enumerate(documents + again):
        packet, at = Packet(topic, spelt(document, twice and turn > 0, False)), NOW + 1001 * turn
        long._plans.forget()
        assert short.decode(packet, at) == long.decode(packet, at)


def follow(decoder: Decoder, topic: str, *payloads: str) -> list[Decoded | None]:
    """What the short way alone said of each; None where it left the message to the long way."""
    said = []
    for turn, payload in enumerate(payloads):
        packet, at = Packet(topic, payload.encode()), NOW + 2000 * turn
        planned = decoder._plans.readings(packet, at)
        decoder.decode(packet, at)
        said.append(planned)
    return said  # type: ignore[return-value]  # (dialect, readings), which tests compare loosely


@pytest.mark.parametrize(
    ("topic", "first", "then"),
    [
        ("zigbee2mqtt/z", '{"temperature":20,"voltage":3000}', '{"temperature":2,"voltage":2900}'),
        ("zigbee2mqtt/z", '{"contact":true,"battery":9}', '{"contact":true,"battery":8}'),
        ("zigbee2mqtt/z/temperature", "20.5", "21"),
        ("a/f", '{"temperature":20,"ts":1795219100}', '{"temperature":21,"ts":1795219200}'),
        ("a/f", '{"temperature":20,"id":"a","fw":1}', '{"temperature":20,"id":"b","fw":2}'),
        ("a/m", '{"temperature":70}', '{"temperature":71.5}'),
        ("a/temperature", "20.5", "-3"),
        (
            "tele/t/SENSOR",
            '{"Time":"2026-11-21T00:00:00","AM2301":{"Temperature":20,"PM2.5":3},"TempUnit":"C"}',
            '{"Time":"2026-11-21T00:01:00","AM2301":{"Temperature":21,"PM2.5":4},"TempUnit":"C"}',
        ),
        (
            "y/status/switch:0",
            '{"id":0,"output":true,"apower":8.9,"aenergy":{"total":6.5,"by_minute":[0,1,2]}}',
            '{"id":0,"output":true,"apower":9.9,"aenergy":{"total":7.5,"by_minute":[3,4]}}',
        ),
        (
            "y/events/rpc",
            '{"method":"NotifyStatus","params":{"ts":1795219100.5,"temperature:0":{"tC":21.5}}}',
            '{"method":"NotifyStatus","params":{"ts":1795219101.5,"temperature:0":{"tC":20.5}}}',
        ),
    ],
)
def test_the_second_message_goes_the_short_way(topic: str, first: str, then: str) -> None:
    assert [planned is not None for planned in follow(Decoder(SITE), topic, first, then)] == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("topic", "first", "then"),
    [
        ("zigbee2mqtt/z", '{"temperature":20}', '{"temperature":327.67}'),
        ("zigbee2mqtt/z", '{"temperature":20}', '{"temperature":20,"temperature":20}'),
        ("zigbee2mqtt/z", '{"temperature":20}', '{"temperature" :20,"temperature":20}'),
        ("zigbee2mqtt/z", '{"voltage":3000}', '{"voltage":230}'),
        ("zigbee2mqtt/z", '{"contact":true}', '{"contact":false}'),
        ("zigbee2mqtt/z", '{"contact":true}', '{"contact":1}'),
        (
            "a/f",
            '{"temperature":20,"ts":1795219100,"last_seen":1795219000}',
            '{"temperature":20,"ts":null,"last_seen":1795219000}',
        ),
        (
            "a/f",
            '{"temperature":20,"ts":1795219100,"last_seen":null}',
            '{"temperature":20,"ts":1795219100,"last_seen":1795219000}',
        ),
        ("a/f", '{"lat":20,"lon":20}', '{"lat":0,"lon":0}'),
        ("a/f", '{"latitude":20,"longitude":20}', '{"latitude":0,"longitude":0}'),
        ("a/s", '{"temperature":20}', '{"temperature":21}'),
        ("a/g", '{"temperature":20}', '{"temperature":21}'),
        (
            "tele/t/SENSOR",
            '{"AM2301":{"Temperature":20},"TempUnit":"C"}',
            '{"AM2301":{"Temperature":20},"TempUnit":"F"}',
        ),
        ("tele/t/SENSOR", '{"AM2301":{"Temperature":20}}', '{"AM2301.Temperature":20}'),
        (
            "y/status/switch:0",
            '{"apower":8.9,"aenergy":{"by_minute":[0]}}',
            '{"apower":8.9,"aenergy":{"by_minute":[{}]}}',
        ),
        ("zigbee2mqtt/stranger", '{"temperature":20}', '{"temperature":21}'),
    ],
)
def test_what_is_not_ordinary_goes_the_long_way(topic: str, first: str, then: str) -> None:
    assert follow(Decoder(SITE), topic, first, then) == [None, None]


def test_an_announcement_changes_what_a_topic_means() -> None:
    decoder = Decoder(admissions=[Admission(id="all")])
    assert follow(decoder, "h/t", '{"temperature":50}', '{"temperature":51}')[1] is not None
    config = (
        b'{"stat_t":"h/t","unit_of_meas":"\xc2\xb0F","dev_cla":"temperature",'
        b'"val_tpl":"{{ value_json.temperature }}","dev":{"ids":["n"]}}'
    )
    decoder.decode(Packet("homeassistant/sensor/n/t/config", config, retained=True), NOW)
    (reading,) = decoder.decode(Packet("h/t", b'{"temperature":50}'), NOW + 9000).readings
    assert (reading.device, reading.value) == ("n", 10.0)


def test_a_late_message_is_late_on_the_short_way() -> None:
    decoder = Decoder(SITE)
    first, then = '{"temperature":20,"ts":1795219100}', '{"temperature":20,"ts":1795210000}'
    planned = follow(decoder, "a/f", first, then)[1]
    assert planned is not None
    assert planned[1][0].quality == Quality.LATE  # type: ignore[union-attr,index]  # see follow


def test_a_topic_that_never_says_the_same_is_left_alone() -> None:
    decoder = Decoder(SITE)
    said = [f'{{"temperature":20,"status":"{word}"}}' for word in range(3 * MAX_PLANS)]
    assert follow(decoder, "a/f", *said) == [None] * len(said)
    topic = decoder._plans._topics["a/f"]
    assert sum(map(len, topic.plans.values())) <= MAX_PLANS
