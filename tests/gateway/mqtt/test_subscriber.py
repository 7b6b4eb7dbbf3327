"""Our side of a connection to a broker that may say anything; its transport is a list."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model import Packet
from gateway.mqtt import encode
from gateway.mqtt.packets import Connect, Publish
from gateway.mqtt.publishing import Subscribed
from gateway.mqtt.subscriber import Refused, Subscriber
from gateway.mqtt.wire import (
    CONNECT,
    DISCONNECT,
    PINGREQ,
    PUBACK,
    PUBCOMP,
    PUBREC,
    PUBREL,
    SUBACK,
    SUBSCRIBE,
    Frame,
    Frames,
)
from gateway.ports import Retry
from tests.gateway.mqtt.stage import HeldInbox, Tally
from tests.gateway.mqtt.test_connection import Wire
from tests.virtual_time import in_virtual_time

WELCOME = {4: encode.connack(4), 5: encode.connack(5)}


class Line:
    """A subscriber on a wire, its inbox, and what it said."""

    def __init__(self, tasks: asyncio.TaskGroup, version: int, inbox: HeldInbox) -> None:
        self.inbox, self.health, self.denied = inbox, Tally(), list[str]()
        self.admit: Callable[[Packet], bool] = lambda packet: True
        publishing = Subscribed(
            version,
            "broker",
            set(),
            lambda packet: self.admit(packet),
            self.denied.append,
            in_flight=100,
        )
        hello = Connect(version=version, client_id="linli", clean=False, keepalive=10)
        self.link = Subscriber("broker", hello, publishing, 5000, inbox, self.health, tasks)
        self.wire = Wire()
        self.wire.lost = self.link.connection_lost
        self.link.connection_made(self.wire)

    def hear(self, *parts: bytes) -> None:
        """The broker says *parts* in one piece."""
        self.link.data_received(b"".join(parts))

    def said(self) -> list[Frame]:
        """What we said since the last call."""
        frames = Frames(10_000).feed(bytes(self.wire.written))
        self.wire.written.clear()
        return frames

    def kinds(self) -> list[int]:
        return [frame.kind for frame in self.said()]


@contextlib.asynccontextmanager
async def lined(version: int = 5, inbox: HeldInbox | None = None) -> AsyncIterator[Line]:
    async with asyncio.TaskGroup() as tasks:
        line = Line(tasks, version, inbox or HeldInbox())
        try:
            yield line
        finally:
            line.link.abort()
            await asyncio.sleep(0)


def message(number: int, qos: int = 1, topic: str = "t", version: int = 5, **more: Any) -> bytes:
    payload = str(number).encode()
    return encode.publish(version, Publish(topic.encode(), payload, qos, number, **more))


@pytest.mark.parametrize("version", [4, 5])
async def test_all_of_one_read_is_handed_over_at_once_and_answered_in_one_write(version):
    async with lined(version) as line:
        line.hear(WELCOME[version], *(message(n, version=version) for n in range(1, 6)))
        assert line.kinds() == [CONNECT]
        assert line.inbox.hand_overs == 1
        line.inbox.commit()
        numbers = [int.from_bytes(frame.body, "big") for frame in line.said()]
        assert numbers == [1, 2, 3, 4, 5]


async def test_qos_2_is_taken_once_and_released_after_the_commit():
    async with lined() as line:
        line.hear(WELCOME[5], message(7, qos=2), message(7, qos=2, dup=True))
        line.inbox.commit()
        line.said()
        line.hear(message(7, qos=2, dup=True))
        assert line.kinds() == [PUBREC]
        assert len(line.inbox.items) == 1
        line.hear(encode.acknowledge(PUBREL, 7))
        assert line.kinds() == [PUBCOMP]
        line.hear(message(7, qos=2))
        assert len(line.inbox.items) == 2  # a new message under a number that is free again


async def test_the_dup_flag_says_nothing():
    async with lined() as line:
        line.hear(WELCOME[5], message(1, dup=True), message(2, dup=False))
        assert len(line.inbox.items) == 2


async def test_a_new_session_forgets_what_the_old_one_had_not_released():
    async with lined() as line:
        line.link._publishing._received.add(3)
        line.hear(WELCOME[5], message(3, qos=2))
        assert len(line.inbox.items) == 1
    async with lined() as line:
        line.link._publishing._received.add(3)
        line.hear(encode.connack(5, kept=True), message(3, qos=2))
        assert not line.inbox.items


async def test_what_is_not_admitted_is_acknowledged_in_its_turn_and_left_out():
    async with lined() as line:
        line.admit = lambda packet: packet.topic != "loud"
        line.hear(WELCOME[5], message(1), message(2, topic="loud"))
        line.hear(message(3, topic="loud"), message(4, qos=2, topic="loud"))
        line.said()
        line.inbox.commit()
        assert [(f.kind, f.body[1]) for f in line.said()] == [
            (PUBACK, 1),
            (PUBACK, 2),
            (PUBACK, 3),
            (PUBREC, 4),
        ]
        assert line.inbox.topics == ["t"]
        line.hear(message(5, topic="loud"))
        assert line.kinds() == [PUBACK]


@pytest.mark.parametrize("topic", [b"", b"a/+", b"#", b"\xff\xfe", b"a\0b"])
async def test_a_topic_that_cannot_be_is_answered_or_it_would_come_for_ever(topic):
    async with lined() as line:
        bad = encode.publish(5, Publish(topic, b"1", 1, 1))
        line.hear(WELCOME[5], bad, message(2))
        line.said()
        line.inbox.commit()
        assert line.kinds() == [PUBACK, PUBACK]
        assert line.inbox.topics == ["t"]
        assert len(line.denied) == 1


async def test_nothing_is_read_while_the_inbox_is_full():
    async with lined(inbox=HeldInbox(room=3)) as line:
        line.hear(WELCOME[5], *(message(n) for n in range(1, 5)))
        assert line.wire.reading
        line.hear(message(5))
        assert not line.wire.reading
        line.hear(message(6))  # it was on its way
        line.inbox.commit()
        await line.inbox.holds(6)
        await asyncio.sleep(0)
        assert line.wire.reading or line.inbox._held >= 2
        assert [item.payload for item in line.inbox.items] == [b"%d" % n for n in range(1, 7)]


@pytest.mark.parametrize(
    "said",
    [
        message(1),
        encode.PONG,
        encode.packet(CONNECT, b""),
        b"\x20\x00",
        b"\xf0\x00",
        b"\x30\xff\xff\xff\xff\x01",
    ],
)
async def test_a_broker_that_does_not_begin_with_connack_is_left(said):
    async with lined() as line:
        line.hear(said)
        with pytest.raises(Retry):
            await line.link.welcome()
        assert line.wire.closing


@pytest.mark.parametrize(
    "said",
    [
        WELCOME[5],
        b"\x31\x01\x00",
        b"\x36\x05\x00\x01t\x00\x01",
        encode.packet(SUBSCRIBE, b"\0\1\0\0\1t\1"),
        encode.packet(SUBACK, b"\0\2\0\1"),
        encode.packet(PUBREL, b"\0\0"),
        b"\x60\x02\x00\x01",
        encode.packet(PINGREQ, b""),
        b"\x30" + b"\xff\xff\xff\x7f",
        encode.publish(5, Publish(b"t", b"", 1, 0)),
        encode.publish(5, Publish(b"", b"", 0, 0, alias=1)),
    ],
)
async def test_a_broker_that_breaks_the_protocol_is_left_with_a_reason(said):
    async with lined() as line:
        line.hear(WELCOME[5])
        line.said()
        line.hear(said)
        (farewell,) = line.said()
        assert farewell.kind == DISCONNECT
        assert farewell.body[0] >= 0x80
        with pytest.raises(Retry, match="breaks the protocol"):
            await line.link.hold(lambda: None)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6), st.booleans())
def test_no_bytes_raise_or_are_answered_with_more_than_they_are(parts, welcome):
    async def story() -> None:
        async with lined() as line:
            if welcome:
                line.hear(WELCOME[5])
            line.said()
            for part in parts:
                line.hear(part)
            line.inbox.commit()
            assert len(line.wire.written) <= 3 * sum(map(len, parts)) + 10

    in_virtual_time(story())


async def test_refusals_and_hanging_up_are_told():
    async with lined() as line:
        line.hear(encode.connack(5, 0x86))
        with pytest.raises(Refused, match="bad user name or password"):
            await line.link.welcome()
    async with lined() as line:
        line.link.connection_lost(None)
        with pytest.raises(Refused) as raised:
            await line.link.welcome()
        assert raised.value.code == 0x84
    async with lined() as line:
        line.hear(WELCOME[5], encode.disconnect(5, 0x8E))
        with pytest.raises(Retry, match="session taken over"):
            await line.link.hold(lambda: None)


async def ending(line: Line, tick: Callable[[], None] = lambda: None) -> str:
    """How a day with the broker ends: why it was left, or "kept"."""
    try:
        async with asyncio.timeout(86_400):
            await line.link.hold(tick)
    except TimeoutError:
        return "kept"
    except Retry as reason:
        return str(reason)
    raise AssertionError("hold does not return")


@pytest.mark.parametrize(
    ("answers", "end"), [(True, "kept"), (False, "the broker is given up: it is silent for 21 s")]
)
def test_a_broker_that_answers_pings_is_kept_and_a_silent_one_given_up(answers, end):
    async def story() -> str:
        async with lined() as line:
            line.hear(WELCOME[5])
            line.said()

            def tick() -> None:
                for frame in line.said():
                    assert frame.kind == PINGREQ
                    if answers:
                        line.hear(encode.PONG)

            return await ending(line, tick)

    assert in_virtual_time(story()) == end


def test_a_packet_that_comes_drop_by_drop_is_not_waited_for():
    async def story() -> str:
        async with lined() as line:
            line.hear(WELCOME[5], b"\x30\xd0\x0f")
            return await ending(line, lambda: line.hear(b"\0"))

    assert "unfinished" in in_virtual_time(story())


def test_silence_while_we_do_not_read_is_our_own():
    async def story() -> str:
        async with lined(inbox=HeldInbox(room=1)) as line:
            line.hear(WELCOME[5], message(1))
            line.hear(message(2))
            end = await ending(line)
            line.inbox.commit()
            await line.inbox.holds(2)
            return end

    assert in_virtual_time(story()) == "kept"


def test_a_broker_that_does_not_read_our_answers_is_given_up():
    async def story() -> str:
        async with lined() as line:
            line.hear(WELCOME[5])
            line.link.pause_writing()
            return await ending(line)

    assert "does not read" in in_virtual_time(story())


async def test_a_leave_waits_for_the_commit_and_says_goodbye():
    async with lined() as line:
        line.hear(WELCOME[5], message(1))
        line.said()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(line.link.leave(5))
            await asyncio.sleep(0.01)
            assert not line.said()
            line.inbox.commit()
        assert line.kinds() == [PUBACK, DISCONNECT]
