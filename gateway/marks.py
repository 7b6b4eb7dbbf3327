"""How a version of an incident is known again on a platform that has no key for it: by a mark at
the end of its text, `[linli east 0b5… #0 opened]`."""

from gateway.model import Incident, Phase


def mark(site: str, incident: Incident, phase: Phase | None = None) -> str:
    """By which a version is known again; without *phase*, the incident."""
    start = f"[linli {site} {incident.id} #"
    return f"{start}{incident.seq} {phase}]" if phase else start


def words(incident: Incident, mark: str, longest: int) -> str:
    """Words for people, then the mark, which is never cut. *longest*: characters of both."""
    told = [incident.title, *(reason.text for reason in incident.reasons), incident.note]
    text = "\n".join(filter(None, told))[: longest - len(mark) - 1]
    return f"{text}\n{mark}"
