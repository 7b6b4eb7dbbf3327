"""Why a rule fires, or does not: what it knows, what it waits for, what holds it back."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from gateway.model import Duration, Millis, Reason, Subject
from rules.cell import Cell, Group
from rules.engine import Engine, cells_of
from rules.rule import Rule


class Witness(Engine):
    """An engine that passes nothing over: what changed nothing is still the last thing heard."""

    def _cell(self, rule: Rule, subject: Subject) -> Cell:
        cell = super()._cell(rule, subject)
        cell.calm = None
        return cell


class Standing(msgspec.Struct, frozen=True):
    """How one device (or place) stands with a rule."""

    device: str
    state: str
    """holds, does not hold, or unknown."""
    lines: tuple[str, ...]
    """Why, and what else matters; for people."""


class Explanation(msgspec.Struct, frozen=True):
    rule: str
    key: str
    open: bool
    lines: tuple[str, ...]
    devices: tuple[Standing, ...]


def explain(engine: Witness, rule: Rule, now: Millis, zone: ZoneInfo) -> list[Explanation]:
    """How each key stands with *rule* at *now*, to which *engine* has been advanced."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells_of(engine, rule.id):
        groups.setdefault(cell.group.unit, []).append(cell)
    return [
        Explanation(
            rule.id,
            key,
            cells[0].group.told is not None,
            tuple(_about_group(cells[0].group, now, zone)),
            tuple(_standing(cell, now, zone) for cell in cells),
        )
        for key, cells in sorted(groups.items())
    ]


def _about_group(group: Group, now: Millis, zone: ZoneInfo) -> Iterator[str]:
    rule = group.rule
    if group.told is not None:
        told = group.told
        yield f"an incident is open since {_time(told.opened, zone)}, {told.severity}"
        return
    yield "no incident is open"
    if rule.schedule is not None:
        window = rule.schedule.window(now, zone)
        if not window.active:
            yield f"outside of its hours until {_time(window.end, zone)}"
    if group.opened is not None and now < group.opened + rule.cooldown:
        until = _time(group.opened + rule.cooldown, zone)
        yield f"cooldown: the last one opened {_time(group.opened, zone)}, none before {until}"
    if group.firing and group.blocked_by:
        yield f"explained by the open incident of {', '.join(group.blocked_by)}"
    if group.firing and group.hush.until is not None:
        ends = _time(group.hush.until, zone)
        yield from (f"{one.said().text}; until {ends}" for one in group.hush.by)


def _standing(cell: Cell, now: Millis, zone: ZoneInfo) -> Standing:
    rule, life = cell.rule, cell.life
    verdict = rule.verdict(cell.state, now, life.firing)
    stale = cell.stale is not None and now > cell.seen + cell.stale
    if stale and verdict is not life.firing:
        verdict = None
    state = {True: "holds", False: "does not hold", None: "unknown"}[verdict]
    lines = [reason.text for reason in _reasons(cell, verdict, now)]
    lines.append(f"last heard {_time(cell.seen, zone)}")
    if stale:
        lines.append(f"that is longer ago than the {Duration(cell.stale or 0)} a value stands for")
    lines += _waiting(cell, now, zone)
    return Standing(cell.subject.id, state, tuple(lines))


def _reasons(cell: Cell, verdict: bool | None, now: Millis) -> tuple[Reason, ...]:
    if verdict is None:
        return ()
    if verdict or cell.life.firing:
        return cell.rule.report(cell.state, now, verdict).reasons
    return cell.rule.rest(cell.state, now)


def _waiting(cell: Cell, now: Millis, zone: ZoneInfo) -> Iterator[str]:
    life, rule = cell.life, cell.rule
    if life.turn is None:
        return
    wanted = rule.keep_for if life.firing else rule.wait
    until = life.paused if life.paused is not None else now
    been = Duration(until - life.turn)
    what = "gone" if life.firing else "holding"
    if life.paused is not None:
        yield f"{what} for {been} of {wanted}; stands still since {_time(life.paused, zone)}"
    else:
        end = _time(life.turn + wanted, zone)
        verb = "closes" if life.firing else "opens"
        yield f"{what} for {been} of {wanted}; {verb} {end} if nothing changes"


def _time(at: Millis, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at / 1000, zone):%Y-%m-%d %H:%M:%S}"
