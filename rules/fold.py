"""Firing cells -> one incident's signals: opened once, updated when there is more to say."""

from operator import attrgetter

from gateway.model import Millis, Severity, Signal
from rules.cell import Cell, Group, Told
from rules.rule import Report, Rule

MOST_REASONS = 5
PACE = 10_000
"""Milliseconds. Forty devices of one place that fire within a second are one incident, told once
and then updated once."""
RANKS: dict[Severity, int] = {"info": 0, "minor": 1, "major": 2, "critical": 3}


def settle(group: Group, now: Millis, last: Cell | None, blocked: bool) -> Signal | None:
    """What is to be said of *group* after a change at *now*; None when nothing is.

    *last* is the cell that changed, *blocked* keeps the incident from opening.
    """
    if not group.firing:
        group.held_back = ()
        return _end(group, now, last) if group.told else None
    if group.told is None and (blocked or now < _ready(group, now)):
        return None
    report = report_of(group, now)
    told = group.told or Told(
        now, _onset(group, now), group.rule.severity, held_back=group.held_back
    )
    severity = _severity(group.rule, now - told.opened, len(report.devices))
    told = told.heard(report.devices, report.evidence)
    told = told._replace(severity=max(told.severity, severity, key=RANKS.__getitem__))
    before = group.told
    if before is not None and not _worth_saying(before, told, now):
        group.told = told._replace(unsaid=told != before or before.unsaid)
        return None
    group.told, group.held_back = told._replace(said_at=now, unsaid=False), ()
    if before is None:
        group.opened = now
    return _signal(group, group.told, report, now, update=before is not None)


def _worth_saying(before: Told, told: Told, now: Millis) -> bool:
    """Whether an update is due: at once where there are new pictures or it is more severe, and
    for all devices that join within `PACE` once."""
    if (before.severity, before.evidence) != (told.severity, told.evidence):
        return True
    joined = before.unsaid or told.devices != before.devices
    return joined and now >= before.said_at + PACE


def due(group: Group, now: Millis) -> Millis | None:
    """When the passing of time alone gives *group* something to say."""
    if group.told is None:
        ready = _ready(group, now)
        return ready if group.firing and ready > now else None
    told = group.told
    dues = [told.opened + step.after for step in group.rule.steps if step.after is not None]
    if told.unsaid:
        dues.append(told.said_at + PACE)
    return min((at for at in dues if at > now), default=None)


def standing(group: Group, now: Millis) -> Signal | None:
    """The signal of an incident that is open, as it would be told at *now*."""
    if group.told is None:
        return None
    report = report_of(group, now)
    return _signal(group, group.told, report, group.told.opened, update=False)


def _severity(rule: Rule, open_for: int, devices: int) -> Severity:
    """How severe an incident is that has been open for so long, with so many devices."""
    reached = [
        step.severity
        for step in rule.steps
        if (step.after is not None and open_for >= step.after)
        or (step.devices is not None and devices >= step.devices)
    ]
    return max([rule.severity, *reached], key=RANKS.__getitem__)


def _ready(group: Group, now: Millis) -> Millis:
    return now if group.opened is None else group.opened + group.rule.cooldown


def _onset(group: Group, now: Millis) -> Millis:
    onsets = (cell.life.onset for cell in group.firing.values())
    return min((onset for onset in onsets if onset is not None), default=now)


def _end(group: Group, now: Millis, last: Cell | None) -> Signal:
    assert group.told is not None  # noqa: S101 - the caller asked
    told, group.told = group.told, None
    report = last.rule.report(last.state, now, False) if last else Report()
    return Signal(
        rule=group.rule.id,
        key=group.unit,
        firing=False,
        at=now,
        since=told.since,
        reasons=report.reasons[:MOST_REASONS],
        devices=told.devices,
        evidence=report.evidence,
        confidence=report.confidence,
        severity=told.severity,
    )


def _signal(group: Group, told: Told, report: Report, at: Millis, *, update: bool) -> Signal:
    return Signal(
        rule=group.rule.id,
        key=group.unit,
        firing=True,
        at=at,
        since=told.since,
        reasons=(report.reasons[:MOST_REASONS] + told.held_back),
        devices=told.devices,
        evidence=report.evidence,
        confidence=report.confidence,
        update=update,
        severity=told.severity,
    )


def report_of(group: Group, now: Millis) -> Report:
    """What all firing cells have to tell, the longest firing first."""
    cells = sorted(group.firing.values(), key=attrgetter("life.onset", "unit"))
    reports = [cell.rule.report(cell.state, now, True) for cell in cells]
    own = () if group.rule.joint else tuple(cell.subject.id for cell in cells)
    named = tuple(device for report in reports for device in report.devices)
    return Report(
        reasons=tuple(reason for report in reports for reason in report.reasons),
        devices=tuple(dict.fromkeys(own + named)),
        evidence=tuple(dict.fromkeys(e for report in reports for e in report.evidence)),
        confidence=max((report.confidence for report in reports), default=1.0),
    )
