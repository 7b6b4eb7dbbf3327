"""What was left out or lost is told by kind and by who caused it."""

import msgspec

from gateway.api.desk import Desk
from gateway.api.routes.losses import Loss
from tests.gateway.api.client import Client


async def test_losses_are_attributed_the_most_first(client: Client, desk: Desk) -> None:
    count = desk.health.count
    count("mqtt_shed", 7, part="mosquitto", why="zigbee2mqtt/loud")
    count("mqtt_throttled", 1, part="listener", why="meter-7")
    count("rejected", 3, part="sparkplug_b", why="sequence_gap")
    count("rejected", 9, part="sparkplug_b", why="wrong_unit")
    count("mqtt_messages", 1000, part="listener")
    answer = await client.ask("GET", "/api/v1/losses", "omar")
    assert msgspec.json.decode(answer.body, type=list[Loss]) == [
        Loss("shed", "mosquitto", "zigbee2mqtt/loud", 7),
        Loss("gap", "sparkplug_b", "", 3),
        Loss("slowed", "listener", "meter-7", 1),
    ]
