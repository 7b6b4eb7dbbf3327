"""One device that floods the listener is slowed down; the others do not notice."""

import asyncio
import time

from gateway.mqtt.access import MqttUser
from simulators.publisher import WINDOW, Publisher
from tests.gateway.mqtt.stage import HeldInbox, Stage, listening

USERS = (
    MqttUser("loud", ("loud/#",), "x", max_rate=100.0),
    MqttUser("calm", ("calm/#",), "x"),
)
SECONDS = 4


async def test_a_flood_is_slowed_to_its_rate_while_200_others_are_answered_at_once():
    async with listening(HeldInbox(prompt=True), users=USERS) as stage:
        loud = Publisher("127.0.0.1", stage.port, "loud", "loud", "x")
        others = [Publisher("127.0.0.1", stage.port, f"calm-{n}", "calm", "x") for n in range(200)]
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(each.run()) for each in (loud, *others)]
            flood = tasks.create_task(_flood(loud, rate=5000))
            late = [await _round(others, tick) for tick in range(1, SECONDS + 1)]
            sent = await flood
            taken = loud.acknowledged
            for task in running:
                task.cancel()
        assert max(late) < 1.0
        assert all(each.acknowledged == SECONDS and not each.lost for each in others)
        assert taken <= 100 * (10 + SECONDS + 2) < sent
        assert loud.acknowledged + WINDOW >= stage.inbox.topics.count("loud/t") >= taken
        assert stage.health.of("mqtt_throttled") == stage.health.counts["mqtt_throttled", "loud"]
        assert _told(stage)


async def _flood(device: Publisher, rate: int) -> int:
    """Say *rate* messages a second, whether they are acknowledged or not."""
    sent, begin = 0, time.monotonic()
    while (passed := time.monotonic() - begin) < SECONDS:
        while sent < passed * rate:
            device.send("loud/t", b"%d" % sent)
            sent += 1
        await asyncio.sleep(0.002)
    return sent


async def _round(others: list[Publisher], tick: int) -> float:
    """Each of *others* says something; seconds until the last one was answered."""
    begin = time.monotonic()
    for number, each in enumerate(others):
        each.send(f"calm/{number}", b"%d" % tick)
    while any(each.acknowledged < tick for each in others):  # noqa: ASYNC110 - plain counters
        await asyncio.sleep(0.005)
    took = time.monotonic() - begin
    await asyncio.sleep(max(0.0, 1.0 - took))
    return took


def _told(stage: Stage) -> bool:
    return any("slowed down: loud" in detail for _, _, detail in stage.health.states)
