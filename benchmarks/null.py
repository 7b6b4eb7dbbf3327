"""A way in with nothing behind it, for benchmarks; runs until killed.

    python -m benchmarks.null listener PORT     the endpoint, on PORT
    python -m benchmarks.null client PORT       the client of a broker on PORT

Prints "ready", then the number of messages taken whenever it has changed.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from benchmarks.load import PASSWORD, USER
from gateway.clock import SystemClock
from gateway.health import PartsHealth
from gateway.model import Item
from gateway.mqtt.access import MqttUser
from gateway.ports import Ack, Surroundings
from gateway.sources.mqtt_broker import MqttBroker
from gateway.sources.mqtt_listener import MqttListener

LINGER = 0.002


class NullInbox:
    """Takes everything, and acknowledges it a little later, together."""

    def __init__(self) -> None:
        self.taken = 0
        self._acks: list[Ack] = []
        self._loop = asyncio.get_running_loop()

    def offer(self, items: Sequence[Item], ack: Ack | None = None) -> bool:
        self.taken += len(items)
        if ack:
            if not self._acks:
                self._loop.call_later(LINGER, self._commit)
            self._acks.append(ack)
        return True

    async def put(self, items: Sequence[Item], ack: Ack | None = None) -> None:
        self.offer(items, ack)

    def _commit(self) -> None:
        acks, self._acks = self._acks, []
        for ack in acks:
            ack()


def listener(port: int) -> MqttListener:
    return MqttListener(
        id="mqtt",
        port=port,
        users=(MqttUser(USER, ("zigbee2mqtt/+",), PASSWORD),),
        max_connections=11_000,
        receive_maximum=65_535,
        max_rate=0,
    )


async def serve(spec: MqttListener | MqttBroker) -> None:
    clock = SystemClock()
    health, inbox = PartsHealth(clock), NullInbox()
    around = Surroundings(Path("."), "bench", clock, health, str, Path)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(spec.build(around).run(inbox), name="source")
        while spec.id not in health.parts:  # noqa: ASYNC110 - the source reports there
            await asyncio.sleep(0.01)
        print("ready", flush=True)
        told = 0
        while True:
            await asyncio.sleep(0.05)
            if told != inbox.taken:
                told = inbox.taken
                print(told, flush=True)


if __name__ == "__main__":
    kind, port = sys.argv[1], int(sys.argv[2])
    is_client = kind == "client"
    uvloop.run(
        serve(MqttBroker(id="mqtt", host="127.0.0.1", port=port) if is_client else listener(port))
    )
