"""The endpoint alone, for benchmarks: `python -m benchmarks.null PORT` serves until killed."""

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
from gateway.sources.mqtt_listener import Listener, MqttListener

LINGER = 0.002


class NullInbox:
    """Takes everything, and acknowledges it a little later, together."""

    def __init__(self) -> None:
        self._acks: list[Ack] = []
        self._loop = asyncio.get_running_loop()

    def offer(self, items: Sequence[Item], ack: Ack | None = None) -> bool:
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


async def serve(port: int) -> None:
    spec = MqttListener(
        id="mqtt",
        port=port,
        users=(MqttUser(USER, ("zigbee2mqtt/+",), PASSWORD),),
        max_connections=11_000,
        receive_maximum=65_535,
    )
    clock = SystemClock()
    around = Surroundings(Path("."), "bench", clock, PartsHealth(clock), str, Path)
    await Listener(spec, around).run(NullInbox())


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
