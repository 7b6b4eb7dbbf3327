"""`linli run`: the gateway itself."""

import argparse
import asyncio
import resource
import signal
import sys
from pathlib import Path

import uvloop

from config.load import Invalid, load
from config.schema import Config
from gateway import app, memory, workshop
from gateway.clock import SystemClock
from gateway.service import set_up_logs
from gateway.store import StoreLocked, StoreTooNew

HELP = "Run the gateway of a site until SIGTERM or Ctrl-C."
EXAMPLE = "  linli run my-site\n  linli run my-site --log json   # for journald or a log collector"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", type=Path, metavar="DIR", help="the site's folder")
    parser.add_argument(
        "--log", choices=["auto", "text", "json"], default="auto", help="how logs look"
    )


def run(args: argparse.Namespace) -> int:
    workshop.finish(args.site.resolve())
    try:
        config = load(args.site.resolve())
    except Invalid as error:
        for problem in error.problems:
            print(f"{args.site / problem.file}:{problem.line}: {problem.what}", file=sys.stderr)
        print("Nothing was started. `linli check` prints this again.", file=sys.stderr)
        return 1
    set_up_logs(args.log)
    _open_many_files()
    memory.few_arenas()
    try:
        uvloop.run(until_signalled(config))
    except (StoreLocked, StoreTooNew) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _open_many_files() -> None:
    """Each device holds a socket; the system's usual 1024 would be too few."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def until_signalled(config: Config) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tidying = asyncio.create_task(memory.tidy(), name="memory")
    try:
        await app.run(config, SystemClock(), stop)
    finally:
        tidying.cancel()
