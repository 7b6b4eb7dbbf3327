"""What rules remember, as bytes: written with a batch's commit, read at the next start."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from gateway.model import Millis, Reason
from rules.cell import Cell, Group, Told
from rules.lifecycle import Life
from rules.rule import Rule
from rules.silences import SilenceSpec

VERSION = 1
AROUND = {
    *("title", "note", "incident", "severity", "steps", "wait", "keep_for", "cooldown", "stale"),
    *("schedule", "unless", "enabled", "escalate"),
}
"""Fields of a rule that its kind's state does not depend on."""


class CellRecord(NamedTuple):
    """A cell as it is written down."""

    unit: str
    subject: str
    group: str
    state: Any
    life: Life
    seen: Millis
    due: Millis | None
    period: int | None


class GroupRecord(NamedTuple):
    """A group as it is written down."""

    key: str
    told: Told | None
    opened: Millis | None
    due: Millis | None
    held_back: tuple[Reason, ...] = ()


class Kept(msgspec.Struct, frozen=True):
    """All that one rule remembers. `cells` can be read only with the rule's type of state."""

    shape: str
    whole: str
    cells: msgspec.Raw
    groups: list[GroupRecord]


class Snapshot(msgspec.Struct, frozen=True):
    version: int
    now: Millis
    rules: dict[str, Kept]
    silences: str = ""
    """A fingerprint: where they differ, what they held back is judged again."""


def write(
    now: Millis, cells: Iterable[Cell], groups: Iterable[Group], silences: Sequence[SilenceSpec]
) -> bytes:
    """Everything that *cells* and *groups* remember, as of *now*."""
    by_rule: dict[str, tuple[Rule, list[CellRecord], list[GroupRecord]]] = {}
    for c in cells:
        _, records, _ = by_rule.setdefault(c.rule.id, (c.rule, [], []))
        period = c.subject.period
        record = c.unit, c.subject.id, c.group.unit, c.state, c.life, c.seen, c.due
        records.append(CellRecord(*record, None if period is None else int(period)))
    for g in groups:
        _, _, kept = by_rule.setdefault(g.rule.id, (g.rule, [], []))
        kept.append(GroupRecord(g.unit, g.told, g.opened, g.due, g.held_back))
    encode = msgspec.msgpack.encode
    rules = {
        id: Kept(shape(rule), whole(rule), msgspec.Raw(encode(records)), kept)
        for id, (rule, records, kept) in by_rule.items()
    }
    return encode(Snapshot(VERSION, now, rules, hushed(silences)))


def read(blob: bytes) -> Snapshot | None:
    """What `write` gave; None when it was written by a version that is not understood."""
    try:
        snapshot = msgspec.msgpack.decode(blob, type=Snapshot)
    except msgspec.DecodeError:
        return None
    return snapshot if snapshot.version == VERSION else None


def cells(kept: Kept, rule: Rule) -> Iterator[CellRecord]:
    """The cells of *rule*; none when its kind now remembers something else."""
    record = tuple[str, str, str, rule.Memory, Life, int, int | None, int | None]  # type: ignore[name-defined]  # made at run time
    try:
        found = msgspec.msgpack.decode(kept.cells, type=list[record])
    except msgspec.DecodeError:
        return
    yield from (CellRecord(*fields) for fields in found)


def shape(rule: Rule) -> str:
    """A fingerprint of what the rule's states depend on: its kind and the kind's own fields."""
    return _hash(rule, AROUND)


def whole(rule: Rule) -> str:
    """A fingerprint of the whole rule."""
    return _hash(rule, set())


def hushed(silences: Sequence[SilenceSpec]) -> str:
    """A fingerprint of all silences; '' for none."""
    return _digest(silences) if silences else ""


def _hash(rule: Rule, without: set[str]) -> str:
    fields = [(f, getattr(rule, f)) for f in rule.__struct_fields__ if f not in without]
    return _digest((type(rule).__name__, fields))


def _digest(what: object) -> str:
    return blake2b(repr(what).encode(), digest_size=8).hexdigest()
