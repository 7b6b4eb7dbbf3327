"""A subscriber to everything, by the paho client: it shares no code with the gateway's MQTT."""

import asyncio
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

MARK = "mark/of-the-reader"


class Reader:
    def __init__(self, port: int) -> None:
        self.messages: list[mqtt.MQTTMessage] = []
        self._port, self._loop = port, asyncio.get_running_loop()
        self._subscribed, self._marked = asyncio.Event(), asyncio.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.on_connect = lambda *_: self._client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._later(self._subscribed.set)
        self._client.on_message = lambda _client, _data, message: self._later(
            lambda: self._take(message)
        )

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._client.connect, "127.0.0.1", self._port)
        self._client.loop_start()
        await asyncio.wait_for(self._subscribed.wait(), 10)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    async def all(self) -> list[mqtt.MQTTMessage]:
        """Everything that the broker had before now."""
        self._marked.clear()
        self._client.publish(MARK, b"", qos=1)
        await asyncio.wait_for(self._marked.wait(), 10)
        return self.messages

    async def received(self, n: int) -> list[mqtt.MQTTMessage]:
        found = await self.all()
        assert len(found) == n
        return found

    def _later(self, what: Any) -> None:
        self._loop.call_soon_threadsafe(what)

    def _take(self, message: mqtt.MQTTMessage) -> None:
        if message.topic == MARK:
            self._marked.set()
        else:
            self.messages.append(message)
