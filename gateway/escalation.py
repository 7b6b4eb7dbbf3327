"""What happens to an incident that nobody takes up: it grows worse, and others are told.

How far an incident has come stands in the incident itself, so that a restart goes on from there:
what fell due meanwhile is told at the start, at its own instant.
"""

from typing import NamedTuple

from msgspec.structs import replace

from gateway.model import Duration, Incident, Millis, Reason, Severity
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


def due(incident: Incident, rungs: tuple[Rung, ...]) -> Millis | None:
    """When *incident* climbs its next rung, unless somebody takes it up before."""
    if incident.status != "open" or incident.escalated >= len(rungs):
        return None
    return incident.opened_at + rungs[incident.escalated].after


def climbed(incident: Incident, rung: Rung) -> Incident:
    """*incident* a rung higher, with the reason why."""
    why = Reason(f"nobody took it up within {rung.after}", code=UNTAKEN, lasted=rung.after.seconds)
    sinks = None if incident.sinks is None else joined(incident.sinks, rung.sinks)
    return replace(
        incident,
        severity=worse(incident.severity, rung.severity),
        sinks=sinks,
        reasons=(*(r for r in incident.reasons if r.code != UNTAKEN), why),
        escalated=incident.escalated + 1,
    )


def worse(one: Severity, other: Severity) -> Severity:
    return max(one, other, key=SEVERITIES.index)
