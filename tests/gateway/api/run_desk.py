"""The console on made-up facts, to look at while working on it:

python -m tests.gateway.api.run_desk --port 8080 --devices 200 [--chinese]
"""

import argparse
import asyncio
import random
import tempfile
from pathlib import Path

from msgspec.structs import replace

from gateway.api.desk import Desk
from gateway.api.server import serve
from gateway.api.spec import ConsoleSpec, Listen
from gateway.clock import SystemClock
from tests.gateway.api.desk_fixture import PASSWORDS, keep_past, make_desk, picture


async def live(desk: Desk, dice: random.Random) -> None:
    """A tenth of the devices speak each second, and the cameras go on."""
    latest, pictures = desk.latest, desk.pictures
    while True:
        now = desk.clock.now()
        for values in latest.readings.values():  # type: ignore[attr-defined] - the fake
            if dice.random() < 0.1 and now - min(r.at for r in values.values()) < 3_600_000:
                for name, reading in values.items():
                    value = reading.value
                    if isinstance(value, float):
                        value = round(value + dice.uniform(-0.3, 0.3), 1)
                    values[name] = replace(reading, at=now, value=value)
        for n, name in enumerate(pictures):
            if n != 2:
                pictures[name].at, pictures[name].jpeg = now, picture(n, bag=n == 1)
        await asyncio.sleep(1)


async def main(port: int, devices: int, chinese: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = make_desk(Path(folder), devices=devices, chinese=chinese, clock=SystemClock())
        desk = await keep_past(made)
        print(f"http://127.0.0.1:{port}", PASSWORDS, flush=True)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(live(desk, random.Random(1)))
            tasks.create_task(serve(desk, ConsoleSpec(listen=Listen(f"127.0.0.1:{port}"))))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--chinese", action="store_true")
    args = parser.parse_args()
    asyncio.run(main(args.port, args.devices, args.chinese))
