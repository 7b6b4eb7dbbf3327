"""Folds signals and people's decisions into incidents. Ids are derived, so that a replay, or
a restart, finds the same incidents and never opens one twice.

    open -> acknowledged -> in_progress -> resolved | void -> reopened -> ...

The rule resolves an incident when its condition has ended; a person may resolve it before, or
call it void (a false alarm). Either way it stays closed while the condition goes on.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from msgspec.structs import replace

from gateway.answered import MOST_ANSWERS, tells
from gateway.escalation import Climbs, Rung, reasons, worse
from gateway.model import (
    Action,
    Answer,
    Evidence,
    Incident,
    Millis,
    Phase,
    Place,
    Severity,
    Shift,
    Signal,
    Status,
)
from gateway.routes import joined

CLOSED: frozenset[Status] = frozenset({"resolved", "void"})
MOST_EVIDENCE = 12
"""Pictures that one incident carries: the first and the last ones."""
MOST_TOLD = 50
"""Versions of which an incident knows when they were told."""
REMEMBERED = 1000
"""Closed incidents that can be reopened without asking the store."""

_STATUS: dict[Phase, Status] = {
    "acknowledged": "acknowledged",
    "in_progress": "in_progress",
    "resolved": "resolved",
    "void": "void",
    "reopened": "reopened",
}


class Account(NamedTuple):
    """What a signal is called when it is told to people."""

    kind: str
    title: str
    severity: Severity
    place: Place
    sinks: tuple[str, ...] | None = None
    """Who is told; None: every sink."""


TIMES = ("since", "opened_at", "closed_at")


class Change(NamedTuple):
    """A new version of an incident, and what happened to it."""

    phase: Phase
    incident: Incident
    newly: tuple[str, ...] = ()
    """Sinks that were not told of it before, and hear that it was opened."""
    only_newly: bool = False
    """Nobody else hears of this version: it is what a platform answered."""


def incident_id(signal: Signal) -> str:
    """The same rule, key and opening instant always give the same id (UUID version 5)."""
    return str(uuid5(NAMESPACE_URL, f"linli:{signal.rule}/{signal.key}/{signal.at}"))


class Ledger:
    """The incidents that are open, and those lately closed."""

    def __init__(
        self,
        account: Callable[[Signal], Account],
        ladder: Callable[[Incident], tuple[Rung, ...]] = lambda incident: (),
    ) -> None:
        self._account, self._climbs = account, Climbs(ladder)
        self._open: dict[tuple[str, str], Incident] = {}
        self._closed: OrderedDict[str, Incident] = OrderedDict()

    def remember(self, incidents: Iterable[Incident]) -> None:
        """Take back what the store kept, the oldest first."""
        for incident in incidents:
            self._file(incident)

    def due(self) -> Millis | None:
        """When `escalate` next has something to do."""
        return self._climbs.due()

    def escalate(self, now: Millis) -> Iterator[Change]:
        """What nobody took up by *now* grows worse, and others are told."""
        for incident in filter(None, map(self._find, self._climbs.ripe(now))):
            if (higher := self._climbs.climbed(incident, now)) is not None:
                newly = (higher.sinks or ())[len(incident.sinks or ()) :]
                at = max(now, incident.updated_at)
                yield self._file(_next(higher, at=at))._replace(newly=newly)

    def apply(self, signal: Signal) -> Change | None:
        """None where there is nothing to tell: the incident was closed by a person before."""
        known = self._open.get((signal.rule, signal.key))
        if not signal.firing:
            return self._resolve(known, signal) if known and not known.by_hand else None
        if known is None:
            return None if incident_id(signal) in self._closed else self._begin(signal)
        return self._grow(known, signal)

    def act(self, action: Action) -> Change | None:
        """What a person decided. None for an unknown incident, or where nothing changes."""
        known = self._find(action.incident)
        if known is not None and action.phase == "updated":
            return self._note(known, action)
        status = _STATUS.get(action.phase)
        if known is None or status is None:
            return None
        taken_over = status == "in_progress" and known.handled_by != action.who
        if known.status == status and not taken_over:
            return None
        if (known.status in CLOSED) != (status == "reopened"):
            return None  # a closed one can only be reopened; an open one cannot be
        if status == "reopened" and (known.rule, known.key) in self._open:
            return None  # the same fact was reported anew meanwhile
        return self._file(
            _next(
                known,
                at=action.at,
                by=action.who,
                status=status,
                closed_at=action.at if status in CLOSED else None,
                handled_by=action.who,
                by_hand=known.by_hand or status == "reopened",
                note=action.note or known.note,
                evidence=_keep(known.evidence, action.evidence),
            ),
            action.phase,
        )

    def _note(self, known: Incident, action: Action) -> Change | None:
        """A note or a picture, whatever the incident's state."""
        evidence = _keep(known.evidence, action.evidence)
        if not action.note and evidence == known.evidence:
            return None
        note = action.note or known.note
        return self._file(_next(known, at=action.at, by=action.who, note=note, evidence=evidence))

    def heed(self, answer: Answer) -> Change | None:
        """What a platform said, kept with the incident; the incident itself stays as it is.

        None for an unknown incident, for what is known already, and where an operator would send
        again what was not refused. `resent` tells that platform anew that it was opened.
        """
        known = self._find(answer.incident)
        if known is None or not tells(known, answer):
            return None
        answers = (*known.answers, answer)[-MOST_ANSWERS:]
        newly = (answer.sink,) if answer.state == "resent" else ()
        noted = _next(known, at=max(answer.at, known.updated_at), answers=answers)
        if not newly:
            noted = replace(noted, told=known.told)
        return self._file(noted)._replace(newly=newly, only_newly=True)

    def put_right(self, shift: Shift, now: Millis) -> Iterator[Change]:
        """The time became known: what was told with wrong times is told with the right ones."""
        for known in [*self._open.values(), *self._closed.values()]:
            times = {name: getattr(known, name) for name in TIMES}
            moved = {
                name: at + shift.by
                for name, at in times.items()
                if at is not None and shift.start <= at < shift.end
            }
            if moved and shift.by:
                yield self._file(_next(known, at=max(now, known.updated_at), **moved))

    def reconcile(self, firing: Iterable[Signal], at: int) -> Iterator[Change]:
        """After a restart, or a change of rules: open what fires, close what no rule holds."""
        for incident in self._open.values():
            self._climbs.watch(incident)
        held = set()
        for signal in firing:
            held.add((signal.rule, signal.key))
            if (signal.rule, signal.key) not in self._open and (change := self.apply(signal)):
                yield change
        for where, incident in list(self._open.items()):
            if where not in held and not incident.by_hand:
                note = "closed: its rule has changed or is gone"
                ended = _next(incident, at=at, status="resolved", closed_at=at, note=note)
                yield self._file(ended, "resolved")

    def _begin(self, signal: Signal) -> Change:
        account = self._account(signal)
        incident = Incident(
            id=incident_id(signal),
            kind=account.kind,
            rule=signal.rule,
            key=signal.key,
            title=account.title,
            severity=account.severity,
            status="open",
            told=((0, signal.at),),
            place=account.place,
            sinks=account.sinks,
            opened_at=signal.at,
            updated_at=signal.at,
            since=signal.since,
            reasons=signal.reasons,
            devices=signal.devices,
            evidence=signal.evidence,
            confidence=signal.confidence,
        )
        return self._file(incident, "opened")

    def _grow(self, known: Incident, signal: Signal) -> Change | None:
        account = self._account(signal)
        sinks = _told(known.sinks, account.sinks)
        grown = _next(
            known,
            at=signal.at,
            severity=worse(known.severity, account.severity),
            sinks=sinks,
            reasons=reasons(known, signal),
            devices=tuple(dict.fromkeys(known.devices + signal.devices)),
            evidence=_keep(known.evidence, signal.evidence),
            confidence=signal.confidence,
        )
        before = {name: getattr(known, name) for name in ("seq", "updated_at", "by", "told")}
        said = replace(grown, **before)
        if said == known:
            return None
        newly = (sinks or ())[len(known.sinks or ()) :]
        return self._file(grown, "updated")._replace(newly=newly)

    def _resolve(self, known: Incident, signal: Signal) -> Change:
        ended = _next(
            known,
            at=signal.at,
            status="resolved",
            closed_at=signal.at,
            evidence=_keep(known.evidence, signal.evidence),
        )
        return self._file(ended, "resolved")

    def _find(self, incident: str) -> Incident | None:
        known = (i for i in self._open.values() if i.id == incident)
        return next(known, None) or self._closed.get(incident)

    def _file(self, incident: Incident, phase: Phase = "updated") -> Change:
        where = incident.rule, incident.key
        if incident.status in CLOSED:
            self._open.pop(where, None)
            self._closed[incident.id] = incident
            while len(self._closed) > REMEMBERED:
                self._closed.popitem(last=False)
        else:
            self._closed.pop(incident.id, None)
            self._open[where] = incident
        self._climbs.watch(incident)
        return Change(phase, incident)


def _next(known: Incident, *, at: int, by: str = "", **changes: object) -> Incident:
    seq = known.seq + 1
    return replace(
        known, seq=seq, updated_at=at, by=by, told=_longer(known.told, seq, at), **changes
    )


def _longer(told: tuple[tuple[int, int], ...], seq: int, at: int) -> tuple[tuple[int, int], ...]:
    """The first version, and the last ones."""
    every = (*told, (seq, at))
    return every if len(every) <= MOST_TOLD else (every[0], *every[1 - MOST_TOLD :])


def _told(before: tuple[str, ...] | None, now: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if before is None or now is None else joined(before, now)


def _keep(old: tuple[Evidence, ...], new: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """The first pictures of a camera and the last ones, each once; people's own all."""
    every = tuple(dict.fromkeys(old + new))
    seen = tuple(one for one in every if one.role != "photo")
    half = MOST_EVIDENCE // 2
    if len(seen) > MOST_EVIDENCE:
        dropped = set(seen[half:-half])
        every = tuple(one for one in every if one not in dropped)
    return every
