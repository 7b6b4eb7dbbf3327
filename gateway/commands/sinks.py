"""`linli sinks`: try a destination before the first real incident does."""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from config.load import Invalid, load
from config.schema import Config
from gateway.clock import SystemClock
from gateway.exchange import listening
from gateway.health import PartsHealth
from gateway.model import Envelope, Incident, Millis, Phase, Quality, Reading, Reason, Status
from gateway.ports import Barred, ReadingSinkSpec, Reject, Retry, SinkSpec, Surroundings

HELP = "Send a marked test incident (or reading) to a destination and show what it says."
EXAMPLE = "  linli sinks test my-site city"
LONGEST_BODY = 4000
"""Bytes of what is sent that are shown."""
LIMIT = 120.0
"""Seconds that one step may take."""


class Step(NamedTuple):
    """One thing that was tried, and what the other side said if it failed."""

    what: str
    ok: bool
    said: str
    seconds: float
    exchange: Sequence[str] = ()
    """What went to and fro."""


def arguments(parser: argparse.ArgumentParser) -> None:
    jobs = parser.add_subparsers(dest="job", metavar="JOB", required=True)
    test = jobs.add_parser("test", help="send a test incident through one destination")
    test.add_argument("site", type=Path, metavar="DIR", help="the site's folder")
    test.add_argument("name", metavar="NAME", help="the destination's id in gateway.yaml")
    test.add_argument(
        "--bodies", action="store_true", help="what is sent, too; passwords may stand in it"
    )
    test.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    try:
        config = load(args.site)
    except Invalid as error:
        print(f"{args.site} has {len(error.problems)} problem(s); see linli check", file=sys.stderr)
        return 1
    known: dict[str, SinkSpec | ReadingSinkSpec] = {}
    known.update((spec.id, spec) for spec in config.sinks)
    known.update((spec.id, spec) for spec in config.reading_sinks)
    if args.name not in known:
        names = ", ".join(known) or "none"
        print(f"there is no destination {args.name!r}; there are: {names}", file=sys.stderr)
        return 2
    return asyncio.run(_test(config, known[args.name], args.json, args.bodies))


async def _test(
    config: Config, spec: SinkSpec | ReadingSinkSpec, as_json: bool, bodies: bool
) -> int:
    listen = _Exchange(bodies)
    with listening(listen):
        return await _tried(config, spec, as_json, listen)


class _Exchange:
    """Collects the lines of one step."""

    def __init__(self, bodies: bool) -> None:
        self._bodies = bodies
        self._lines: list[str] = []

    def __call__(self, words: str, sent: bytes) -> None:
        self._lines.append(words)
        if self._bodies and sent:
            self._lines += sent[:LONGEST_BODY].decode(errors="replace").splitlines()

    def taken(self) -> list[str]:
        """What was heard since the last time."""
        lines, self._lines = self._lines, []
        return lines


async def _tried(
    config: Config,
    spec: SinkSpec | ReadingSinkSpec,
    as_json: bool,
    listen: _Exchange,
) -> int:
    steps: list[Step] = []
    tried = _incident(config, spec) if isinstance(spec, SinkSpec) else _reading(config, spec)
    async for made in tried:
        step = made._replace(exchange=listen.taken())
        steps.append(step)
        if not as_json:
            print(f"{'good' if step.ok else 'BAD '}  {step.what} ({step.seconds:.2f} s)")
            for line in step.exchange:
                print(f"      | {line}")
            if step.said:
                print(f"      {step.said}")
        if not step.ok:
            break
    if as_json:
        print(json.dumps([step._asdict() for step in steps], ensure_ascii=False, indent=1))
    return 0 if all(step.ok for step in steps) else 1


async def _incident(config: Config, spec: SinkSpec) -> AsyncIterator[Step]:
    around = _around(config)
    now = around.clock.now()
    tries: list[tuple[Phase, Status, int, str]] = [
        ("opened", "open", 0, "open a test incident"),
        ("opened", "open", 0, "send the same again: the platform must count it once"),
        ("void", "void", 1, "close it as void"),
    ]
    for phase, status, seq, what in tries:
        incident = _marked(config, now, status, seq)
        envelope = Envelope(f"{incident.id}-{seq}", spec.id, phase, incident)
        yield await _step(f"{what} ({envelope.id})", _send(spec, around, envelope))


async def _send(spec: SinkSpec, around: Surroundings, envelope: Envelope) -> None:
    async with spec.open(around) as sink:
        await sink.send(envelope)


async def _reading(config: Config, spec: ReadingSinkSpec) -> AsyncIterator[Step]:
    around = _around(config)
    mark = Reading("linli-test", "linli_test", 1.0, around.clock.now(), quality=Quality.SIMULATED)

    async def write() -> None:
        async with spec.open(around) as sink:
            refused = await sink.write([mark])
        if refused:
            raise Reject(refused[0][1])

    yield await _step("write the reading linli_test of the device linli-test", write())


async def _step(what: str, doing: Coroutine[Any, Any, None]) -> Step:
    loop = asyncio.get_running_loop()
    start = loop.time()
    try:
        async with asyncio.timeout(LIMIT):
            await doing
    except Barred as failure:
        ok, said = False, f"a person has to act: {failure}"
    except Reject as failure:
        ok, said = False, f"it would go to the dead letters: {failure}"
    except (Retry, OSError) as failure:
        ok, said = False, f"it would be tried again: {failure or type(failure).__name__}"
    else:
        ok, said = True, ""
    return Step(what, ok, said, round(loop.time() - start, 3))


def _marked(config: Config, now: Millis, status: Status, seq: int) -> Incident:
    """An incident that nobody can take for a real one."""
    return Incident(
        id=f"linli-test-{now}",
        kind="test",
        rule="linli_sinks_test",
        key="linli-test",
        title="TEST 测试 – please ignore, sent by an operator of Linli",
        severity="info",
        status=status,
        place=config.site.place,
        opened_at=now,
        updated_at=now + seq,
        since=now,
        closed_at=now + seq if status == "void" else None,
        seq=seq,
        reasons=(Reason("an operator ran `linli sinks test`"),),
    )


def _around(config: Config) -> Surroundings:
    clock = SystemClock()
    return Surroundings(
        root=config.root,
        site=config.site.id,
        clock=clock,
        health=PartsHealth(clock),
        evidence_url=str,  # the test incident has no picture
        evidence_file=Path,
    )
