"""From a reading to the platform: how long an incident takes.

    python -m benchmarks.reaction       half a minute

A thousand devices speak 500 messages a second in sum, and one after the other becomes too hot.
Measured is from the publishing of the hot reading to the last byte of the platform's POST; the
whole gateway lies between, with the incident on disk.
"""

import argparse
import asyncio
import json
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

import uvloop

from benchmarks.ingest import site
from benchmarks.load import PASSWORD, USER, Load, connected
from gateway.mqtt import encode
from gateway.mqtt.packets import Connect, Publish

RULES = """
rules:
  - {id: hot, kind: threshold, incident: heat, select: {quantity: temperature}, above: 60}
  - {id: wet, kind: threshold, incident: damp, select: {quantity: humidity}, above: 95, for: 1m}
  - {id: silent, kind: silence, incident: device_offline}
"""


class Platform:
    """Takes CloudEvents, and notes when each device's came."""

    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                size = int(head.partition("content-length: ")[2].partition("\r\n")[0])
                event = json.loads(await reader.readexactly(size))
                self.arrived.setdefault(event["data"]["key"], time.perf_counter())
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()


async def react(port: int, platform: Platform, times: int) -> list[float]:
    """Milliseconds of each incident."""
    calm = await connected(port, Load(100, 500 * times // 20 + 2000, rate=500))
    for number, device in enumerate(calm):
        device.start(number / len(calm))
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    hello = Connect(version=4, client_id="hot", user=USER, password=PASSWORD.encode())
    writer.write(encode.connect(hello))
    sent: dict[str, float] = {}
    for number in range(times):
        await asyncio.sleep(0.05)
        name = f"d-{500 + number}"
        topic = f"zigbee2mqtt/{name}".encode()
        sent[name] = time.perf_counter()
        writer.write(encode.publish(4, Publish(topic, b'{"temperature":99}', 1, number + 1)))
    async with asyncio.timeout(10):
        while len(platform.arrived) < times:  # noqa: ASYNC110 - a plain dict
            await asyncio.sleep(0.05)
    writer.close()
    for device in calm:
        device.close()
    return sorted(1000 * (platform.arrived[name] - begin) for name, begin in sent.items())


async def measure(root: Path, times: int) -> list[float]:
    platform = Platform()
    server = await asyncio.start_server(platform.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    sinks = f'sinks:\n  - {{kind: cloud_events, id: city, url: "{url}"}}\n'
    with closing(site(root, sinks, rules=RULES)) as box:
        await asyncio.to_thread(box.start)
        try:
            return await react(box.mqtt, platform, times)
        finally:
            server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=300)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        took = uvloop.run(measure(Path(folder), args.times))
    p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
    print(f"reading to platform, {len(took)} incidents: p50 {p50:.0f}, p99 {p99:.0f} ms")


if __name__ == "__main__":
    main()
