"""`linli influx`: make the database again from the gateway's own history."""

import argparse
import asyncio
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

from config.load import Invalid, load
from config.schema import Config
from gateway.clock import SystemClock
from gateway.delivery import Pace
from gateway.health import PartsHealth
from gateway.model import Millis, Reading
from gateway.ports import Barred, ReadingSink, ReadingSinkSpec, Retry, Surroundings
from gateway.projection import BATCH
from gateway.store.history import Columns, History

HELP = "Write the gateway's history to a time-series database again, say after it was lost."
EXAMPLE = """  linli influx replay my-site history --from 2026-05-01
  linli influx replay my-site history --from 2026-05-01T08:00 --to 2026-05-02"""
TRIES = 8
"""Of one batch, while the server does not answer."""


def arguments(parser: argparse.ArgumentParser) -> None:
    jobs = parser.add_subparsers(dest="job", metavar="JOB", required=True)
    replay = jobs.add_parser("replay", help="write a span of time again; the gateway may run")
    replay.add_argument("site", type=Path, metavar="DIR", help="the site's folder")
    replay.add_argument("name", metavar="NAME", help="the destination's id in gateway.yaml")
    replay.add_argument("--from", dest="start", required=True, type=_time, metavar="TIME",
                        help="first moment, like 2026-05-01 or 2026-05-01T08:00+08:00")  # fmt: skip
    replay.add_argument("--to", dest="end", type=_time, metavar="TIME", help="before this (now)")


def run(args: argparse.Namespace) -> int:
    try:
        config = load(args.site)
    except Invalid as error:
        print(f"{args.site} has {len(error.problems)} problem(s); see linli check", file=sys.stderr)
        return 1
    known = {spec.id: spec for spec in config.reading_sinks}
    if args.name not in known:
        names = ", ".join(known) or "none"
        print(f"{args.name!r} takes no readings; these do: {names}", file=sys.stderr)
        return 2
    start = _millis(args.start, config.site.zone)
    end = _millis(args.end, config.site.zone) if args.end else SystemClock().now()
    history = History(config.root / "data" / "linli.db")
    return asyncio.run(_replay(config, known[args.name], history, start, end))


async def _replay(
    config: Config, spec: ReadingSinkSpec, history: History, start: Millis, end: Millis
) -> int:
    began, written, refused = perf_counter(), 0, Counter[str]()
    clock = SystemClock()
    around = Surroundings(config.root, config.site.id, clock, PartsHealth(clock), str, Path)
    readings = _readings(history.scan(start, end))
    try:
        async with spec.open(around) as sink:
            while batch := await asyncio.to_thread(lambda: list(islice(readings, BATCH))):
                problems = await _write(sink, batch)
                refused.update(reason for _, reason in problems)
                written += len(batch) - len(problems)
    except (Retry, OSError) as failure:
        print(f"stopped after {written} readings: {failure}; run it again, what is there already "
              "is only written over", file=sys.stderr)  # fmt: skip
        return 1
    seconds = perf_counter() - began
    print(f"{written} readings written in {seconds:.1f} s")
    for reason, n in refused.most_common(10):
        print(f"{n} refused: {reason}")
    return 1 if refused else 0


async def _write(sink: ReadingSink, batch: Sequence[Reading]) -> Sequence[tuple[Reading, str]]:
    pace = Pace(random.random)
    for _ in range(TRIES - 1):
        try:
            return await sink.write(batch)
        except Barred:
            raise
        except (Retry, OSError) as failure:
            await asyncio.sleep(pace.after(failure))
    return await sink.write(batch)


def _readings(series: Iterator[Columns]) -> Iterator[Reading]:
    """As the running gateway sends them, so that they meet their own points."""
    for piece in series:
        rows = zip(piece.when.tolist(), piece.value.tolist(), piece.quality.tolist(), strict=True)
        for i, (when, value, quality) in enumerate(rows):
            yield Reading(
                piece.device,
                piece.quantity,
                piece.texts.get(i, value),
                when,
                quality=quality,
                unit=piece.unit,
            )


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time like 2026-05-01T08:00") from error


def _millis(moment: datetime, zone: ZoneInfo) -> Millis:
    """Without an offset it is the site's own time."""
    known = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return round(known.timestamp() * 1000)
