"""What is sent to whom of a change of an incident."""

from collections.abc import Iterator

from msgspec.structs import replace

from gateway.incidents import Change
from gateway.model import Envelope, Incident

PICTURES_OF = "{}/pictures"
"""How the line of the pictures for a sink is called, where it has one."""


def posted(incident: Incident, sink: str) -> Envelope:
    return Envelope(f"{incident.id}-{incident.seq}", sink, "opened", incident)


def hears(sink: str, change: Change) -> bool:
    if change.only_newly:
        return sink in change.newly
    return change.incident.sinks is None or sink in change.incident.sinks


def addressed(change: Change, sink: str) -> Iterator[Envelope]:
    """Who hears of an incident for the first time hears that it was opened. In a line of pictures
    there is one envelope for each; the outbox takes each once."""
    incident, (name, _, line) = change.incident, sink.partition("/")
    if line:
        pair = dict.fromkeys((*incident.evidence[:1], *incident.evidence[-1:]))
        for picture in pair:
            id = f"picture-{incident.id}-{picture.sha256[:16]}"
            yield Envelope(id, sink, change.phase, replace(incident, evidence=(picture,)))
        return
    phase = "opened" if name in change.newly else change.phase
    yield Envelope(f"{incident.id}-{incident.seq}", sink, phase, incident)
