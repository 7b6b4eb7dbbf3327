"""The endpoint, spoken to byte by byte."""

import asyncio

import pytest

from gateway.model import Duration
from gateway.mqtt import encode
from gateway.mqtt import properties as prop
from gateway.mqtt.access import MqttUser
from gateway.mqtt.packets import Connect, Publish, Will, decode_connack
from gateway.mqtt.wire import (
    CONNACK,
    DISCONNECT,
    PINGRESP,
    PUBACK,
    PUBCOMP,
    PUBREC,
    PUBREL,
    SUBACK,
    UNSUBACK,
    Frame,
)
from gateway.passwords import hash_password
from tests.gateway.mqtt.stage import HeldInbox, listening

ALICE = MqttUser("alice", ("%u/#", "shared/+"), "wonderland")
BOB = MqttUser("bob", ("%u/#",), hash_password("builder"))
BOTH = (ALICE, BOB)


def ack(kind: int, number: int, *code: int) -> Frame:
    return Frame(kind << 4, number.to_bytes(2, "big") + bytes(code))


async def test_an_acknowledgement_waits_for_the_commit():
    async with listening() as stage:
        client = await stage.raw()
        assert (await client.greet()).body == b"\0\0"
        await client.publish("a/b", qos=1, number=7)
        await stage.inbox.holds(1)
        assert await client.silence()
        stage.inbox.commit()
        assert await client.hear() == ack(PUBACK, 7)
        (item,) = stage.inbox.items
        assert (item.topic, item.payload, item.source, item.sender) == ("a/b", b"1", "mqtt", "")


async def test_one_read_is_one_hand_over_and_its_acknowledgements_keep_their_order():
    async with listening() as stage:
        client = await stage.raw()
        await client.greet()
        kinds = [(1, PUBACK), (2, PUBREC), (0, 0), (1, PUBACK), (2, PUBREC)]
        await client.say(
            *(
                encode.publish(4, Publish(b"t", b"", qos, n if qos else 0))
                for n, (qos, _) in enumerate(kinds, 1)
            )
        )
        await stage.inbox.holds(5)
        assert stage.inbox.hand_overs == 1
        stage.inbox.commit()
        heard = [await client.hear() for _ in range(4)]
        assert heard == [ack(kind, n) for n, (qos, kind) in enumerate(kinds, 1) if qos]


async def test_qos_2_is_taken_once_also_after_a_reconnection():
    async with listening() as stage:
        client = await stage.raw()
        await client.greet(client_id="meter", clean=False)
        await client.publish("t", qos=2, number=9)
        await stage.inbox.holds(1)
        await client.publish("t", qos=2, number=9)
        assert await client.silence()
        stage.inbox.commit()
        assert await client.hear() == ack(PUBREC, 9)
        client.close()

        again = await stage.raw()
        assert (await again.greet(client_id="meter", clean=False)).body == b"\1\0"
        await again.publish("t", qos=2, number=9)
        assert await again.hear() == ack(PUBREC, 9)
        await again.say(encode.acknowledge(PUBREL, 9))
        assert await again.hear() == ack(PUBCOMP, 9)
        assert len(stage.inbox.items) == 1
        await again.publish("t", qos=2, number=9)
        await stage.inbox.holds(2)


async def test_a_clean_session_forgets():
    async with listening(HeldInbox(prompt=True)) as stage:
        for _ in range(2):
            client = await stage.raw()
            assert (await client.greet(client_id="meter")).body == b"\0\0"
            await client.publish("t", qos=2, number=9)
            assert await client.hear() == ack(PUBREC, 9)
        assert len(stage.inbox.items) == 2


@pytest.mark.parametrize(
    ("version", "suback", "unsuback"), [(4, b"\x80", b""), (5, b"\0\x87", b"\0\x11")]
)
async def test_subscriptions_are_refused_and_the_client_stays(version, suback, unsuback):
    async with listening() as stage:
        client = await stage.raw()
        await client.greet(version)
        props = b"\0" if version == 5 else b""
        await client.say(b"\x82", bytes((6 + len(props),)), b"\0\5", props, b"\0\1#\1")
        assert await client.hear() == Frame(SUBACK << 4, b"\0\5" + suback)
        await client.say(b"\xa2", bytes((5 + len(props),)), b"\0\6", props, b"\0\1#")
        assert await client.hear() == Frame(UNSUBACK << 4, b"\0\6" + unsuback)
        await client.say(encode.PING)
        assert await client.hear() == Frame(PINGRESP << 4, b"")


@pytest.mark.parametrize(
    ("user", "password", "code"),
    [
        ("alice", b"wonderland", 0),
        ("bob", b"builder", 0),
        ("bob", b"wonderland", 4),
        ("alice", b"", 4),
        ("mallory", b"x", 4),
        (None, None, 4),
    ],
)
async def test_who_may_connect(user, password, code):
    async with listening(users=BOTH) as stage:
        client = await stage.raw()
        assert (await client.greet(user=user, password=password)).body == bytes((0, code))


async def test_a_proved_password_is_quick_the_second_time():
    async with listening(users=BOTH) as stage:
        loop = asyncio.get_running_loop()
        spent = []
        for _ in range(2):
            began = loop.time()
            client = await stage.raw()
            assert (await client.greet(user="bob", password=b"builder")).body == b"\0\0"
            spent.append(loop.time() - began)
        assert spent[1] < spent[0]


async def test_what_is_denied_is_refused_counted_and_attributed():
    async with listening(users=BOTH) as stage:
        old, new = await stage.raw(), await stage.raw()
        await old.greet(4, user="alice", password=b"wonderland")
        await new.greet(5, user="bob", password=b"builder")
        await old.publish("bob/t", number=1)
        assert await old.hear() == ack(PUBACK, 1)  # 3.1.1 has no way to say no
        await new.publish("alice/t", number=2, version=5)
        assert await new.hear() == ack(PUBACK, 2, 0x87)
        await new.publish("alice/t", qos=2, number=3, version=5)
        assert await new.hear() == ack(PUBREC, 3, 0x87)
        await new.publish("$SYS/t", number=4, version=5)
        assert await new.hear() == ack(PUBACK, 4, 0x87)
        await old.publish("shared/t", number=5)
        (item,) = await stage.inbox.holds(1)
        assert (item.topic, item.sender) == ("shared/t", "alice")
        assert stage.health.counts["mqtt_denied", "alice"] == 1
        assert stage.health.counts["mqtt_denied", "bob"] == 3


async def test_a_denial_does_not_overtake_an_earlier_acknowledgement():
    async with listening(users=BOTH) as stage:
        client = await stage.raw()
        await client.greet(5, user="bob", password=b"builder")
        await client.publish("bob/t", number=1, version=5)
        await stage.inbox.holds(1)
        await client.publish("alice/t", number=2, version=5)
        assert await client.silence()
        stage.inbox.commit()
        assert await client.hear() == ack(PUBACK, 1)
        assert await client.hear() == ack(PUBACK, 2, 0x87)


async def test_only_the_same_user_takes_a_client_id_over():
    async with listening(users=BOTH) as stage:
        first, rival, second = [await stage.raw() for _ in range(3)]
        await first.greet(5, client_id="c1", user="alice", password=b"wonderland")
        refused = await rival.greet(5, client_id="c1", user="bob", password=b"builder")
        assert decode_connack(refused, 5)[0] == 0x85
        assert await first.silence()
        await second.greet(5, client_id="c1", user="alice", password=b"wonderland")
        farewell = await first.hear()
        assert farewell is not None
        assert (farewell.kind, farewell.body[0]) == (DISCONNECT, 0x8E)
        assert await first.hear() is None
        assert await second.silence()


async def test_the_terms_of_version_5_are_told():
    async with listening(receive_maximum=17, max_packet=4096) as stage:
        client = await stage.raw()
        answer = await client.greet(5, properties={prop.SESSION_EXPIRY: 0xFFFFFFFF})
        code, kept, terms = decode_connack(answer, 5)
        assert (code, kept) == (0, False)
        assert terms[prop.RECEIVE_MAXIMUM] == 17
        assert terms[prop.MAXIMUM_PACKET] == 4096
        assert terms[prop.SESSION_EXPIRY] == 86400
        assert terms[prop.WILDCARDS] == terms[prop.SHARED] == terms[prop.SUBSCRIPTION_IDS] == 0
        assert str(terms[prop.ASSIGNED_CLIENT]).startswith("linli-")


async def test_a_topic_alias_stands_for_its_topic():
    async with listening() as stage:
        client = await stage.raw()
        await client.greet(5)
        for topic in (b"long/topic", b""):
            message = Publish(topic, b"", 1, 1, alias=3)
            await client.say(encode.publish(5, message))
        await stage.inbox.holds(2)
        assert stage.inbox.topics == ["long/topic"] * 2


@pytest.mark.parametrize(("alias", "code"), [(4, 0x94), (33, 0x94)])
async def test_an_unknown_alias_ends_the_connection(alias, code):
    async with listening() as stage:
        client = await stage.raw()
        await client.greet(5)
        await client.say(encode.publish(5, Publish(b"", b"", 1, 1, alias=alias)))
        farewell = await client.hear()
        assert farewell is not None
        assert (farewell.kind, farewell.body[0]) == (DISCONNECT, code)


async def test_more_than_the_receive_maximum_ends_the_connection():
    async with listening(receive_maximum=3) as stage:
        client = await stage.raw()
        await client.greet(5)
        for number in range(1, 5):
            await client.publish("t", number=number, version=5)
        farewell = await client.hear()
        assert farewell is not None
        assert (farewell.kind, farewell.body[0]) == (DISCONNECT, 0x93)


async def test_ten_thousand_qos_2_messages_that_are_never_released():
    async with listening(HeldInbox(prompt=True), receive_maximum=1000) as stage:
        client = await stage.raw()
        await client.greet(4)
        heard = 0
        for number in range(1, 10_001):
            await client.publish("t", qos=2, number=number)
            if await client.hear() is None:
                break
            heard += 1
        assert heard == 1000


async def test_a_will_is_published_when_the_connection_breaks_and_only_then():
    async with listening(users=BOTH) as stage:
        for topic, goodbye in [("bob/1", b""), ("bob/2", encode.packet(DISCONNECT, b""))]:
            client = await stage.raw()
            will = Will(topic, b"offline")
            await client.greet(user="bob", password=b"builder", will=will)
            await client.say(goodbye)
            client.writer.close()
            await client.writer.wait_closed()
        rogue = await stage.raw()
        await rogue.greet(user="bob", password=b"builder", will=Will("alice/1", b"offline"))
        rogue.close()
        last = await stage.raw()
        await last.greet(user="bob", password=b"builder")
        await last.publish("bob/3")
        await stage.inbox.holds(2)
        assert stage.inbox.topics == ["bob/1", "bob/3"]
        assert stage.inbox.items[0].sender == "bob"
        assert stage.health.counts["mqtt_denied", "bob"] == 1


async def test_a_full_inbox_stops_the_reading_and_loses_nothing():
    async with listening(HeldInbox(room=5)) as stage:
        client = await stage.raw()
        await client.greet()
        sent = 400

        async def send() -> None:
            for number in range(1, sent + 1):
                filler = Publish(str(number).encode(), b"x" * 20_000, 1, number)
                await client.say(encode.publish(4, filler))

        sending = asyncio.create_task(send())
        await stage.inbox.holds(5)
        await asyncio.sleep(0.2)
        assert not sending.done()  # 8 MB do not fit into the sockets: TCP holds the sender back
        acks = 0
        while acks < sent:
            stage.inbox.commit()
            while not await client.silence(0.02):
                acks += 1
            acks = len(stage.inbox.items) if sending.done() else 0
        await sending
        assert stage.inbox.topics == [str(n) for n in range(1, sent + 1)]


async def test_what_all_clients_hold_together_is_bounded(monkeypatch):
    from gateway.sources import mqtt_listener

    small = mqtt_listener.Limits(held=200_000)
    monkeypatch.setattr(mqtt_listener.MqttListener, "limits", small)
    async with listening(HeldInbox(room=1)) as stage:
        clients = [await stage.raw() for _ in range(20)]
        for client in clients:
            await client.greet()
        big = encode.publish(4, Publish(b"t", b"x" * 50_000, 1, 1))
        for client in clients:
            client.writer.write(big * 3)
        await asyncio.sleep(0.3)
        assert stage.health.of("mqtt_paused") == 1
        for _ in range(200):
            stage.inbox.commit()
            await asyncio.sleep(0.005)
            if len(stage.inbox.items) == 60:
                break
        assert len(stage.inbox.items) == 60


async def test_a_client_above_its_rate_is_slowed_down_not_cut_off():
    async with listening(HeldInbox(prompt=True), max_rate=10) as stage:
        client, other = await stage.raw(), await stage.raw()
        await client.greet()
        await other.greet()
        for _ in range(102):
            await client.publish("flood", qos=0)
        await stage.inbox.holds(102)
        await client.publish("late", qos=0)
        await other.publish("other", qos=0)
        await stage.inbox.holds(104, seconds=5)
        assert stage.inbox.topics[-2:] == ["other", "late"]
        assert stage.health.counts["mqtt_throttled", "anonymous"] >= 1


async def test_too_many_clients_are_told_so():
    async with listening(max_connections=2) as stage:
        for _ in range(2):
            assert (await (await stage.raw()).greet()).body == b"\0\0"
        third, fourth = await stage.raw(), await stage.raw()
        assert (await third.greet(4)).body == b"\0\3"
        assert decode_connack(await fourth.greet(5), 5)[0] == 0x89
        assert await third.hear() is None


async def test_a_stop_waits_for_the_commit_and_then_says_goodbye():
    async with listening(grace=Duration(5_000)) as stage:
        client = await stage.raw()
        await client.greet(5)
        await client.publish("t", number=5, version=5)
        await stage.inbox.holds(1)
        assert stage.task is not None
        stage.task.cancel()
        assert await client.silence()
        stage.inbox.commit()
        assert await client.hear() == ack(PUBACK, 5)
        farewell = await client.hear()
        assert farewell is not None
        assert (farewell.kind, farewell.body[0]) == (DISCONNECT, 0x8B)
        assert await client.hear() is None


async def test_messages_behind_connect_in_the_same_segment_are_taken():
    async with listening(users=BOTH) as stage:
        client = await stage.raw()
        hello = Connect(version=4, user="bob", password=b"builder")
        big = Publish(b"bob/t", b"x" * 50_000, 1, 1)
        await client.say(encode.connect(hello), encode.publish(4, big), encode.PING)
        heard = [await client.hear() for _ in range(2)]
        assert [frame.kind for frame in heard if frame] == [CONNACK, PINGRESP]
        await stage.inbox.holds(1)
