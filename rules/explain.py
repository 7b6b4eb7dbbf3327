"""Why a rule fires, or does not: what it knows, what it waits for, what holds it back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from gateway.model import Duration, Millis, Reason, Subject
from rules.cell import Cell, Group
from rules.engine import UTC, Engine
from rules.rule import Rule
from rules.silences import SilenceSpec


class Witness(Engine):
    """An engine that passes nothing over: what changed nothing is still the last thing heard."""

    def __init__(
        self,
        rules: Sequence[Rule],
        subjects: Mapping[str, Subject],
        zone: ZoneInfo = UTC,
        silences: Sequence[SilenceSpec] = (),
    ) -> None:
        super().__init__(rules, subjects, zone, silences)
        self._register.thorough = True

    def cells(self, rule: str) -> Iterator[Cell]:
        """All that it remembers for *rule*."""
        return (cell for (id, _), cell in self._register.cells.items() if id == rule)


class Standing(msgspec.Struct, frozen=True):
    """How one device (or place) stands with a rule."""

    device: str
    state: str
    """holds, does not hold, or unknown."""
    reasons: tuple[Reason, ...]
    """Why, and what else matters. Values of times are milliseconds since 1970."""


class Explanation(msgspec.Struct, frozen=True):
    rule: str
    key: str
    open: bool
    reasons: tuple[Reason, ...]
    """Why an incident is open, or what keeps one from opening."""
    devices: tuple[Standing, ...]


def explain(engine: Witness, rule: Rule, now: Millis, zone: ZoneInfo) -> list[Explanation]:
    """How each key stands with *rule* at *now*, to which *engine* has been advanced."""
    groups: dict[str, list[Cell]] = {}
    for cell in engine.cells(rule.id):
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


def _about_group(group: Group, now: Millis, zone: ZoneInfo) -> Iterator[Reason]:
    rule = group.rule
    if group.told is not None:
        told = group.told
        text = f"an incident is open since {_time(told.opened, zone)}, {told.severity}"
        yield Reason(text, value=told.opened, code="is_open")
        return
    yield Reason("no incident is open", code="none_open")
    if rule.schedule is not None:
        window = rule.schedule.window(now, zone)
        if not window.active:
            text = f"outside of its hours until {_time(window.end, zone)}"
            yield Reason(text, value=window.end, code="outside_hours")
    if group.opened is not None and now < group.opened + rule.cooldown:
        ready = group.opened + rule.cooldown
        since = _time(group.opened, zone)
        text = f"cooldown: the last one opened {since}, none before {_time(ready, zone)}"
        yield Reason(text, value=ready, code="cooldown")
    if group.firing and group.blocked_by:
        named = ", ".join(group.blocked_by)
        yield Reason(f"explained by the open incident of {named}", value=named, code="explained")
    until = group.hush.until
    for one in group.hush.by if group.firing and until is not None else ():
        said = one.said()
        text = f"{said.text}; until {_time(until or 0, zone)}"
        yield Reason(text, value=until, limit=said.value, code="silenced_until")


def _standing(cell: Cell, now: Millis, zone: ZoneInfo) -> Standing:
    rule, life = cell.rule, cell.life
    verdict = rule.verdict(cell.state, now, life.firing)
    stale = cell.stale is not None and now > cell.seen + cell.stale
    if stale and verdict is not life.firing:
        verdict = None
    state = {True: "holds", False: "does not hold", None: "unknown"}[verdict]
    why = [*_reasons(cell, verdict, now)]
    why.append(Reason(f"last heard {_time(cell.seen, zone)}", value=cell.seen, code="last_heard"))
    if stale:
        stands = Duration(cell.stale or 0)
        text = f"that is longer ago than the {stands} a value stands for"
        why.append(Reason(text, code="too_old", lasted=stands.seconds))
    why += _waiting(cell, zone, now)
    return Standing(cell.subject.id, state, tuple(why))


def _reasons(cell: Cell, verdict: bool | None, now: Millis) -> tuple[Reason, ...]:
    if verdict is None:
        return ()
    if verdict or cell.life.firing:
        return cell.rule.report(cell.state, now, verdict).reasons
    return cell.rule.rest(cell.state, now)


def _waiting(cell: Cell, zone: ZoneInfo, now: Millis) -> Iterator[Reason]:
    life, rule = cell.life, cell.rule
    if life.turn is None:
        return
    wanted = rule.keep_for if life.firing else rule.wait
    been = Duration((now if life.paused is None else life.paused) - life.turn)
    text = f"{'gone' if life.firing else 'holding'} for {been} of {wanted}"
    if life.paused is not None:
        at, code = life.paused, "stands_still"
        text += f"; stands still since {_time(at, zone)}"
    else:
        at, code = life.turn + wanted, "closes_at" if life.firing else "opens_at"
        verb = "closes" if life.firing else "opens"
        text += f"; {verb} {_time(at, zone)} if nothing changes"
    yield Reason(text, value=at, limit=wanted.seconds, code=code, lasted=been.seconds)


def _time(at: Millis, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at / 1000, zone):%Y-%m-%d %H:%M:%S}"
