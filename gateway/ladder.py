"""The steps that a rule has for an incident that nobody takes up, and who is told at each."""

from collections.abc import Iterator, Mapping

from gateway.escalation import Rung, worse
from gateway.model import Incident
from gateway.routes import Route, joined, told
from rules.rule import Rule


def ladder(
    rules: Mapping[str, Rule], routes: Mapping[str, Route], incident: Incident
) -> tuple[Rung, ...]:
    """The steps of the rule of *incident*; none where it is gone."""
    rule = rules.get(incident.rule)
    return tuple(_rungs(rule, routes, incident)) if rule is not None else ()


def _rungs(rule: Rule, routes: Mapping[str, Route], incident: Incident) -> Iterator[Rung]:
    severity = incident.severity
    for step in rule.escalate:
        severity = worse(severity, step.severity or severity)
        takers = told(routes, rule.id, incident.kind, severity, incident.place)
        yield Rung(step.after, severity, joined(takers, step.tell))
