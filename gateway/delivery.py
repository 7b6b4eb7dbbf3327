"""Empties the outbox into the sinks. (Readings: gateway.projection.)

One task per sink, each with its own order and pace: a dead one never slows another. What the
sink says decides (`gateway.ports`):

    returns   done; the next one
    Retry     the line waits: full jitter, doubling, or as long as the other side wishes
    Barred    the line waits for minutes and is shown as failed, for a person has to act
    Choked    others go first; if it said so itself, given up when others pass and this never
    Reject    to the dead letters with the reason; the line moves on

Versions of one incident always leave in their order.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Protocol

from gateway.answers import Tell, note
from gateway.model import Envelope
from gateway.ports import (
    Barred,
    Choked,
    Health,
    Reject,
    Retry,
    Sink,
    Surroundings,
)
from gateway.precedence import INCIDENTS, Rank
from gateway.store.failures import StoreFailed

LOOK = 30.0
"""Seconds after which an idle task looks by itself; news normally wakes it at once."""
SLOW = 300.0
"""Seconds between tries while a person has to act."""
LONGEST = 3600.0
"""Seconds: no other side may make us wait longer."""
WINDOW = 100
"""Envelopes looked at when the first one cannot pass."""
PATIENCE = 8
"""Tries for an envelope on which the other side chokes while it takes others."""

Jitter = Callable[[], float]
"""Draws from [0, 1)."""


class Backlog(Protocol):
    @property
    def waiting(self) -> int: ...


class Outbox(Protocol):
    """Durable; what is `done` or buried is on disk when the call returns."""

    async def next(self, sink: str, limit: int = 1) -> Sequence[Envelope]: ...
    async def done(self, sink: str, ids: Sequence[str]) -> None: ...
    async def bury(self, sink: str, id: str, reason: str) -> None: ...
    async def backlog(self) -> Mapping[str, Backlog]: ...


class Pace:
    """How long to wait after a failure.

    Full jitter: drawn between nothing and a ceiling that doubles (M. Brooker, "Exponential
    Backoff And Jitter", 2015), so that a city of gateways does not come back in one moment.
    """

    def __init__(self, jitter: Jitter, base: float = 1.0, top: float = 60.0) -> None:
        self._jitter, self._base, self._top = jitter, base, top
        self._failures = 0

    def after(self, failure: Exception) -> float:
        """Seconds; counts the failure."""
        ceiling = min(self._top, self._base * 2.0 ** min(self._failures, 32))
        self._failures += 1
        wished = failure.after if isinstance(failure, Retry) else None
        if isinstance(failure, Barred):
            wished = max(wished or 0.0, SLOW)
        if wished is None:
            return ceiling * self._jitter()
        return min(max(wished, 0.0), LONGEST) + min(ceiling, self._base) * self._jitter()

    def reset(self) -> None:
        self._failures = 0


class Line:
    """Which envelope is tried next: the oldest, unless the other side chokes on its incident."""

    def __init__(self) -> None:
        self._chokes = Counter[str]()
        self._sure = Counter[str]()
        """How often it said itself that it failed on this incident."""
        self._alone: set[str] = set()
        """Incidents that choked while others passed."""

    @property
    def limit(self) -> int:
        """How many envelopes are worth reading from the outbox."""
        return WINDOW if self._chokes else 1

    def pick(self, waiting: Sequence[Envelope]) -> Envelope:
        first: dict[str, Envelope] = {}
        for envelope in waiting:
            first.setdefault(envelope.incident.id, envelope)
        return min(first.values(), key=lambda e: self._chokes.get(e.incident.id, 0))

    def choked(self, envelope: Envelope, sure: bool) -> bool:
        """True when it is time to give this one up."""
        key = envelope.incident.id
        self._chokes[key] += 1
        self._sure[key] += sure
        return sure and self._sure[key] >= PATIENCE and key in self._alone

    def left(self, envelope: Envelope) -> None:
        """It is out of the line, delivered or dead."""
        key = envelope.incident.id
        del self._chokes[key], self._sure[key]
        self._alone.discard(key)
        self._alone.update(self._chokes)


class Destination(Protocol):
    """As much of a SinkSpec as a delivery needs."""

    @property
    def id(self) -> str: ...
    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Sink]: ...


async def deliver(
    spec: Destination,
    around: Surroundings,
    outbox: Outbox,
    news: asyncio.Event,
    tell: Tell,
    jitter: Jitter = random.random,
    *,
    rank: Rank = INCIDENTS,
) -> None:
    """Empty *outbox* into the sink of *spec*, for ever. *news* is this task's own event, set when
    something was put into the outbox; *tell* takes what becomes of it. After a failure the sink is
    opened anew, so that a renewed certificate is read and no half-dead connection is kept."""
    pace, counter = Pace(jitter), _Counter(spec.id, outbox, around.health, tell)
    precedence = around.precedence
    while True:
        try:
            async with spec.open(around) as sink:
                while True:
                    news.clear()
                    if not await counter.waiting():
                        around.health.report(spec.id, "ok", "nothing waits")
                        await look_for(news)
                        continue
                    with precedence.sending(rank):
                        while waiting := await counter.waiting():
                            await precedence.clear(rank)
                            await counter.hand_over(sink, counter.line.pick(waiting))
                            pace.reset()
        except (Retry, OSError, StoreFailed) as failure:
            await wait_after(spec.id, failure, pace, around.health, await _waiting(outbox, spec.id))


class _Counter:
    """Where envelopes for one sink are handed over, and what came of it is written down."""

    def __init__(self, name: str, outbox: Outbox, health: Health, tell: Tell) -> None:
        self._name, self._outbox, self._health, self._tell = name, outbox, health, tell
        self.line = Line()

    async def waiting(self) -> Sequence[Envelope]:
        """What is worth looking at of what waits."""
        return await self._outbox.next(self._name, self.line.limit)

    async def hand_over(self, sink: Sink, envelope: Envelope) -> None:
        """Returns when the envelope is out of the line, one way or the other."""
        try:
            number = await sink.send(envelope)
        except Reject as refusal:
            await self._bury(envelope, str(refusal))
        except Choked as failure:
            if not self.line.choked(envelope, failure.sure):
                raise
            await self._bury(envelope, f"{failure}; it takes others")
        else:
            if number is not None:
                await note(self._tell, envelope, "accepted", reference=number)
            await self._outbox.done(self._name, [envelope.id])
            self._health.count("delivered", part=self._name)
            self._health.report(self._name, "ok", "delivering")
        self.line.left(envelope)

    async def _bury(self, envelope: Envelope, reason: str) -> None:
        await note(self._tell, envelope, "failed", text=reason)
        await self._outbox.bury(self._name, envelope.id, reason)
        self._health.count("dead", part=self._name)


async def _waiting(outbox: Outbox, name: str) -> int:
    with suppress(StoreFailed):  # then nobody knows, and the failure itself is told
        if backlog := (await outbox.backlog()).get(name):
            return backlog.waiting
    return 0


async def look_for(news: asyncio.Event) -> None:
    """Wait for *news*, or so long that one looks without."""
    with suppress(TimeoutError):
        await asyncio.wait_for(news.wait(), LOOK)


async def wait_after(
    name: str, failure: Exception, pace: Pace, health: Health, waiting: int = 0
) -> None:
    """Say how *name* failed, and wait as its *pace* says."""
    seconds = pace.after(failure)
    why = str(failure) or type(failure).__name__
    backlog = f"; {waiting} waiting" if waiting else ""
    state = "failed" if isinstance(failure, Barred) else "retrying"
    health.count("retries", part=name)
    health.report(name, state, f"{why}{backlog}; next try in {seconds:.0f} s")
    await asyncio.sleep(seconds)
