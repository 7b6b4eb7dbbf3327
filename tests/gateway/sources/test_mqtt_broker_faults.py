"""The client of a broker that hangs, stays away, forgets, throws away; and of a device that
floods it."""

import asyncio
import contextlib
import signal
import time
from itertools import pairwise
from pathlib import Path
from random import Random

from gateway.intake import supervise
from gateway.model import Duration
from gateway.sources import mqtt_broker
from gateway.sources.mqtt_broker import MqttBroker
from simulators.publisher import Publisher
from tests.gateway.mqtt import mosquitto as real
from tests.gateway.mqtt.broker_stage import acknowledged, numbers, publishing, say, subscribing
from tests.gateway.mqtt.mosquitto import mosquitto
from tests.gateway.mqtt.stage import HeldInbox, Tally, surroundings
from tests.virtual_time import in_virtual_time

pytestmark = real.needed

DURABLE = "allow_anonymous true\npersistence true\nmax_queued_messages 0\n"


async def test_a_broker_that_hangs_is_left_and_found_again_when_it_goes_on(tmp_path):
    """SIGSTOP: the connection is open, and nobody is there (half-open)."""
    async with mosquitto(tmp_path, DURABLE) as broker:
        inbox = HeldInbox(prompt=True)
        async with subscribing(broker.port, inbox, keepalive=Duration.parse("1s")) as client:
            await client.subscribed()
            broker.signal(signal.SIGSTOP)
            try:
                async with asyncio.timeout(10):
                    while not client.failures:  # noqa: ASYNC110 - a plain list
                        await asyncio.sleep(0.05)
            finally:
                broker.signal(signal.SIGCONT)
            assert "silent" in client.failures[0]
            await client.subscribed(times=2)
            say(broker.port, "t", "7", "-q", "1")
            await inbox.holds(1)
            assert client.health.of("mqtt_sessions_forgotten") == 0


def test_a_broker_that_is_away_for_hours_is_knocked_at_with_jitter_and_found_again(monkeypatch):
    """Six hours, in which every knock is refused; a fleet does not knock in step."""
    hours = 6 * 3600.0

    async def story(seed: int) -> list[float]:
        loop, knocks = asyncio.get_running_loop(), list[float]()

        async def refuse(*args: object, **more: object) -> None:
            knocks.append(loop.time())
            raise ConnectionRefusedError("nobody is there")

        monkeypatch.setattr(loop, "create_connection", refuse)
        spec = MqttBroker(id="broker", host="127.0.0.1", port=1)
        health = Tally()
        source = spec.build(surroundings(Path("."), health))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(hours):
                await supervise("broker", source, HeldInbox(), health, Random(seed))
        assert health.states[-1][1] == "retrying"
        return knocks

    first, second = in_virtual_time(story(1)), in_virtual_time(story(2))
    gaps = [b - a for a, b in pairwise(first)]
    assert max(gaps) <= 60.0
    assert hours / 60 < len(first) < hours / 20
    assert len({round(knock, 1) for knock in first} & {round(knock, 1) for knock in second}) < 20


async def test_what_waited_for_hours_comes_in_order_when_the_broker_is_back(tmp_path):
    async with mosquitto(tmp_path, DURABLE) as broker:
        inbox = HeldInbox(prompt=True)
        async with subscribing(broker.port, inbox) as client, publishing(broker.port) as device:
            await client.subscribed()
            await broker.stop()
            for n in range(300):
                device.send("t", str(n).encode())
            await asyncio.sleep(0.3)
            await broker.start()
            await inbox.holds(300, seconds=20)
            assert device.lost == 0
        assert numbers(inbox) == set(range(300))


async def test_a_broker_that_forgot_the_session_is_told_of(tmp_path):
    async with (
        mosquitto(tmp_path) as broker,  # keeps nothing over a kill
        subscribing(broker.port, HeldInbox(prompt=True)) as client,
    ):
        assert "forgot" not in await client.subscribed()
        await broker.stop(kill=True)
        await broker.start()
        assert "the broker forgot what it kept for us: 1" in await client.subscribed(times=2)
        assert client.health.of("mqtt_sessions_forgotten") == 1


async def test_what_the_broker_throws_away_is_counted_and_told(tmp_path):
    """A subscriber of somebody else is away, its queue is full: mosquitto says so in $SYS."""
    conf = "allow_anonymous true\nsys_interval 1\nmax_queued_messages 10\n"
    async with mosquitto(tmp_path, conf) as broker:
        async with subscribing(broker.port, HeldInbox(prompt=True), client_id="away") as client:
            await client.subscribed()
        inbox = HeldInbox(prompt=True)
        async with subscribing(broker.port, inbox) as client:
            await client.subscribed()
            await asyncio.sleep(1.5)
            for n in range(40):
                say(broker.port, "t", str(n), "-q", "1")
            async with asyncio.timeout(10):
                while client.health.of("mqtt_broker_dropped") < 30:  # noqa: ASYNC110 - a counter
                    await asyncio.sleep(0.05)
            assert len(inbox.items) == 40  # ours were not among them
            await asyncio.sleep(1.1)  # words come once a second
            assert "that the broker dropped" in client.health.states[-1][2]
        assert set(inbox.topics) == {"t"}


def test_the_count_of_a_broker_that_started_again_begins_anew():
    async def story() -> Tally:
        health = Tally()
        spec = MqttBroker(id="broker", host="127.0.0.1")
        watch = mqtt_broker.Watch(spec, surroundings(Path("."), health))
        for payload in (b"100", b"100", b"105", b"3", b"x", b"9" * 30, b"3"):
            watch._drops(payload)
        return health

    assert in_virtual_time(story()).of("mqtt_broker_dropped") == 5 + 3


async def test_one_device_that_floods_the_broker_takes_nothing_from_200_others(tmp_path):
    """5,000 messages a second from one; each of the others speaks once a second and is neither
    lost nor late. What is left out is counted under its topic."""
    async with mosquitto(tmp_path, DURABLE) as broker:
        inbox = Stopwatch()
        async with subscribing(broker.port, inbox, max_rate=100.0) as client:
            await client.subscribed()
            others = [Publisher("127.0.0.1", broker.port, f"d-{n}") for n in range(200)]
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(other.run()) for other in others]
                flood = tasks.create_task(_flood(broker.port, seconds=4.0, rate=5000))
                begin = time.monotonic()
                for tick in range(4):
                    for number, other in enumerate(others):
                        other.send(f"calm/{number}", b"%d %.6f" % (tick, time.monotonic()))
                    await asyncio.sleep(max(0.0, begin + tick + 1 - time.monotonic()))
                sent = await flood
                for other in others:
                    await acknowledged(other, 4)
                async with asyncio.timeout(10):
                    while inbox.count("calm") < 800:  # noqa: ASYNC110 - a plain counter
                        await asyncio.sleep(0.02)
                for task in running:
                    task.cancel()
            await asyncio.sleep(1.2)  # what was shed is told once a second
        late = sorted(inbox.lateness)
        assert late[int(0.99 * len(late))] < 1.0
        shed = client.health.counts["mqtt_shed", "loud"]
        assert shed + inbox.count("loud") == sent
        assert inbox.count("loud") <= 100 * (10 + 6)
        assert {why for (what, why) in client.health.counts if what == "mqtt_shed"} == {"loud"}
        assert any("above its rate: loud" in detail for _, _, detail in client.health.states)


class Stopwatch(HeldInbox):
    """Commits at once, and notes how late each calm message came."""

    def __init__(self) -> None:
        super().__init__(prompt=True)
        self.lateness: list[float] = []

    def offer(self, items, ack=None):
        now = time.monotonic()
        self.lateness += [
            now - float(item.payload.split()[1]) for item in items if item.topic.startswith("calm")
        ]
        return super().offer(items, ack)

    def count(self, first: str) -> int:
        return sum(topic.startswith(first) for topic in self.topics)


async def _flood(port: int, seconds: float, rate: int) -> int:
    """QoS 1, *rate* a second, acknowledged or not; how many it was."""
    device = Publisher("127.0.0.1", port, "loud")
    task, sent, begin = asyncio.create_task(device.run()), 0, time.monotonic()
    while time.monotonic() - begin < seconds:
        due = round((time.monotonic() - begin) * rate)
        while sent < due and len(device._waiting) < 400:
            device.send("loud", b"%d" % sent)
            sent += 1
        await asyncio.sleep(0.002)
    await acknowledged(device, sent)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert device.lost == 0
    return sent
