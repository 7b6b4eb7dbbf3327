"""The client, against a real mosquitto."""

import asyncio
import contextlib
import subprocess
from pathlib import Path

import pytest

from gateway.model import Packet
from gateway.sources.mqtt_broker import BrokerTls
from simulators.publisher import Publisher
from tests.gateway.mqtt import mosquitto as real
from tests.gateway.mqtt.broker_stage import (
    acknowledged,
    fails,
    numbers,
    publishing,
    say,
    subscribing,
)
from tests.gateway.mqtt.mosquitto import certificates, free_port, mosquitto
from tests.gateway.mqtt.stage import HeldInbox

pytestmark = real.needed

DURABLE = "allow_anonymous true\npersistence true\nmax_queued_messages 0\n"


async def test_readings_arrive_with_topic_payload_and_source(tmp_path):
    async with mosquitto(tmp_path) as broker:
        inbox = HeldInbox(prompt=True)
        say(broker.port, "zigbee2mqtt/old", "kept", "-r")
        async with subscribing(broker.port, inbox, topics=("zigbee2mqtt/#",)) as client:
            assert "MQTT 5" in await client.subscribed()
            await inbox.holds(1)
            say(broker.port, "elsewhere/x", "no")
            say(broker.port, "zigbee2mqtt/温度", "21.5")
            await inbox.holds(2)
        assert inbox.items == [
            Packet("zigbee2mqtt/old", b"kept", "broker", "", retained=True),
            Packet("zigbee2mqtt/温度", b"21.5", "broker"),
        ]


async def test_a_broker_that_knows_only_3_1_1(tmp_path):
    """mosquitto speaks 5; what comes before it here answers as an old one does."""

    async def old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await reader.read(1000)
        if hello[8] == 5:
            writer.write(b"\x20\x02\x00\x01")
            writer.close()
            return
        back_reader, back = await asyncio.open_connection("127.0.0.1", broker.port)
        back.write(hello)

        async def copy(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                to.write(data)
            to.close()

        async with asyncio.TaskGroup() as both:
            both.create_task(copy(reader, back))
            both.create_task(copy(back_reader, writer))

    async with mosquitto(tmp_path) as broker:
        front = await asyncio.start_server(old, "127.0.0.1", 0)
        port = front.sockets[0].getsockname()[1]
        inbox = HeldInbox(prompt=True)
        async with subscribing(port, inbox) as client:
            assert "MQTT 3.1.1" in await client.subscribed()
            say(broker.port, "t", "1", "-q", "1")
            await inbox.holds(1)
        front.close()
        await front.wait_closed()


async def test_what_is_not_on_disk_is_sent_again(tmp_path):
    async with mosquitto(tmp_path, DURABLE) as broker:
        lost = HeldInbox()
        async with subscribing(broker.port, lost) as client:
            await client.subscribed()
            for n in range(5):
                say(broker.port, "t", str(n), "-q", "1")
            await lost.holds(5)
        again = HeldInbox()
        async with subscribing(broker.port, again):
            await again.holds(5)
            again.commit()
            await asyncio.sleep(0.1)
        third = HeldInbox()
        async with subscribing(broker.port, third) as client:
            await client.subscribed()
            say(broker.port, "t", "new", "-q", "1")
            await third.holds(1)
            third.commit()
        assert [item.payload for item in again.items] == [b"0", b"1", b"2", b"3", b"4"]
        assert [item.payload for item in third.items] == [b"new"]


async def test_messages_wait_at_the_broker_while_the_gateway_is_away(tmp_path):
    async with mosquitto(tmp_path, DURABLE) as broker:
        async with subscribing(broker.port, HeldInbox(prompt=True)) as client:
            await client.subscribed()
        async with publishing(broker.port) as device:
            for n in range(400):
                device.send("t", str(n).encode())
            await acknowledged(device, 400)
        inbox = HeldInbox(prompt=True)
        async with subscribing(broker.port, inbox):
            await inbox.holds(400)
        assert [int(item.payload) for item in inbox.items] == list(range(400))


@pytest.mark.parametrize(
    ("kill", "conf"),
    [(False, DURABLE), (True, DURABLE + "autosave_on_changes true\nautosave_interval 1\n")],
    ids=["terminated", "killed"],
)
async def test_a_broker_that_restarts_in_the_middle_loses_nothing_it_acknowledged(
    tmp_path, kill, conf
):
    async with mosquitto(tmp_path, conf) as broker:
        inbox = HeldInbox()
        async with (
            subscribing(broker.port, inbox) as client,
            publishing(broker.port) as device,
        ):
            await client.subscribed()
            for n in range(500):
                device.send("t", str(n).encode())
                if n == 200:
                    await acknowledged(device, 100)
                    inbox.commit()
                    await broker.stop(kill=kill)
                    await broker.start()
                if n % 50 == 0:
                    await asyncio.sleep(0.02)
                    inbox.commit()
            async with asyncio.timeout(20):
                while device.acknowledged < 500 or len(numbers(inbox)) < 500:
                    inbox.commit()
                    await asyncio.sleep(0.02)
        assert client.failures
        assert device.lost == 0
        assert numbers(inbox) == set(range(500))


async def test_a_full_inbox_leaves_the_rest_with_the_broker(tmp_path):
    async with mosquitto(tmp_path, DURABLE) as broker:
        inbox = HeldInbox(room=10)
        async with (
            subscribing(broker.port, inbox, receive_maximum=50) as client,
            publishing(broker.port) as device,
        ):
            await client.subscribed()
            for n in range(400):
                device.send("t", str(n).encode())
            await acknowledged(device, 400)
            await asyncio.sleep(0.2)
            assert len(inbox.items) <= 50
            async with asyncio.timeout(20):
                while len(inbox.items) < 400:
                    inbox.commit()
                    await asyncio.sleep(0.005)
            inbox.commit()
            assert not client.failures
        assert [int(item.payload) for item in inbox.items] == list(range(400))


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certs")
    certificates(folder)
    return folder


def secured(certs: Path, folder: Path) -> str:
    subprocess.run(
        ("mosquitto_passwd", "-b", "-c", str(folder / "passwords"), "linli", "secret"),
        check=True,
        capture_output=True,
    )
    return (
        f"cafile {certs}/ca.pem\ncertfile {certs}/server.pem\nkeyfile {certs}/server.key\n"
        f"allow_anonymous false\npassword_file {folder}/passwords\n"
    )


async def test_tls_with_user_and_password(tmp_path, certs):
    async with mosquitto(tmp_path, secured(certs, tmp_path)) as broker:
        inbox = HeldInbox(prompt=True)
        trust = BrokerTls(ca="ca.pem")
        login = {"user": "linli", "password": "secret", "tls": trust}
        async with subscribing(broker.port, inbox, certs, **login) as client:
            await client.subscribed()
            say(broker.port, "t", "1", "--cafile", f"{certs}/ca.pem", "-u", "linli", "-P", "secret")
            await inbox.holds(1)


async def test_tls_with_a_client_certificate(tmp_path, certs):
    conf = (
        f"cafile {certs}/ca.pem\ncertfile {certs}/server.pem\nkeyfile {certs}/server.key\n"
        "require_certificate true\nuse_identity_as_username true\n"
    )
    async with mosquitto(tmp_path, conf) as broker:
        inbox = HeldInbox(prompt=True)
        shown = BrokerTls(ca="ca.pem", certificate="client.pem", key="client.key")
        async with subscribing(broker.port, inbox, certs, tls=shown) as client:
            await client.subscribed()
        nobody = BrokerTls(ca="ca.pem")
        async with subscribing(broker.port, inbox, certs, tls=nobody) as client:
            await fails(client)
            assert not client.health.states


async def test_a_broker_that_cannot_be_trusted_hears_no_password(tmp_path, certs):
    async with mosquitto(tmp_path, secured(certs, tmp_path)) as broker:
        for tls in (BrokerTls(ca="other-ca.pem"), BrokerTls()):
            login = {"user": "linli", "password": "secret", "tls": tls}
            async with subscribing(broker.port, HeldInbox(), certs, **login) as client:
                await fails(client)
            assert "certificate verify failed" in client.failures[0]


async def test_a_wrong_password_and_a_closed_door_are_told(tmp_path, certs):
    async with mosquitto(tmp_path, secured(certs, tmp_path)) as broker:
        login = {"user": "linli", "password": "wrong", "tls": BrokerTls(ca="ca.pem")}
        async with subscribing(broker.port, HeldInbox(), certs, **login) as client:
            await fails(client)
        assert "not authorized" in client.failures[0]
    async with subscribing(free_port(), HeldInbox()) as client:
        await fails(client)
    assert "refused" in client.failures[0].lower() or "Connect call failed" in client.failures[0]


async def test_a_forbidden_subscription_is_told():
    """mosquitto 2.0 grants every subscription and sends nothing; other brokers say no."""

    async def strict(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"\x20\x03\x00\x00\x00")
        await reader.read(1000)
        writer.write(b"\x90\x05\x00\x01\x00\x01\x87")
        await reader.read(1000)
        writer.close()

    front = await asyncio.start_server(strict, "127.0.0.1", 0)
    port = front.sockets[0].getsockname()[1]
    async with subscribing(port, HeldInbox(), topics=("a/#", "b/#")) as client:
        await fails(client)
    front.close()
    await front.wait_closed()
    assert client.failures[0] == "127.0.0.1 does not let us subscribe to b/#"
    assert not client.health.states


SHIPPED = Path(__file__).parents[3] / "deploy" / "mosquitto.conf"


def shipped(folder: Path) -> str:
    """The file that we ship, with the users of this test."""
    passwords, acl = folder / "passwords", folder / "acl"
    for flag, user in (("-c", "linli"), ("-b", "device")):
        flags = {"-c": ("-b", "-c"), "-b": ("-b",)}[flag]
        subprocess.run(
            ("mosquitto_passwd", *flags, str(passwords), user, "secret"),
            check=True,
            capture_output=True,
        )
    acl.write_text(
        "user linli\ntopic read #\ntopic read $SYS/broker/publish/messages/dropped\n"
        "pattern write %u/#\n"
    )
    text = SHIPPED.read_text()
    text = text.replace("/etc/mosquitto/linli.passwords", str(passwords))
    return text.replace("/etc/mosquitto/linli.acl", str(acl))


async def _away(folder: Path, conf: str, user: str) -> int:
    """How many of 5,000 messages that the broker acknowledged while the gateway was away, and
    that it had to keep over a restart, arrive."""
    login = {"user": "linli", "password": "secret"} if user else {}
    async with mosquitto(folder, conf) as broker:
        async with subscribing(broker.port, HeldInbox(prompt=True), **login) as client:
            await client.subscribed()
        device = Publisher("127.0.0.1", broker.port, user or "device", user, "secret")
        task = asyncio.create_task(device.run())
        for n in range(5000):
            device.send("device/t", str(n).encode())
            if n % 200 == 0:
                await acknowledged(device, n - 200)
        await acknowledged(device, 5000)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await broker.stop()
        await broker.start()
        inbox = HeldInbox(prompt=True)
        async with subscribing(broker.port, inbox, **login) as client:
            await client.subscribed()
            async with asyncio.timeout(10):
                while (before := len(inbox.items)) < 5000:
                    await asyncio.sleep(0.5)
                    if len(inbox.items) == before:
                        break
    assert device.lost == 0
    return len(numbers(inbox)) if inbox.items else 0


async def test_the_shipped_configuration_keeps_what_the_default_one_drops(tmp_path):
    for name in ("default", "ours"):
        (tmp_path / name).mkdir()
    assert await _away(tmp_path / "default", "allow_anonymous true", "") == 0
    ours = tmp_path / "ours"
    assert await _away(ours, shipped(ours), "device") == 5000
