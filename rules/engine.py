"""Runs rules over observations. No clock, no I/O: the same calls replay the past.

    observation -> cells (rule, device): verdict, life -> group (rule, key) -> Signal
                    ^ timers, each at its own instant      ^

What a reading concerns is looked up once for each device and quantity, and kept.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from zoneinfo import ZoneInfo

from gateway.model import Millis, Observation, Quality, Reading, Signal, Subject
from rules import fold, memory
from rules.cell import NEVER, Cell, Group, Timed
from rules.lifecycle import QUIET, due, step
from rules.register import Register
from rules.routes import key_of, watches
from rules.rule import Rule
from rules.silences import Hush, SilenceSpec, hush
from rules.timers import Timers

UTC = ZoneInfo("UTC")
NO_HUSH = Hush()
DEAF = 60_000
"""Milliseconds. A shorter break is a restart, and nobody's silence is put off by it."""
BROKEN = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a kind with a mistake in it raises on data that its author did not think of (docs/adr/0008).
It passes over that one reading, and stops no other rule."""
_UNFIT = int(Quality.NOT_FOR_RULES)


class Engine:
    """Judges observations in the order of their `at`, which never goes back."""

    def __init__(
        self,
        rules: Sequence[Rule],
        subjects: Mapping[str, Subject],
        zone: ZoneInfo = UTC,
        silences: Sequence[SilenceSpec] = (),
    ) -> None:
        # Rules that explain others come first: at one instant they open before what they block.
        live = sorted((rule for rule in rules if rule.enabled), key=lambda rule: bool(rule.unless))
        self._rules = {rule.id: rule for rule in live}
        self._timers = Timers({rule.id: n for n, rule in enumerate(live)})
        self._every = {rule.id: rule for rule in rules}
        self._register = Register(live, subjects)
        self._blocked = {id: [r for r in live if id in r.unless] for id in self._rules}
        self._zone, self._silences = zone, tuple(silences)
        self._now: Millis = 0
        self._armed = False
        self.mistakes = Counter[tuple[str, str]]()
        """(rule, what it raised) -> how often a rule failed on something; whoever counts clears."""

    def observe(self, seen: Observation) -> Sequence[Signal]:
        """Judge one observation, after every timer that was due by then."""
        heap = self._timers.heap
        out = self._fire(seen.at) if heap and heap[0][0] <= seen.at else []
        self._now = max(self._now, seen.at)
        if isinstance(seen, Reading):
            if seen.quality & _UNFIT:
                return out
            where: tuple[str, str | None] = seen.device, seen.quantity
            value = seen.value if not isinstance(seen.value, str) else NEVER
            numeric = isfinite(value)
        else:
            where, value, numeric = (seen.camera, None), NEVER, True
        if not self._armed:
            self._arm(seen.at)
        route = self._register.routes.get(where)
        for cell, parts in self._register.route(where, seen.at) if route is None else route:
            if cell.low <= value <= cell.high or not (numeric or not cell.rule.numeric):
                continue
            cell.seen = seen.at
            try:
                news = False
                for part in parts:
                    news |= cell.rule.take(cell.state, seen, part)
                self._judge(cell, seen.at, out, news)
            except BROKEN as mistake:
                self._failed(cell, mistake)
        return out

    def advance(self, now: Millis) -> Sequence[Signal]:
        """Fire the timers due by *now*, each at its own instant, in order."""
        return self._fire(now)

    def due(self) -> Millis | None:
        """When `advance` next has something to do."""
        return self._timers.due()

    def snapshot(self) -> bytes:
        """All that is remembered; `restore` of an engine with the same rules goes on from it."""
        kept = self._register.cells.values(), self._register.groups.values()
        return memory.write(self._now, *kept, self._silences)

    def restore(self, blob: bytes) -> None:
        """Go on from *blob*. A rule whose condition has changed starts anew; one of which only
        the waiting has changed keeps what it knows, and is judged again at once."""
        if (kept := memory.read(blob)) is None:
            return
        self._now = kept.now
        hushed = kept.silences == memory.hushed(self._silences)
        for id, rule in self._rules.items():
            if id in kept.rules and kept.rules[id].shape == memory.shape(rule):
                self._recall(rule, kept.rules[id], hushed)

    def wake(self, now: Millis) -> None:
        """Say, after `restore`, that nobody listened since what was seen last. What was pending
        goes on; but no device is called silent for the time in which nobody heard it. Take a
        snapshot with it: a later replay does not know of this."""
        gap = now - self._now
        if not self._now or gap < DEAF:
            return
        for cell in self._register.cells.values():
            if not cell.life.firing and cell.rule.skip(cell.state, gap):
                if cell.life.turn is not None:
                    cell.life = cell.life._replace(turn=cell.life.turn + gap)
                rule = cell.rule
                ends = due(cell.life, rule.wait, rule.keep_for), rule.due(cell.state, now)
                self._timers.set(cell, now, *ends)

    def open(self) -> Iterable[Signal]:
        """What is firing now, as signals of its opening."""
        found = (fold.standing(group, self._now) for group in self._register.groups.values())
        return [signal for signal in found if signal is not None]

    def rule(self, id: str) -> Rule:
        return self._every[id]

    def subject(self, signal: Signal) -> Subject:
        """The device, camera or place that *signal* is about."""
        first = signal.devices[0] if signal.devices else signal.key
        subject = self._register.subject(first)
        if self._every[signal.rule].by in ("device", "camera"):
            return subject
        name = subject.place.address if self._every[signal.rule].by == "place" else ""
        return Subject(signal.key, name or signal.key, subject.place)

    # -- judging

    def _fire(self, now: Millis) -> list[Signal]:
        out: list[Signal] = []
        while fired := self._timers.pop(now):
            at, timed = fired
            try:
                if isinstance(timed, Cell):
                    self._judge(timed, at, out, news=False)
                elif isinstance(timed, Group):
                    self._settle(timed, at, out, None)
            except BROKEN as mistake:
                self._failed(timed, mistake)
        self._now = max(self._now, now)
        return out

    def _failed(self, timed: Timed, mistake: Exception) -> None:
        self.mistakes[timed.rule.id, f"{type(mistake).__name__}: {mistake}"[:200]] += 1

    def _judge(self, cell: Cell, now: Millis, out: list[Signal], news: bool) -> None:
        rule, before = cell.rule, cell.life
        raw = holds = rule.verdict(cell.state, now, before.firing)
        stale = None if cell.stale is None else cell.seen + cell.stale + 1
        if stale is not None and now >= stale and holds is not before.firing:
            raw = holds = None
        edge = None
        if rule.schedule is not None and holds is not False:
            window = rule.schedule.window(now, self._zone)
            edge, holds = window.end, holds if window.active else False
        life = before
        if holds is not before.firing or before.turn is not None:
            life = cell.life = step(before, holds, now, rule.wait, rule.keep_for)
        waiting = life.turn is not None and life.paused is None
        self._timers.set(
            cell,
            now,
            rule.due(cell.state, now),
            due(life, rule.wait, rule.keep_for) if waiting else None,
            stale if waiting else None,
            edge,
        )
        if cell.calm is not None:
            at_rest = raw is False and life is QUIET
            cell.low, cell.high = cell.calm if at_rest else (NEVER, NEVER)
        if life.firing is not before.firing or (news and life.firing):
            self._fold(cell, now, out)

    def _fold(self, cell: Cell, now: Millis, out: list[Signal]) -> None:
        if cell.life.firing:
            cell.group.firing[cell.unit] = cell
        else:
            cell.group.firing.pop(cell.unit, None)
        self._settle(cell.group, now, out, cell)

    def _settle(self, group: Group, now: Millis, out: list[Signal], last: Cell | None) -> None:
        explained = group.explains
        opening = group.told is None and bool(group.firing)
        group.blocked_by = self._explained_by(group) if opening else []
        group.hush = self._hush(group, now) if opening and self._silences else NO_HUSH
        signal = fold.settle(group, now, last, bool(group.blocked_by or group.hush.by))
        self._timers.set(group, now, fold.due(group, now), group.hush.until)
        if signal is not None:
            out.append(signal)
        if explained and not group.explains:
            self._unblock(group.rule, now)

    def _explained_by(self, group: Group) -> list[str]:
        """The rules named in `unless` of which an incident, open or silenced, explains *group*."""
        found = []
        for id in group.rule.unless:
            if (rule := self._rules.get(id)) is not None:
                keys = {key_of(rule, cell.subject) for cell in group.firing.values()}
                others = (self._register.groups.get((id, key)) for key in keys)
                if any(other is not None and other.explains for other in others):
                    found.append(id)
        return found

    def _hush(self, group: Group, now: Millis) -> Hush:
        """The silences that cover every device that *group* would tell of."""
        devices = fold.report_of(group, now).devices or (group.unit,)
        about = map(self._register.subject, devices)
        found = hush(self._silences, group.rule.id, about, now, self._zone)
        said = (one.said() for one in found.by)
        group.held_back = tuple(dict.fromkeys((*group.held_back, *said)))
        return found

    def _unblock(self, rule: Rule, now: Millis) -> None:
        """What *rule* explained and still fires opens a moment later: what ended *rule* may be
        about to end it as well."""
        for other in self._blocked[rule.id]:
            for (id, _), group in self._register.groups.items():
                if id == other.id and group.firing and group.told is None:
                    self._timers.set(group, now, now + 1)

    # -- watching and going on

    def _arm(self, now: Millis) -> None:
        """Watch for what has not been heard yet, from the first observation on."""
        self._armed = True
        for rule in self._rules.values():
            for subject in self._register.subjects.values() if rule.armed else ():
                if subject.period and watches(rule, subject):
                    cell = self._register.cell(rule, subject, now)
                    if cell.due is None:
                        self._timers.set(cell, now, rule.due(cell.state, now))

    def _recall(self, rule: Rule, kept: memory.Kept, hushed: bool) -> None:
        same = kept.whole == memory.whole(rule)
        for record in memory.cells(kept, rule):
            subject = self._register.subjects.get(record.subject)
            if subject is None or not watches(rule, subject):
                continue
            group = self._register.group(rule, record.group)
            cell = Cell(rule, record.unit, subject, group, record.seen)
            known = record.period == subject.period
            if known:
                cell.state = record.state
            cell.life = record.life
            self._register.cells[rule.id, record.unit] = cell
            if cell.life.firing:
                group.firing[cell.unit] = cell
            self._timers.resume(cell, record.due if same and known else self._now)
        for told in kept.groups:
            group = self._register.group(rule, told.key)
            group.told = told.told if group.firing else None
            group.opened, group.held_back = told.opened, told.held_back
            self._timers.resume(group, told.due if same and hushed else self._now)
