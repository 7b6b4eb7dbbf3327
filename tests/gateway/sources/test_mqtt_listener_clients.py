"""The endpoint, spoken to by clients that others wrote: paho, mosquitto_pub; and TLS."""

import asyncio
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gateway.mqtt import encode
from gateway.mqtt.access import MqttUser
from gateway.mqtt.packets import Connect
from gateway.passwords import hash_password
from gateway.sources.mqtt_listener import ListenerTls
from tests.gateway.mqtt.mosquitto import certificates
from tests.gateway.mqtt.mosquitto import needed as mosquitto_pub_needed
from tests.gateway.mqtt.stage import HeldInbox, listening

USERS = (
    MqttUser("alice", ("home/%u/#",), "wonderland"),
    MqttUser("bob", ("home/%u/#",), hash_password("builder")),
    MqttUser("client", ("home/cert/#",)),
)
VERSIONS = {4: paho.MQTTv311, 5: paho.MQTTv5}


def using_paho(
    port: int,
    version: int,
    use: Callable[[paho.Client], Any],
    user: str = "alice",
    password: str | None = "wonderland",
    **tls: Any,
) -> Any:
    """Run *use* with a connected client; in a thread, as paho waits with its own."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "paho", protocol=VERSIONS[version])
    if tls:
        client.tls_set(**tls)
    if password:
        client.username_pw_set(user, password)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        return use(client)
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.parametrize("version", [4, 5])
async def test_paho_publishes_with_every_qos(version):
    def use(client: paho.Client) -> None:
        infos = [client.publish("home/alice/t", str(n), qos=n % 3) for n in range(90)]
        for info in infos:
            info.wait_for_publish(10)
            assert info.is_published()

    async with listening(HeldInbox(prompt=True), users=USERS) as stage:
        await asyncio.to_thread(using_paho, stage.port, version, use)
        assert sorted(int(item.payload) for item in stage.inbox.items) == list(range(90))
        assert {item.sender for item in stage.inbox.items} == {"alice"}


@pytest.mark.parametrize("version", [4, 5])
async def test_paho_is_told_that_it_may_not_subscribe(version):
    async with listening(users=USERS) as stage:

        def use(client: paho.Client) -> list[int]:
            heard: list[int] = []
            client.on_subscribe = lambda c, u, mid, codes, p: heard.extend(k.value for k in codes)
            client.subscribe([("home/#", 1), ("#", 0)])
            for _ in range(200):
                if heard:
                    break
                time.sleep(0.01)  # in a thread
            assert client.is_connected()
            return heard

        codes = await asyncio.to_thread(using_paho, stage.port, version, use)
        assert codes == [{4: 0x80, 5: 0x87}[version]] * 2


async def test_paho_sees_the_denial_in_version_5():
    async with listening(HeldInbox(prompt=True), users=USERS) as stage:

        def use(client: paho.Client) -> int:
            codes: list[int] = []
            client.on_publish = lambda c, u, mid, reason, p: codes.append(reason.value)
            client.publish("home/bob/t", "1", qos=1).wait_for_publish(5)
            for _ in range(200):
                if codes:
                    break
                time.sleep(0.01)  # in a thread
            return codes[0]

        assert await asyncio.to_thread(using_paho, stage.port, 5, use) == 0x87
        assert not stage.inbox.items


@pytest.mark.parametrize("version", [4, 5])
async def test_paho_is_told_after_the_commit_and_not_before(version):
    async with listening(users=USERS) as stage:
        loop = asyncio.get_running_loop()

        def use(client: paho.Client) -> None:
            infos = [client.publish("home/bob/t", str(n), qos=1 + n % 2) for n in range(20)]
            asyncio.run_coroutine_threadsafe(stage.inbox.holds(20), loop).result(5)
            time.sleep(0.1)  # in a thread
            assert not any(info.is_published() for info in infos)
            loop.call_soon_threadsafe(stage.inbox.commit)
            for info in infos:
                info.wait_for_publish(5)
                assert info.is_published()

        await asyncio.to_thread(using_paho, stage.port, version, use, "bob", "builder")


@mosquitto_pub_needed
@pytest.mark.parametrize("version", ["311", "5"])
async def test_mosquitto_pub(version):
    async with listening(HeldInbox(prompt=True), users=USERS) as stage:
        process = await asyncio.create_subprocess_exec(
            "mosquitto_pub", "-p", str(stage.port), "-V", version, "-u", "alice", "-P",
            "wonderland", "-t", "home/alice/x", "-q", "2", "-l",
            stdin=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await process.communicate(b"\n".join(str(n).encode() for n in range(50)))
        assert process.returncode == 0
        assert [int(item.payload) for item in stage.inbox.items] == list(range(50))


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certs")
    certificates(folder)
    return folder


SERVER = {"certificate": "server.pem", "key": "server.key"}
SHOWN = {"ca_certs": "ca.pem", "certfile": "client.pem", "keyfile": "client.key"}


def trusting(certs: Path, *, showing: str = "", ca: str = "ca") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certs / f"{ca}.pem")
    if showing:
        context.load_cert_chain(certs / f"{showing}.pem", certs / f"{showing}.key")
    return context


async def test_tls_with_a_password(certs):
    tls = ListenerTls(**SERVER)
    async with listening(HeldInbox(prompt=True), certs, users=USERS, tls=tls) as stage:

        def use(client: paho.Client) -> None:
            for _ in range(20):
                client.publish("home/alice/t", bytes(20_000), qos=1).wait_for_publish(5)

        await asyncio.to_thread(using_paho, stage.port, 5, use, ca_certs=str(certs / "ca.pem"))
        assert len(stage.inbox.items) == 20


async def test_a_client_certificate_is_a_user(certs):
    tls = ListenerTls(**SERVER, client_ca="ca.pem")
    async with listening(HeldInbox(prompt=True), certs, users=USERS, tls=tls) as stage:

        def use(client: paho.Client) -> None:
            client.publish("home/cert/t", "1", qos=1).wait_for_publish(5)

        shown = {name: str(certs / file) for name, file in SHOWN.items()}
        await asyncio.to_thread(using_paho, stage.port, 5, use, password=None, **shown)
        (item,) = await stage.inbox.holds(1)
        assert item.sender == "client"


async def test_a_required_certificate_is_required_and_of_the_right_authority(certs):
    tls = ListenerTls(**SERVER, client_ca="ca.pem", client_certificate="required")
    async with listening(root=certs, users=USERS, tls=tls) as stage:
        assert await answers(stage.port, trusting(certs, showing="client"))
        assert not await answers(stage.port, trusting(certs))
        assert not await answers(stage.port, trusting(certs, showing="other-ca"))


async def test_half_a_handshake_does_not_stop_the_others(certs):
    tls = ListenerTls(**SERVER)
    async with listening(HeldInbox(prompt=True), certs, users=USERS, tls=tls) as stage:
        silent = [await stage.raw() for _ in range(20)]
        for client in silent:
            await client.say(b"\x16\x03\x01\x02\x00")
        assert await answers(stage.port, trusting(certs))


async def answers(port: int, context: ssl.SSLContext) -> bool:
    """Whether TLS lets us through to the MQTT behind it. (TLS 1.3 tells of a refused
    certificate only when one reads.)"""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        writer.write(encode.connect(Connect(version=4, user="nobody")))
        return (await reader.read(4))[:1] == b"\x20"
    except (ssl.SSLError, ConnectionError):
        return False
    finally:
        writer.transport.abort()
        await asyncio.sleep(0.01)
