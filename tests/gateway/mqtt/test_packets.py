"""The wire format: against itself, against any bytes, and against any split of them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mqtt import encode
from gateway.mqtt import properties as prop
from gateway.mqtt.packets import (
    Connect,
    Publish,
    Will,
    decode_ack,
    decode_connack,
    decode_connect,
    decode_disconnect,
    decode_publish,
    decode_subscribe,
)
from gateway.mqtt.wire import (
    LONGEST,
    MALFORMED,
    PACKET_TOO_LARGE,
    PROTOCOL,
    PUBREL,
    TOPIC_INVALID,
    UNSUPPORTED_VERSION,
    Frame,
    Frames,
    ProtocolError,
    variable,
    vary,
)

versions = st.sampled_from([4, 5])
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)
topics = texts.filter(lambda t: t and "+" not in t and "#" not in t)
numbers = st.integers(1, 65535)


def one(packet: bytes) -> Frame:
    (frame,) = Frames(LONGEST).feed(packet)
    return frame


@st.composite
def publishes(draw: st.DrawFn) -> Publish:
    qos = draw(st.integers(0, 2))
    return Publish(
        draw(topics).encode(),
        draw(st.binary(max_size=300)),
        qos,
        draw(numbers) if qos else 0,
        bool(qos) and draw(st.booleans()),
        draw(st.booleans()),
    )


@given(publishes(), versions, st.integers(0, 65535))
def test_publish_comes_back_as_it_was(message, version, alias):
    if version == 5:
        message = Publish(*(getattr(message, f) for f in message.__struct_fields__[:-1]), alias)
    assert decode_publish(one(encode.publish(version, message)), version) == message


@given(
    versions,
    texts,
    st.booleans(),
    st.integers(0, 65535),
    st.none() | texts,
    st.none() | st.binary(max_size=40),
    st.none() | st.builds(Will, topics, st.binary(max_size=40)),
)
def test_connect_comes_back_as_it_was(version, name, clean, keepalive, user, password, will):
    hello = Connect(
        version=version,
        client_id=name,
        clean=clean,
        keepalive=keepalive,
        user=user,
        password=password if user is not None or version == 5 else None,
        will=will,
        properties={prop.SESSION_EXPIRY: 7, prop.USER: ("a", "b")} if version == 5 else {},
    )
    assert decode_connect(one(encode.connect(hello)).body) == hello


@given(st.integers(0, LONGEST))
def test_a_length_comes_back_as_it_was(length):
    raw = vary(length)
    assert variable(raw, 0) == (length, len(raw))


@given(st.lists(publishes(), max_size=20), versions, st.data())
def test_packets_do_not_depend_on_how_the_stream_is_split(messages, version, data):
    stream = b"".join(encode.publish(version, message) for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    frames, found = Frames(LONGEST), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += frames.feed(stream[start:end])
    assert [decode_publish(frame, version) for frame in found] == messages
    assert frames.pending == 0


@given(st.binary(max_size=400), st.data())
def test_any_bytes_give_the_same_packets_however_they_are_split(stream, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    whole, parts = Frames(200), Frames(200)
    expected, got = [], []
    with contextlib.suppress(ProtocolError):
        for n in range(len(stream)):
            expected += whole.feed(stream[n : n + 1])
    with contextlib.suppress(ProtocolError):
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            got += parts.feed(stream[start:end])
    assert expected[: len(got)] == got
    assert whole.pending <= 205
    assert parts.pending <= 205


DECODERS = {
    "connect": lambda frame, version: decode_connect(frame.body),
    "publish": decode_publish,
    "ack": decode_ack,
    "subscribe": decode_subscribe,
    "disconnect": decode_disconnect,
    "connack": decode_connack,
}


@given(st.sampled_from(sorted(DECODERS)), st.integers(0, 255), st.binary(max_size=200), versions)
def test_any_bytes_are_decoded_or_refused(decoder, first, body, version):
    with contextlib.suppress(ProtocolError):
        DECODERS[decoder](Frame(first, body), version)


@given(st.binary(max_size=60), st.integers(0, 60), st.integers(0, 255), versions)
def test_a_connect_with_one_wrong_byte_is_decoded_or_refused(payload, at, byte, version):
    will = Will("a/b", payload)
    hello = Connect(version=version, client_id="c", user="u", password=b"p", will=will)
    body = bytearray(one(encode.connect(hello)).body)
    body[at % len(body)] = byte
    with contextlib.suppress(ProtocolError):
        decode_connect(bytes(body))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", MALFORMED),
        (b"\0\4HTTP\4\2\0\0", MALFORMED),
        (b"\0\6MQIsdp\3\2\0\0\0\0", UNSUPPORTED_VERSION),
        (b"\0\4MQTT\6\2\0\0\0\0", UNSUPPORTED_VERSION),
        (b"\0\4MQTT\4\3\0\0\0\0", MALFORMED),  # reserved flag
        (b"\0\4MQTT\4\x1a\0\0\0\0", MALFORMED),  # will QoS without a will
        (b"\0\4MQTT\4\x1e\0\0\0\0", MALFORMED),  # will QoS 3
        (b"\0\4MQTT\4\x42\0\0\0\0\0\0", MALFORMED),  # password without user
        (b"\0\4MQTT\4\2\0\0\0\1", MALFORMED),  # client id cut off
        (b"\0\4MQTT\4\2\0\0\0\0xx", MALFORMED),  # bytes left over
        (b"\0\4MQTT\4\2\0\0\0\1\xff", MALFORMED),  # not UTF-8
        (b"\0\4MQTT\4\2\0\0\0\1\0", MALFORMED),  # U+0000
        (b"\0\4MQTT\4\2\0\0\0\3\xed\xa0\x80", MALFORMED),  # a surrogate
        (b"\0\4MQTT\4\6\0\0\0\0\0\3a/#\0\0", TOPIC_INVALID),  # will to a wildcard
        (b"\0\4MQTT\5\2\0\0\3\x21\0\0\0\0", PROTOCOL),  # receive maximum 0
        (b"\0\4MQTT\5\2\0\0\6\x21\0\1\x21\0\1\0\0", PROTOCOL),  # given twice
        (b"\0\4MQTT\5\2\0\0\2\x01\1\0\0", PROTOCOL),  # payload format has no place here
        (b"\0\4MQTT\5\2\0\0\x7f\x21\0\1\0\0", MALFORMED),  # properties past the end
        (b"\0\4MQTT\5\2\0\0\2\x21\1\0\0", MALFORMED),  # a property past the properties
    ],
)
def test_a_broken_connect_is_refused_with_its_reason(body, code):
    with pytest.raises(ProtocolError) as refused:
        decode_connect(body)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("first", "body", "version", "code"),
    [
        (0x36, b"\0\1t\0\1", 4, MALFORMED),  # QoS 3
        (0x38, b"\0\1t", 4, PROTOCOL),  # DUP on QoS 0
        (0x32, b"\0\1t\0\0", 4, PROTOCOL),  # packet identifier 0
        (0x32, b"\0\1t\0", 4, MALFORMED),
        (0x30, b"\0", 4, MALFORMED),
        (0x30, b"\0\5t", 4, MALFORMED),
        (0x30, b"\0\1t", 5, MALFORMED),  # no property length
        (0x30, b"\0\1t\3\x23\0\0", 5, 0x94),  # alias 0
        (0x30, b"\0\1t\2\x0b\1", 5, PROTOCOL),  # a subscription id from a client
    ],
)
def test_a_broken_publish_is_refused_with_its_reason(first, body, version, code):
    with pytest.raises(ProtocolError) as refused:
        decode_publish(Frame(first, body), version)
    assert refused.value.code == code


def test_a_packet_over_the_limit_is_refused_before_it_is_there():
    frames = Frames(1000)
    assert frames.feed(b"\x30" + vary(1000)) == []
    assert frames.pending == 3
    with pytest.raises(ProtocolError) as refused:
        Frames(1000).feed(b"\x30" + vary(1001))
    assert refused.value.code == PACKET_TOO_LARGE


@pytest.mark.parametrize("split", [1, 2, 3, 4, 5, 6])
def test_a_remaining_length_of_five_bytes_is_refused(split):
    stream = b"\x30\xff\xff\xff\xff\x01"
    frames = Frames(LONGEST)
    with pytest.raises(ProtocolError):  # noqa: PT012 - either part may be the one
        frames.feed(stream[:split])
        frames.feed(stream[split:])


def test_a_large_packet_in_small_pieces_is_cut_once():
    packet = encode.publish(4, Publish(b"t", b"x" * 500_000))
    frames = Frames(LONGEST)
    found = [f for n in range(0, len(packet), 1000) for f in frames.feed(packet[n : n + 1000])]
    assert [len(frame.body) for frame in found] == [500_003]


@given(numbers, st.sampled_from([0, 0x92]))
def test_an_acknowledgement_comes_back_as_it_was(number, code):
    assert decode_ack(one(encode.acknowledge(PUBREL, number, code)), 5) == (number, code)


def test_a_properties_block_knows_every_type():
    given_ = {
        prop.PAYLOAD_FORMAT: 1,
        prop.EXPIRY: 4_000_000_000,
        prop.ALIAS: 9,
        prop.CONTENT_TYPE: "text/plain",
        prop.CORRELATION: b"\0\xff",
        prop.USER: ("名", "值"),
    }
    raw = prop.encode(given_)
    assert prop.decode(raw, 0, prop.IN_PUBLISH) == (given_, len(raw))
    assert prop.decode(b"\2\x0b\5", 0, prop.IN_SUBSCRIBE)[0] == {11: 5}
