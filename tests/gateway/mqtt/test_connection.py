"""The connection against any bytes, slow and silent clients; its transport is a list."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mqtt import encode
from gateway.mqtt.access import Access, MqttUser
from gateway.mqtt.connection import Connection
from gateway.mqtt.endpoint import Endpoint, Limits
from gateway.mqtt.packets import Connect, Publish, Will
from gateway.mqtt.rates import Rate, Rates
from gateway.mqtt.wire import CONNACK, DISCONNECT, PINGRESP, PUBACK, Frames
from tests.gateway.mqtt.stage import HeldInbox, Tally
from tests.virtual_time import in_virtual_time

LIMITS = Limits(packet=2000, connect=500, in_flight=10, held=10_000)


class Wire(asyncio.Transport):
    """Keeps what is written; closes when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.reading, self.closing = True, False
        self.lost: Callable[[Exception | None], None] = lambda exc: None

    def write(self, data: Any) -> None:
        assert not self.closing
        self.written += data

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        if not self.closing:
            self.closing = True
            asyncio.get_running_loop().call_soon(self.lost, None)

    abort = close

    @property
    def kinds(self) -> list[int]:
        """Of the packets written so far."""
        return [frame.kind for frame in Frames(10_000).feed(bytes(self.written))]


class Room:
    """An endpoint without a socket."""

    def __init__(self, inbox: HeldInbox, endpoint: Endpoint) -> None:
        self.inbox, self.endpoint = inbox, endpoint

    async def connect(self, hello: bytes = b"") -> tuple[Connection, Wire]:
        connection, wire = Connection(self.endpoint), Wire()
        wire.lost = connection.connection_lost
        connection.connection_made(wire)
        if hello:
            connection.data_received(hello)
            await rest()
        return connection, wire


async def rest() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def room(inbox: HeldInbox | None = None, limits: Limits = LIMITS) -> AsyncIterator[Room]:
    inbox = inbox or HeldInbox()
    async with asyncio.TaskGroup() as tasks:
        access = Access((), anonymous=("#",))
        endpoint = Endpoint("mqtt", limits, access, inbox, Tally(), tasks)
        yield Room(inbox, endpoint)
        for client in tuple(endpoint.connections):
            client.abort()
        await rest()
        assert not endpoint.connections
        assert not endpoint.clients
        assert endpoint.partial == endpoint.waiting == 0


def hello(version: int = 4, **more: Any) -> bytes:
    return encode.connect(Connect(version=version, **more))


def told(version: int, number: int = 1, qos: int = 1, topic: bytes = b"t") -> bytes:
    return encode.publish(version, Publish(topic, b"x", qos, number if qos else 0))


@st.composite
def streams(draw: st.DrawFn) -> tuple[int, bytes]:
    """Packets as a client might send them, some of them damaged."""
    version = draw(st.sampled_from([4, 5]))
    sane = st.sampled_from(
        [
            told(version),
            told(version, 2, 2),
            told(version, 0, 0),
            told(version, topic=b"a/+"),
            told(version, topic=b"$SYS"),
            encode.PING,
            encode.acknowledge(6, 2),
            encode.packet(DISCONNECT, b""),
            hello(version),
            b"\x82\x06\x00\x05\x00\x01#\x01",
            b"\x82\x07\x00\x05\x00\x00\x01#\x01",
        ]
    )
    parts = draw(st.lists(sane | st.binary(max_size=30), max_size=12))
    stream = bytearray(b"".join(parts))
    for at in draw(st.lists(st.integers(0, max(0, len(stream) - 1)), max_size=3)):
        if stream:
            stream[at] = draw(st.integers(0, 255))
    return version, bytes(stream)


@settings(deadline=None)
@given(streams(), st.booleans(), st.lists(st.integers(0, 300), max_size=6), st.booleans())
def test_no_bytes_break_the_connection_or_its_books(stream, greeted, cuts, room_is_scarce):
    """Whatever is sent, in whatever pieces: nothing is raised, and all that was counted up is
    counted down again (checked when the room closes)."""
    version, data = stream

    async def story() -> None:
        async with room(HeldInbox(room=2 if room_is_scarce else 10**6)) as place:
            connection, wire = await place.connect(hello(version) if greeted else b"")
            edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
            for start, end in itertools.pairwise(edges):
                if not wire.closing:
                    connection.data_received(data[start:end])
                    await rest()
                    place.inbox.commit()
                    await rest()
            if not wire.closing:
                connection.check(asyncio.get_running_loop().time() + 1000)
            await rest()

    in_virtual_time(story())


def test_a_client_that_never_says_connect_is_closed():
    async def story() -> None:
        async with room() as place:
            connection, wire = await place.connect()
            now = asyncio.get_running_loop().time()
            connection.check(now + 9.9)
            assert not wire.closing
            connection.check(now + 10.1)
            assert wire.closing
            assert not wire.written

    in_virtual_time(story())


def test_a_trickle_of_bytes_is_no_sign_of_life():
    async def story() -> None:
        async with room() as place:
            connection, wire = await place.connect(hello(5, keepalive=10))
            for byte in told(5, topic=b"slow" * 10)[:12]:
                await asyncio.sleep(1)
                connection.data_received(bytes((byte,)))
                connection.check(asyncio.get_running_loop().time())
            assert not wire.closing
            await asyncio.sleep(3.1)
            connection.check(asyncio.get_running_loop().time())
            assert wire.kinds == [CONNACK, DISCONNECT]
            assert wire.written[-len(b"x silent for 1.5 times its 10 s") :].endswith(b"10 s")

    in_virtual_time(story())


def test_pings_keep_a_client_and_silence_ends_it():
    async def story() -> None:
        async with room() as place:
            connection, wire = await place.connect(hello(keepalive=10, will=Will("w", b"off")))
            for _ in range(5):
                await asyncio.sleep(14)
                connection.data_received(encode.PING)
                connection.check(asyncio.get_running_loop().time())
            assert wire.kinds == [CONNACK] + [PINGRESP] * 5
            await asyncio.sleep(15.1)
            connection.check(asyncio.get_running_loop().time())
            assert wire.closing
            assert place.inbox.topics == ["w"]

    in_virtual_time(story())


def test_without_keepalive_an_unfinished_packet_still_ends():
    async def story() -> None:
        async with room() as place:
            connection, wire = await place.connect(hello(keepalive=0))
            await asyncio.sleep(3600)
            connection.check(asyncio.get_running_loop().time())
            assert not wire.closing
            connection.data_received(b"\x30\x7f\x00")
            connection.check(asyncio.get_running_loop().time() + 61)
            assert wire.closing

    in_virtual_time(story())


def test_a_client_that_reads_no_answers_is_not_read_and_then_closed():
    async def story() -> None:
        async with room() as place:
            connection, wire = await place.connect(hello())
            connection.pause_writing()
            assert not wire.reading
            connection.resume_writing()
            assert wire.reading
            connection.pause_writing()
            connection.check(asyncio.get_running_loop().time() + 61)
            assert wire.closing

    in_virtual_time(story())


def test_time_spent_waiting_for_us_is_not_the_clients_silence():
    async def story() -> None:
        async with room(HeldInbox(room=1)) as place:
            connection, wire = await place.connect(hello(keepalive=10))
            connection.data_received(told(4, 1))
            connection.data_received(told(4, 2))
            assert not wire.reading
            await asyncio.sleep(1000)
            connection.check(asyncio.get_running_loop().time())
            assert not wire.closing
            place.inbox.commit()
            await rest()
            connection.check(asyncio.get_running_loop().time() + 14)
            place.inbox.commit()
            assert wire.reading
            assert wire.kinds == [CONNACK, PUBACK, PUBACK]

    in_virtual_time(story())


def test_unfinished_packets_of_all_clients_are_bounded():
    async def story() -> None:
        async with room() as place:
            wires = []
            for _ in range(5):
                connection, wire = await place.connect(hello())
                connection.data_received(b"\x30\xd0\x0f" + bytes(1500))
                wires.append(wire)
            assert [wire.closing for wire in wires] == [False] * 3 + [True] * 2
            await rest()
            assert place.endpoint.partial <= LIMITS.held // 2

    in_virtual_time(story())


def test_what_strangers_send_behind_connect_is_bounded_too():
    """Before a password is checked, nothing that is kept may add up without end."""

    async def story() -> None:
        async with room() as place:
            wires = []
            for _ in range(5):
                connection, wire = await place.connect()
                big = Publish(b"t", bytes(1400))
                connection.data_received(hello() + encode.publish(4, big))
                wires.append(wire)
            assert [wire.closing for wire in wires] == [False] * 3 + [True] * 2
            await rest()
            assert len(place.inbox.items) == 3

    in_virtual_time(story())


@pytest.mark.parametrize(
    "first",
    [
        b"\x10\x90\x4e\x00\x04MQTT" + bytes(400),  # CONNECT of 10,000 bytes
        b"\x10\xff\xff\xff\x7f",  # of 256 MB
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600),  # TLS to a plain port
        told(4),
        encode.PING,
        b"\x11\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04abcd",  # reserved flag of CONNECT
    ],
)
def test_whoever_does_not_greet_properly_is_closed_without_a_word(first):
    async def story() -> None:
        async with room() as place:
            connection, wire = await place.connect(first)
            if not wire.closing:  # it may still become a packet
                connection.check(asyncio.get_running_loop().time() + 11)
            assert wire.closing
            assert not wire.written

    in_virtual_time(story())


@pytest.mark.parametrize(("version", "answer"), [(3, b"\x20\x02\0\1"), (6, b"\x20\x02\0\1")])
def test_an_unknown_version_is_told(version, answer):
    async def story() -> None:
        async with room() as place:
            _, wire = await place.connect(b"\x10\x0c\0\4MQTT" + bytes((version,)) + b"\2\0\0\0\0")
            assert wire.closing
            assert bytes(wire.written) == answer

    in_virtual_time(story())


@pytest.mark.parametrize(
    ("packet", "code"),
    [
        (hello(5), 0x82),  # a second CONNECT
        (told(5, topic=b"a/+/b"), 0x90),
        (told(5, topic=b""), 0x90),
        (told(5, topic=b"\xff"), 0x81),
        (told(5, topic=b"a\0b"), 0x81),
        (b"\xf0\x02\x18\0", 0x82),  # AUTH
        (b"\x40\x02\x00\x01", 0x82),  # PUBACK from a client that is sent nothing
        (b"\x80\x06\x00\x05\x00\x01#\x01", 0x81),  # SUBSCRIBE without its flags
        (b"\x60\x02\x00\x01", 0x81),  # PUBREL without its flags
        (b"\xc0\x01\x00", 0x82),  # PINGREQ with a body
        (b"\x30\xff\x7f", 0x95),  # 16 kB
    ],
)
def test_what_breaks_the_protocol_ends_with_a_reason(packet, code):
    async def story() -> None:
        async with room() as place:
            connection, wire = await place.connect(hello(5))
            connection.data_received(packet)
            frame = Frames(10_000).feed(bytes(wire.written))[-1]
            assert (frame.kind, frame.body[0]) == (DISCONNECT, code)
            assert wire.closing
            assert not place.inbox.items

    in_virtual_time(story())


def test_a_rate_is_an_average_over_its_burst():
    rate = Rate(10, 2, now=0)
    assert rate.debt(20, now=0) == 0
    assert rate.debt(5, now=0) == pytest.approx(0.5)
    assert rate.debt(1, now=0.6) == pytest.approx(0)
    assert rate.debt(25, now=100) == pytest.approx(0.5)
    assert Rate(0, 10, now=0).debt(10**9, now=0) == 0


def test_to_come_back_does_not_fill_a_bucket_again_and_each_user_may_have_its_own():
    users = MqttUser("meter", ("#",), "x", max_rate=5), MqttUser("bridge", ("#",), "y")
    rates = Rates(10, 1, 2, Access(users))
    assert rates.of("meter", "a", now=0).debt(10, now=0) == pytest.approx(1.0)
    assert rates.of("meter", "a", now=0).debt(0, now=0) == pytest.approx(1.0)
    assert rates.of("meter", "b", now=0).debt(5, now=0) == 0
    assert rates.of("bridge", "c", now=0).debt(10, now=0) == 0
    assert rates.of("meter", "a", now=0).debt(0, now=0) == 0  # forgotten: only two are kept
