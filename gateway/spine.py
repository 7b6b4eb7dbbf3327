"""The one path of data, top to bottom. No clock, no I/O, no await.

    Packet --decode--> Reading --rules--> Signal --ledger--> Incident --> Envelope
    Scene  ----------------------^                  ^
    Action, Answer ----------------------------------

Rules on trial see what the others see; what they say is recorded, and goes no further.

`take` is called for what arrived, `pass_time` when a timer falls due. Both give the `Batch`
that the store commits as one transaction; only then may the items be acknowledged.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from devices.decoder import Decoder, Unknown
from gateway.envelopes import addressed, hears, posted
from gateway.incidents import Change, Ledger
from gateway.latest import Latest
from gateway.model import (
    Action,
    Answer,
    Batch,
    Envelope,
    Item,
    Millis,
    Notice,
    Observation,
    Packet,
    Quality,
    Quarantined,
    Reading,
    Scene,
    Shift,
    Signal,
)
from gateway.shadow import Shadow
from rules.engine import Engine

KEPT_PAYLOAD = 4096
"""Bytes of a poisoned payload that go into quarantine."""

Tally = Counter[tuple[str, str, str]]
"""(what, part, why) -> how many: the counters that a turn adds to."""


class Turn(NamedTuple):
    """What one turn found out: to be committed, to be counted, to be shown."""

    batch: Batch
    tally: Tally
    unknown: tuple[Unknown, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing that must be on disk before the acknowledgement."""
        b = self.batch
        return not (
            b.readings
            or b.scenes
            or b.actions
            or b.answers
            or b.incidents
            or b.envelopes
            or b.quarantined
            or b.shadowed
            or b.snapshot
        )


class Memory(msgspec.Struct, frozen=True):
    """What a restart needs besides the journal and the incidents."""

    engine: bytes
    decoder: bytes
    latest: bytes
    shadow: bytes = b""


class Spine:
    def __init__(
        self,
        decoder: Decoder,
        engine: Engine,
        ledger: Ledger,
        sinks: Sequence[str],
        shadow: Shadow | None = None,
    ) -> None:
        self._decoder, self._engine, self._ledger = decoder, engine, ledger
        self._sinks, self._shadow = tuple(sinks), shadow or Shadow()
        self.latest = Latest()

    def take(
        self, items: Iterable[Item], now: Millis, *, snapshot: bool = False, synced: bool = True
    ) -> Turn:
        """Run *items*, in order, at the instant *now*, after every timer due by then. Readings
        are marked where the clock is not *synced*."""
        draft = _Draft(now, synced)
        draft.changes(self._pass(now))
        for item in items:
            match item:
                case Packet():
                    self._decode(item, draft)
                case Scene():
                    scene = replace(item, at=now)
                    draft.scenes.append(scene)
                    self._judge(scene, draft)
                case Action():
                    action = replace(item, at=now)
                    draft.actions.append(action)
                    draft.changes([c] if (c := self._ledger.act(action)) else [])
                case Answer():
                    answer = replace(item, at=now)
                    draft.answers.append(answer)
                    draft.changes([c] if (c := self._ledger.heed(answer)) else [])
                case Notice(incident, sinks):
                    draft.notices.extend(posted(incident, sink) for sink in sinks)
        self.latest.update(draft.readings)
        for judge, mark in (self._engine, ""), (self._shadow, " on trial"):
            for (rule, why), n in judge.mistakes.items():
                draft.tally["rule_failed", rule + mark, why] += n
            judge.mistakes.clear()
        return self._turn(draft, self.snapshot() if snapshot else None)

    def pass_time(self, now: Millis) -> Turn:
        """Fire the timers due by *now*, each at its own instant."""
        return self.take((), now)

    def due(self) -> Millis | None:
        """When `pass_time` next has something to do."""
        dues = self._engine.due(), self._shadow.due(), self._ledger.due()
        return min((due for due in dues if due is not None), default=None)

    def snapshot(self) -> bytes:
        parts = self._engine, self._decoder, self.latest, self._shadow
        return msgspec.msgpack.encode(Memory(*(part.snapshot() for part in parts)))

    def restore(self, snapshot: bytes | None, tail: Iterable[Sequence[Observation]]) -> None:
        """Be again what the journal says: its consequences were committed with it, so only
        the rules' memory is made anew, and nothing is reported."""
        if snapshot is not None:
            memory = msgspec.msgpack.decode(snapshot, type=Memory)
            self._engine.restore(memory.engine)
            self._decoder.restore(memory.decoder)
            self.latest.restore(memory.latest)
            self._shadow.restore(memory.shadow)
        for batch in tail:
            for seen in batch:
                self._engine.observe(seen)
                self._shadow.observe(seen)
            self.latest.update(seen for seen in batch if isinstance(seen, Reading))
            self._shadow.taken()

    def reconcile(self, now: Millis) -> Turn:
        """The first turn after a start: what fell due meanwhile fires at its own instant, and
        then rules and incidents agree again. The time off is nobody's silence; the snapshot
        remembers that."""
        draft = _Draft(now)
        self._wake(now)
        draft.changes(self._pass(now))
        draft.changes(self._ledger.reconcile(self._engine.open(), now))
        return self._turn(draft, self.snapshot())

    def put_right(self, shift: Shift, now: Millis) -> Turn:
        """The time became known. What rules remember and what was told of incidents moves to
        where it belongs; to the rules the correction is no time that has passed."""
        draft = _Draft(now)
        draft.shift = shift
        self._wake(now)
        draft.changes(self._pass(now))
        draft.changes(self._ledger.put_right(shift, now))
        self.latest.put_right(shift)
        return self._turn(draft, self.snapshot())

    def _pass(self, now: Millis) -> Iterator[Change]:
        """What falls due by *now*, of rules and of incidents, in the order of the instants."""
        while (at := self._ledger.due()) is not None and at <= now:
            yield from self._fold(self._engine.advance(at))
            yield from self._ledger.escalate(at)
        yield from self._fold(self._engine.advance(now))
        self._shadow.advance(now)

    def _wake(self, now: Millis) -> None:
        self._engine.wake(now)
        self._shadow.wake(now)

    def adopt(
        self,
        decoder: Decoder,
        engine: Engine,
        shadow: Shadow,
        now: Millis,
        before: Callable[[], None],
    ) -> Turn:
        """Go on with other devices and rules. What they have in common with the old ones keeps its
        memory; an incident that no rule holds any more is closed. *before* is called when the old
        ones have had their last word. A replay begins behind the change, for it goes with a
        snapshot."""
        draft = _Draft(now)
        draft.changes(self._pass(now))
        before()
        decoder.follow(self._decoder)
        engine.restore(self._engine.snapshot())
        shadow.restore(self._shadow.snapshot())
        told = self._shadow.taken()
        self._decoder, self._engine, self._shadow = decoder, engine, shadow
        shadow.advance(now)
        draft.changes(self._fold(engine.advance(now)))
        draft.changes(self._ledger.reconcile(engine.open(), now))
        return self._turn(draft, self.snapshot(), told)

    def _decode(self, packet: Packet, draft: "_Draft") -> None:
        decoded = self._decoder.decode(packet, draft.now)
        draft.tally["packets", decoded.dialect, decoded.status] += 1
        if decoded.status == "malformed":
            kept = packet.payload[:KEPT_PAYLOAD]
            draft.quarantined.append(
                Quarantined(draft.now, packet.source, packet.topic, decoded.reason, kept)
            )
        for why in decoded.rejected:
            draft.tally["rejected", decoded.dialect, why] += 1
        if decoded.unknown:
            draft.unknown.extend(decoded.unknown)
        readings = decoded.readings if draft.synced else tuple(map(_unsynced, decoded.readings))
        draft.readings.extend(readings)
        for reading in readings:
            self._judge(reading, draft)

    def _judge(self, seen: Observation, draft: "_Draft") -> None:
        if signals := self._engine.observe(seen):  # of a thousand readings, one has any
            draft.changes(self._fold(signals))
        self._shadow.observe(seen)

    def _fold(self, signals: Iterable[Signal]) -> Iterable[Change]:
        return [change for signal in signals if (change := self._ledger.apply(signal))]

    def _turn(self, draft: "_Draft", snapshot: bytes | None, told: tuple[Signal, ...] = ()) -> Turn:
        draft.shadowed = (*told, *self._shadow.taken())
        return draft.turn(self._sinks, snapshot)


class _Draft:
    """A batch in the making."""

    def __init__(self, now: Millis, synced: bool = True) -> None:
        self.now, self.synced = now, synced
        self.shift: Shift | None = None
        self.readings: list[Reading] = []
        self.scenes: list[Scene] = []
        self.actions: list[Action] = []
        self.answers: list[Answer] = []
        self.quarantined: list[Quarantined] = []
        self.shadowed: tuple[Signal, ...] = ()
        self.unknown: list[Unknown] = []
        self.tally: Tally = Counter()
        self.notices: list[Envelope] = []
        self._changes: list[Change] = []

    def changes(self, changes: Iterable[Change]) -> None:
        self._changes.extend(changes)

    def turn(self, sinks: Sequence[str], snapshot: bytes | None) -> Turn:
        for change in self._changes:
            if not change.only_newly:
                self.tally["incidents", change.incident.rule, change.phase] += 1
        for answer in self.answers:
            self.tally["answers", answer.sink, answer.state] += 1
        batch = Batch(
            at=self.now,
            readings=tuple(self.readings),
            scenes=tuple(self.scenes),
            actions=tuple(self.actions),
            answers=tuple(self.answers),
            incidents=tuple(change.incident for change in self._changes),
            envelopes=(
                *self.notices,
                *(
                    envelope
                    for change in self._changes
                    for sink in sinks
                    if hears(sink.partition("/")[0], change)
                    for envelope in addressed(change, sink)
                ),
            ),
            quarantined=tuple(self.quarantined),
            shadowed=self.shadowed,
            shift=self.shift,
            snapshot=snapshot,
        )
        return Turn(batch, self.tally, tuple(self.unknown))


def _unsynced(reading: Reading) -> Reading:
    return replace(reading, quality=reading.quality | Quality.UNSYNCED)
