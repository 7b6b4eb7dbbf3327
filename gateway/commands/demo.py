"""`linli demo`: the product at work, in a neighbourhood that does not exist."""

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvloop

from gateway.clock import SystemClock
from simulators import neighbourhood
from simulators.demo import Demo, Taken, held, prepare, write_gateway
from simulators.office import Office
from simulators.platform import Fault, Platform

HELP = "Run a simulated neighbourhood, its gateway and a city platform with an uplink that fails."
EXAMPLE = "  linli demo\n  linli demo --sensors 500 --clips clips/"

UPLINK = (
    Fault("down", at=50, lasts=8, every=120),
    Fault("lost_answer", at=90, lasts=4, every=120),
    Fault("error", at=110, lasts=4, every=120),
)
"""What the way to the city suffers, in seconds after the start."""
STOP = 20.0
"""Seconds that the gateway may take to stop."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dir", type=Path, default=Path("demo-site"), help="where to write the site"
    )
    parser.add_argument("--sensors", type=_between(1, 2000), default=240, help="how many (240)")
    parser.add_argument("--clips", type=_folder, help="folder with real clips for one more camera")
    parser.add_argument(
        "--port", type=_between(1, 65535), default=8080, help="of the console (8080)"
    )
    parser.add_argument("--seconds", type=float, help="stop by itself after so long")


def _between(least: int, most: int) -> Callable[[str], int]:
    def number(word: str) -> int:
        if not word.isdecimal() or not least <= int(word) <= most:
            raise argparse.ArgumentTypeError(f"{word!r} is not a number from {least} to {most}")
        return int(word)

    return number


def _folder(word: str) -> Path:
    if not Path(word).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {word}")
    return Path(word)


def run(args: argparse.Namespace) -> int:
    root = args.dir.resolve()
    try:
        with held(root):
            demo = prepare(
                root,
                console=_port(args.port),
                mqtt=_port(1883),
                sensors=args.sensors,
                clips=args.clips,
            )
            return uvloop.run(_play(demo, args.seconds))
    except Taken as error:
        print(error, file=sys.stderr)
        return 1


async def _play(demo: Demo, seconds: float | None) -> int:
    stop_asked, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop_asked.set)
    if seconds:
        loop.call_later(seconds, stop_asked.set)
    back = f"http://127.0.0.1:{demo.console}/api/v1/platforms/city/answers"
    office, secret = Office(back, demo.answers_secret), demo.webhook_secret
    async with Platform(port=_port(8090), secret=secret, faults=UPLINK, office=office) as city:
        write_gateway(demo, city.events)
        _greet(demo, city)
        gateway = await _start(demo)
        try:
            async with asyncio.TaskGroup() as tasks:
                playing = [
                    tasks.create_task(_publish(demo), name="sensors"),
                    tasks.create_task(_narrate(city), name="narrator"),
                ]
                await _first(stop_asked.wait(), gateway.wait())
                for task in playing:
                    task.cancel()
        finally:
            code = await _finish(gateway)
        _farewell(city)
    if not stop_asked.is_set():
        print(f"  The gateway ended by itself:\n{_last_words(demo)}", file=sys.stderr)
        return 1
    return code


async def _start(demo: Demo) -> asyncio.subprocess.Process:
    """The gateway is a process of its own, as on a box; what it says goes to a file."""
    with (demo.root / "gateway.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway.cli", "run", str(demo.root), "--log", "text"),
            stdout=log,
            stderr=log,
        )


async def _first(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when one of *waits* is over."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


def _last_words(demo: Demo) -> str:
    lines = (demo.root / "gateway.log").read_text("utf-8", "replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-20:])


async def _finish(gateway: asyncio.subprocess.Process) -> int:
    with suppress(ProcessLookupError):
        gateway.terminate()
    try:
        async with asyncio.timeout(STOP):
            return await gateway.wait()
    except TimeoutError:
        gateway.kill()
        await gateway.wait()
        return 1


async def _publish(demo: Demo) -> None:
    await neighbourhood.live(
        demo.sensors,
        SystemClock(),
        "127.0.0.1",
        demo.mqtt,
        user="sensors",
        password=demo.mqtt_password,
    )


async def _narrate(city: Platform) -> None:
    """Say what arrives at the city, as it arrives, and what the city answers."""
    told: dict[str, int] = {}
    answered: dict[str, int] = {}
    begun = asyncio.get_running_loop().time()
    while True:
        await asyncio.sleep(0.5)
        minutes, seconds = divmod(round(asyncio.get_running_loop().time() - begun), 60)
        for id, case in list(city.register.cases.items()):
            for event in case.events[told.get(id, 0) :]:
                phase = event.split(".")[-2]
                if phase != "updated":
                    print(f"  {minutes}:{seconds:02d}  {phase:9} {case.data['title']}", flush=True)
            told[id] = len(case.events)
            for answer in case.answers[answered.get(id, 0) :]:
                print(f"  {minutes}:{seconds:02d}  {answer}: {case.data['title']}", flush=True)
            answered[id] = len(case.answers)


def _greet(demo: Demo, city: Platform) -> None:
    print(f"""
  Linli 邻里: {len(demo.sensors)} sensors, 4 cameras, one gateway, one city platform.

    console    http://127.0.0.1:{demo.console}/
    user       operator
    password   {demo.password}

    the city's platform, with an uplink that fails now and then: {city.url}
    the site is in {demo.root}; the gateway's own words in gateway.log there

  Ctrl-C stops it. What arrives at the city:
""")


def _farewell(city: Platform) -> None:
    counts = city.register.counts
    print(
        f"\n  Stopped. {counts['events']} events about {counts['cases']} incidents arrived; "
        f"{counts['duplicates']} came twice and counted once."
    )


def _port(wanted: int) -> int:
    """*wanted*, or a free one where another program has it."""
    for port in (wanted, 0):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)) as probe:
            return int(probe.getsockname()[1])
    raise OSError("no port is free")
