"""The composition root: the only place where parts meet, and every task has a name.

sources --> inbox --> pump (spine, store) --> outbox --> sinks
                        ^                     journal -> time-series sinks
console and API --------+
"""

import asyncio
import logging
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from config.schema import Config
from gateway import almanac, links
from gateway.api.desk import Desk
from gateway.api.server import serve
from gateway.audit import AuditLog
from gateway.box_key import box_key
from gateway.clock import SystemClock
from gateway.discovered import Discovered
from gateway.health import PartsHealth
from gateway.in_force import InForce, judges
from gateway.incidents import CLOSED, REMEMBERED, Ledger
from gateway.intake import BoundedInbox, supervise
from gateway.latest import Latest
from gateway.model import Duration, Millis
from gateway.pace import rest
from gateway.ports import Clock, Surroundings
from gateway.precedence import Precedence
from gateway.pump import Pump
from gateway.registrar import Registrar, recalled
from gateway.senders import Bells, lines, start
from gateway.service import notify
from gateway.sources.cameras import Cameras
from gateway.spine import Spine, Turn
from gateway.store import Store
from gateway.workshop import Workshop
from gateway.yaml_edit import put

log = logging.getLogger("linli")

GRACE = 10.0
"""Seconds that a stop may take to drain the inbox, or to end a group of tasks."""
TRIES = 5
LINK_LIFE = Duration.parse("30d")
"""How long a link to evidence is good: longer than a long outage of the uplink."""


class Parts(NamedTuple):
    """What is built of a configuration before anything runs."""

    force: InForce
    clock: Clock
    around: Surroundings
    health: PartsHealth
    store: Store
    spine: Spine
    inbox: BoundedInbox
    latest: Latest
    discovered: Discovered
    link_key: bytes


async def run(config: Config, clock: SystemClock, stop: asyncio.Event) -> None:
    """Run a site until *stop* is set."""
    store = await asyncio.to_thread(Store.open, config.root / "data" / "linli.db", config.store)
    try:
        parts = await build(config, clock, store)
        cameras = Cameras(config.cameras, parts.around) if config.cameras else None
        await _live(parts, cameras, stop)
    finally:
        await asyncio.to_thread(store.close)


async def build(config: Config, clock: SystemClock, store: Store) -> Parts:
    """Make the parts and bring the rules back to where the journal says they were."""
    health, key = PartsHealth(clock), box_key(config.root)
    force = InForce(config)
    ledger = Ledger(force.account, force.steps)
    made = force.judges
    spine = Spine(made.decoder, made.engine, ledger, lines(config.sinks), made.shadow)
    await store.journal.keep([sink.id for sink in config.reading_sinks])
    recall = await asyncio.to_thread(store.recall)
    clock.not_before(recall.at)
    closed = await store.incidents(CLOSED, limit=REMEMBERED)
    ledger.remember([*reversed(closed), *recall.incidents])
    await asyncio.to_thread(spine.restore, recall.snapshot, recall.tail)
    around = Surroundings(
        root=config.root,
        site=config.site.id,
        clock=clock,
        health=health,
        evidence_url=lambda sha256: links.link(
            config.console.url, key, sha256, clock.now() + LINK_LIFE
        ),
        evidence_file=lambda sha256: evidence_file(config.root, sha256),
        place_of=force.place_of,
        precedence=Precedence(),
    )
    discovered = await asyncio.to_thread(recalled, _strangers(config.root))
    return Parts(
        force,
        clock,
        around,
        health,
        store,
        spine,
        BoundedInbox(),
        spine.latest,
        discovered,
        key,
    )


def _strangers(root: Path) -> Path:
    """Where discovered devices outlive a restart."""
    return root / "data" / "discovered"


def evidence_file(root: Path, sha256: str) -> Path:
    return root / "data" / "evidence" / sha256[:2] / f"{sha256}.jpg"


async def _live(parts: Parts, cameras: Cameras | None, stop: asyncio.Event) -> None:
    force, news = parts.force, _News(parts)
    config = force.config
    pump = _pump(parts, cameras, news)
    await pump.commit(parts.spine.reconcile(parts.clock.now()))
    desk = _desk(parts, cameras)
    apply = partial(_apply, parts, pump, desk, cameras)
    workshop = Workshop(config, parts.store.revisions, parts.clock, parts.health, apply)
    strangers = _strangers(config.root)
    registrar = Registrar(
        parts.discovered, lambda: force.config, parts.inbox, parts.clock, strangers, (workshop, put)
    )
    desk.workshop, desk.registrar = workshop, registrar
    async with asyncio.TaskGroup() as tasks:
        senders = start(config, parts.around, parts.store, parts.inbox, news.bells, tasks)
        pumping = tasks.create_task(pump.run(), name="pump")
        intakes = _intakes(parts, cameras, tasks)
        serving = tasks.create_task(serve(desk, config.console), name="console")
        watch = almanac.watch(lambda: force.config, config.site.zone, parts.clock, parts.health)
        watching = [
            tasks.create_task(watch, name="calendar"),
            tasks.create_task(registrar.watch(), name="discovered"),
            tasks.create_task(workshop.watch(), name="site"),
        ]
        notify("READY=1")
        await stop.wait()
        notify("STOPPING=1")
        log.info("stopping")
        await _end(intakes)
        await _end([serving, *watching])
        await _end([pumping])
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await pump.drain()
        await _end(senders)


def _pump(parts: Parts, cameras: Cameras | None, news: "_News") -> Pump:
    config = parts.force.config
    return Pump(
        parts.inbox,
        parts.spine,
        parts.store,
        parts.clock,
        parts.health,
        feeds=cameras.feeds if cameras else {},
        after=news.tell,
        beat=lambda: notify("WATCHDOG=1"),
        rest=rest(config.store.linger, config.root / "data"),
    )


async def _apply(
    parts: Parts, pump: Pump, desk: Desk, cameras: Cameras | None, config: Config
) -> tuple[str, ...]:
    """Put a changed site in force between two turns; returns the parts that wait for a start."""
    force = parts.force
    config, waiting = force.next(config)
    made = await asyncio.to_thread(judges, config)

    def change(now: Millis) -> Turn:
        return parts.spine.adopt(
            made.decoder, made.engine, made.shadow, now, lambda: force.adopt(config, made)
        )

    await pump.between(change)
    desk.config, desk.rules, desk.subjects = config, config.rules, made.subjects
    if cameras:
        cameras.replace(config.cameras)
    return waiting


class _News:
    """Wakes the senders, and keeps what "now" is, after each commit."""

    def __init__(self, parts: Parts) -> None:
        self._discovered = parts.discovered
        self.bells = Bells.of(parts.force.config)

    def tell(self, turn: Turn) -> None:
        self._discovered.update(turn.unknown, turn.batch.at)
        for event in self.bells.incidents.values() if turn.batch.envelopes else ():
            event.set()
        for event in self.bells.readings.values() if turn.batch.readings else ():
            event.set()


def _intakes(
    parts: Parts, cameras: Cameras | None, tasks: asyncio.TaskGroup
) -> list[asyncio.Task[None]]:
    sources = [(spec.id, spec.build(parts.around)) for spec in parts.force.config.sources]
    if cameras:
        sources.append(("cameras", cameras))
    return [
        tasks.create_task(
            supervise(name, source, parts.inbox, parts.health, Random()),  # noqa: S311 - jitter
            name=f"source:{name}",
        )
        for name, source in sources
    ]


def _desk(parts: Parts, cameras: Cameras | None) -> Desk:
    config = parts.force.config
    return Desk(
        site=config.site.name or config.site.id,
        root=config.root,
        config=config,
        clock=parts.clock,
        health=parts.health,
        store=parts.store,
        inbox=parts.inbox,
        latest=parts.latest,
        pictures=cameras.pictures if cameras else {},
        subjects=parts.force.judges.subjects,
        evidence_file=parts.around.evidence_file,
        link_key=parts.link_key,
        audit=AuditLog(parts.store.audit, parts.clock),
        discovered=parts.discovered,
        rules=config.rules,
        history=config.root / "data" / "linli.db",
        rehearsals=cameras.rehearsals if cameras else None,
    )


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel, and once more where a task lost the first one: up to Python 3.12 a TaskGroup that
    fails at the very moment of a cancellation tells only of the failure."""
    pending = set(tasks)
    for _ in range(TRIES):
        for task in pending:
            task.cancel()
        if pending:
            _, pending = await asyncio.wait(pending, timeout=GRACE / TRIES)
    for task in pending:
        log.warning("%s does not end", task.get_name())
