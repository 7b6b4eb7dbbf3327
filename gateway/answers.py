"""What becomes of an incident at a platform, on its way into the spine.

delivery  -> accepted (as …), rejected (because …), failed
polling   -> assigned, rejected, closed              (platforms that only answer when asked)
callbacks -> gateway.callbacks
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from typing import Protocol

from gateway.answered import last_answer, tells
from gateway.model import Answer, AnswerState, Envelope, Incident, Millis, Status
from gateway.ports import Answering, Inbox, Reject, Retry, SinkSpec, Surroundings
from gateway.store.failures import StoreFailed

ON_DISK = 1.0
"""Seconds that a delivery waits for an answer to be on disk before it goes on: on a slow medium
it is better to lose the number of a case than to deliver one incident per commit."""
ASKED = 200
"""Incidents, the newest, that are asked about in one round."""
LOOKED_AT = 1000
PENDING: frozenset[AnswerState] = frozenset({"accepted", "assigned"})

Tell = Callable[[Answer], Awaitable[None]]
"""Takes an answer in."""


class Incidents(Protocol):
    async def incidents(
        self,
        status: Collection[Status] | None = None,
        limit: int = 100,
        before: Millis | None = None,
    ) -> Sequence[Incident]: ...


def teller(inbox: Inbox) -> Tell:
    """Hands answers to the spine and waits a little until they are committed."""

    async def tell(answer: Answer) -> None:
        on_disk = asyncio.Event()
        await inbox.put([answer], on_disk.set)
        with suppress(TimeoutError):
            async with asyncio.timeout(ON_DISK):
                await on_disk.wait()

    return tell


async def note(
    tell: Tell, envelope: Envelope, state: AnswerState, *, reference: str = "", text: str = ""
) -> None:
    """Tell what a delivery of *envelope* came to, unless the incident knew it already then."""
    answer = Answer(envelope.incident.id, envelope.sink, state, reference, text)
    if tells(envelope.incident, answer):
        await tell(answer)


def pending(incidents: Sequence[Incident], sink: str) -> list[tuple[str, str]]:
    """Incident and reference of those that *sink* has taken and not ended."""
    found = []
    for incident in incidents:
        last = last_answer(incident, sink)
        told = (one.reference for one in reversed(incident.answers) if one.sink == sink)
        reference = next(filter(None, told), "")
        if last and last.state in PENDING and reference:
            found.append((incident.id, reference))
    return found[:ASKED]


async def follow(spec: SinkSpec, around: Surroundings, store: Incidents, tell: Tell) -> None:
    """Ask the platform of *spec* now and then what became of what it took, for ever; return at
    once where it cannot be asked."""
    while spec.poll:
        await asyncio.sleep(spec.poll.seconds)
        try:
            cases = pending(await store.incidents(limit=LOOKED_AT), spec.id)
            if cases and not await _round(spec, around, cases, tell):
                return
        except (Retry, Reject, OSError, StoreFailed) as failure:
            around.health.count("polls_failed", part=spec.id, why=type(failure).__name__)


async def _round(
    spec: SinkSpec, around: Surroundings, cases: Sequence[tuple[str, str]], tell: Tell
) -> bool:
    """False: this sink has no way to ask."""
    async with spec.open(around) as sink:
        if not isinstance(sink, Answering):
            return False
        for incident, reference in cases:
            if answer := await sink.ask(incident, reference):
                await tell(answer)
    return True
