"""What happens to an incident that nobody takes up: it grows worse, and others are told.

How far an incident has come stands in the incident itself, so that a restart goes on from there:
what fell due meanwhile is told at the start, at its own instant.
"""

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from gateway.model import Duration, Incident, Millis, Reason, Severity, Signal
from gateway.routes import SEVERITIES, joined

UNTAKEN = "unacknowledged"
"""The code of the reason that an escalation adds."""


class Rung(NamedTuple):
    """What is to be done when an incident has been open for so long without an answer."""

    after: Duration
    severity: Severity
    """At least."""
    sinks: tuple[str, ...]
    """Who is told by then."""


class Climbs:
    """When each open incident climbs its next rung, unless somebody takes it up before."""

    def __init__(self, ladder: Callable[[Incident], tuple[Rung, ...]]) -> None:
        self._ladder = ladder
        self._due: dict[str, Millis] = {}

    def watch(self, incident: Incident) -> None:
        """Take note of what *incident* is by now, or of a rule that has changed."""
        self._due.pop(incident.id, None)
        rungs = self._ladder(incident) if incident.status == "open" else ()
        if incident.escalated < len(rungs):
            self._due[incident.id] = incident.opened_at + rungs[incident.escalated].after

    def due(self) -> Millis | None:
        return min(self._due.values(), default=None)

    def ripe(self, now: Millis) -> list[str]:
        """The incidents that climb by *now*."""
        return [id for id, at in self._due.items() if at <= now]

    def climbed(self, incident: Incident, now: Millis) -> Incident | None:
        """*incident* a rung higher, with the reason why; None where it is not yet time, since its
        rule has changed."""
        self.watch(incident)
        if self._due.get(incident.id, now + 1) > now:
            return None
        rung = self._ladder(incident)[incident.escalated]
        text = f"nobody took it up within {rung.after}"
        why = Reason(text, code=UNTAKEN, lasted=rung.after.seconds)
        return replace(
            incident,
            severity=worse(incident.severity, rung.severity),
            sinks=None if incident.sinks is None else joined(incident.sinks, rung.sinks),
            reasons=(*(r for r in incident.reasons if r.code != UNTAKEN), why),
            escalated=incident.escalated + 1,
        )


def reasons(known: Incident, signal: Signal) -> tuple[Reason, ...]:
    """What *signal* says, and still that nobody took it up."""
    untaken = (reason for reason in known.reasons if reason.code == UNTAKEN)
    return (*signal.reasons, *untaken) if signal.reasons else known.reasons


def worse(one: Severity, other: Severity) -> Severity:
    return max(one, other, key=SEVERITIES.index)
