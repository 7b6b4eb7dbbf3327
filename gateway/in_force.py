"""The site in force, until the next change: what incidents are called, who is told, who is meant.

What holds on to a configuration for longer than one call holds on to this.
"""

from collections.abc import Mapping
from typing import NamedTuple

from config.schema import Config
from devices.decoder import Decoder
from gateway.escalation import Rung
from gateway.incidents import Account
from gateway.ladder import ladder
from gateway.model import Incident, Place, Signal, Subject
from gateway.routes import Route, told
from gateway.shadow import Shadow
from rules.engine import Engine

LATER = ("site", "store", "console", "sources", "sinks", "reading_sinks")
"""Parts of a site that a change reaches with the next start only."""


class Judges(NamedTuple):
    """What reads messages and what judges them, made for one site."""

    decoder: Decoder
    engine: Engine
    shadow: Shadow
    subjects: Mapping[str, Subject]


class InForce:
    def __init__(self, config: Config) -> None:
        self.adopt(config, judges(config))

    def adopt(self, config: Config, made: Judges) -> None:
        self.config, self.judges = config, made
        self._rules = {rule.id: rule for rule in config.rules}
        self._routes = {sink.id: sink.route.beyond(config.site.local) for sink in config.sinks}

    def account(self, signal: Signal) -> Account:
        return account(self.judges.engine, self._routes, signal)

    def steps(self, incident: Incident) -> tuple[Rung, ...]:
        return ladder(self._rules, self._routes, incident)

    def place_of(self, device: str) -> Place:
        subject = self.judges.subjects.get(device)
        return Place() if subject is None else subject.place

    def next(self, config: Config) -> tuple[Config, tuple[str, ...]]:
        """As much of *config* as can be put in force now, and the parts that wait for a start."""
        now = self.config
        waiting = tuple(part for part in LATER if getattr(config, part) != getattr(now, part))
        if config.cameras and not now.cameras:
            waiting = (*waiting, "cameras")
        held = {part: getattr(now, part) for part in waiting}
        return config._replace(**held), waiting


def judges(config: Config) -> Judges:
    decoder = Decoder(config.devices, config.site.place, config.site.zone)
    subjects = {**decoder.subjects(), **_cameras(config)}
    engine = Engine(config.rules, subjects, config.site.zone, config.silences)
    shadow = Shadow(config.shadows, config.rules, subjects, config.site.zone, config.silences)
    return Judges(decoder, engine, shadow, subjects)


def _cameras(config: Config) -> dict[str, Subject]:
    """Cameras as rules know them; one that says no place of its own stands at the site's."""
    return {
        c.id: Subject(c.id, c.name, config.site.place if c.place == Place() else c.place, c.tags)
        for c in config.cameras
    }


def account(engine: Engine, routes: Mapping[str, Route], signal: Signal) -> Account:
    """What an incident is called: the rule's words about the subject's name and place; and who
    is told of it."""
    rule, subject = engine.rule(signal.rule), engine.subject(signal)
    severity = signal.severity or rule.severity
    return Account(
        kind=rule.incident,
        title=rule.titled(subject, signal),
        severity=severity,
        place=subject.place,
        sinks=told(routes, rule.id, rule.incident, severity, subject.place),
    )
