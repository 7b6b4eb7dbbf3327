"""What a rule is: a frozen entry of rules/*.yaml that judges; everything else is around it.

A kind of rule says only whether its condition holds, does not hold, or is unknown. It remembers
in a state of its own, one for each thing it judges, made by `start` and changed by `take` alone.
Waiting, keeping, schedules, cooldown, grouping and restarts are the engine's.
"""

import re
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec
from msgspec import Meta, field

from gateway.model import (
    Duration,
    Evidence,
    Millis,
    Reason,
    Severity,
    Signal,
    Subject,
)
from rules.schedule import Schedule
from rules.selector import Select
from rules.shortlist import Floats, Ints, Shortlist
from rules.values import Span

By = Literal["device", "camera", "place", "grid", "site"]
_HOLE = re.compile(r"\{(\w+)\}")
HOLES = frozenset({"name", "id", "value", "unit", "limit", "quantity", "place", "devices"})


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step up in severity: after a time, or when enough devices agree."""

    severity: Severity
    after: Duration | None = None
    """Open for so long."""
    devices: Annotated[int, Meta(ge=2)] | None = None
    """So many devices agree."""

    def __post_init__(self) -> None:
        if (self.after is None) == (self.devices is None):
            raise ValueError("after: a step needs `after: 30m` or `devices: 2`, one of them")


class Escalation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What follows where nobody takes an incident up: `{after: 15m, severity: major}`."""

    after: Span
    """Open for so long, and nobody acknowledged it or did anything about it."""
    severity: Severity | None = None
    """It becomes so severe, at least."""
    tell: tuple[str, ...] = ()
    """Destinations that are told of it from then on, whatever their routes say."""

    def __post_init__(self) -> None:
        if self.severity is None and not self.tell:
            raise ValueError("severity: give `severity` or `tell`, or both")


class Report(NamedTuple):
    """What there is to tell about a state: why, who, and what it can be seen by."""

    reasons: tuple[Reason, ...] = ()
    devices: tuple[str, ...] = ()
    """Beside the device or camera that is judged."""
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 1.0


class Part(NamedTuple):
    """One thing that a rule looks at; most have a single one."""

    select: Select
    readings: bool = True
    scenes: bool = False

    def check(self) -> None:
        """Raise ValueError where it selects what it does not look at."""
        chosen = self.select
        if not self.scenes and (chosen.label or chosen.zone or chosen.cameras):
            raise ValueError("select: label, zone and cameras are for what cameras see")
        if not self.readings and (chosen.quantity or chosen.devices):
            raise ValueError("select: quantity and devices are for sensors; write cameras")


class Rule(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="kind",
    tag=lambda name: re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(),
    forbid_unknown_fields=True,
):
    """What every rule has, whatever its kind."""

    Memory: ClassVar[Any] = None
    """The type of what is remembered; `msgspec` must be able to write and read it."""
    joint: ClassVar[bool] = False
    """True: judges all devices of a key together; False: each device by itself."""
    numeric: ClassVar[bool] = True
    """Sees only readings that are finite numbers."""
    armed: ClassVar[bool] = False
    """Also judges what has not been heard yet."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    """Short and lasting: it stands in every incident."""
    incident: Annotated[str, Meta(min_length=1)]
    """What kind of incident it is, as the platform knows it: overflowing_bin, noise …"""
    title: str = "{name}"
    """What people read. {name} {value} {unit} {limit} {place} {devices} are filled in."""
    note: str = ""
    """Why the rule is as it is; for whoever changes it."""
    severity: Severity = "minor"
    steps: tuple[Step, ...] = ()
    """When it becomes more severe."""
    escalate: tuple[Escalation, ...] = ()
    """What follows, one after the other, as long as nobody takes it up."""
    select: Select = Select()
    by: By = "device"
    """One incident for each device, camera, place, grid cell, or for the whole site."""
    wait: Duration = field(name="for", default=Duration(0))
    """How long the condition must hold before an incident opens."""
    keep_for: Duration = Duration(0)
    """How long it must be gone before the incident closes."""
    cooldown: Duration = Duration(0)
    """The next incident opens so long after the last one opened, at the earliest."""
    stale: Duration | None = None
    """How long a value stands for the present; then it is unknown. Without it: three times the
    period of the device, or for ever where none is known."""
    schedule: Schedule | None = None
    """When the rule watches: 22:00-06:00, mon-fri 08:00-18:00. Outside, nothing holds."""
    unless: tuple[str, ...] = ()
    """Rules by whose incident this one is explained: while one of them is open at the same
    device, place or site, no incident of this one opens. Open ones end as ever."""
    enabled: bool = True

    def __post_init__(self) -> None:
        for hole in _HOLE.findall(self.title):
            if hole not in HOLES:
                known = ", ".join(sorted(HOLES))
                raise ValueError(f"title: {{{hole}}} is not known; known are: {known}")
        times = [step.after for step in self.escalate]
        if times != sorted(set(times)):
            raise ValueError("escalate: each step has to come later than the one before")
        self.check()
        for part in self.parts():
            part.check()

    def check(self) -> None:
        """Raise ValueError when the fields do not go together."""

    def parts(self) -> tuple[Part, ...]:
        """What it looks at."""
        return (Part(self.select),)

    def concerns(self, subject: Subject) -> bool:
        """Whether it can judge *subject* at all, which `select` fits."""
        return True

    def start(self, subject: Subject, now: Millis) -> Any:
        """A state that knows nothing yet, as of *now*."""
        raise NotImplementedError

    def join(self, state: Any, subject: Subject, now: Millis) -> None:
        """*subject* belongs to what a joint rule judges with *state*, from now on or still."""

    def take(self, state: Any, seen: Any, part: int) -> bool:
        """Remember what was seen (a Reading or a Scene, as `parts` says) by the part of that
        number; True when there is news worth an update of an open incident."""
        raise NotImplementedError

    def skip(self, state: Any, gap: int) -> bool:
        """Nobody listened for *gap* milliseconds, so that nothing heard says nothing. True where
        the state was moved on by that time; only kinds that judge absence have to."""
        return False

    def verdict(self, state: Any, now: Millis, firing: bool) -> bool | None:
        """Whether the condition holds at *now*; None when that is unknown. *firing* says whether
        it already fires, for kinds whose limit for the end is another."""
        raise NotImplementedError

    def due(self, state: Any, now: Millis) -> Millis | None:
        """The first instant after *now* at which time alone may change the verdict."""
        return None

    def report(self, state: Any, now: Millis, firing: bool) -> Report:
        """Why it fires; or, with *firing* false, why it has ended."""
        return Report()

    def rest(self, state: Any, now: Millis) -> tuple[Reason, ...]:
        """Why it does not hold, where it did not fire before: nothing has ended."""
        return self.report(state, now, False).reasons

    def calm(self) -> tuple[float, float] | None:
        """Bounds, both included, between which a value changes nothing while all is quiet: such
        a reading is passed over, live and in backtests."""
        return None

    def shortlist(self, subject: Subject, at: Ints, value: Floats) -> Shortlist | None:
        """Which readings of a series of *subject* can matter; None: all. The arrays are of one
        length, in order of time; finite numbers, where the rule is numeric."""
        return None

    def patience(self, subject: Subject) -> int | None:
        """After how many milliseconds without news a verdict is unknown; None: never."""
        if self.stale is not None:
            return self.stale
        return subject.period * 3 if subject.period and not self.joint else None

    def titled(self, subject: Subject, signal: Signal) -> str:
        """The title with the names and values of *signal*."""
        why = next((r for r in signal.reasons if r.value is not None), Reason(""))
        filled = {
            "name": subject.name or subject.id,
            "id": subject.id,
            "value": _shown(why.value),
            "unit": why.unit,
            "limit": _shown(why.limit),
            "quantity": why.quantity,
            "place": subject.place.address or subject.place.grid,
            "devices": str(len(signal.devices)),
        }
        return _HOLE.sub(lambda hole: filled[hole[1]], self.title)


def _shown(value: float | str | None) -> str:
    return value if isinstance(value, str) else "" if value is None else f"{value:.6g}"
