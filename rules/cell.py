"""What the engine remembers of one thing that a rule judges, and of the incident it may open."""

from typing import Any, NamedTuple

from gateway.model import Evidence, Millis, Reason, Severity, Subject
from rules.lifecycle import QUIET, Life
from rules.rule import Rule
from rules.silences import Hush

NEVER = float("nan")
"""Compares false with everything: no value lies between."""
MOST_TOLD = 32
"""Pictures of an open incident that are remembered as told."""


class Told(NamedTuple):
    """What an open incident has said so far."""

    opened: Millis
    since: Millis
    severity: Severity
    devices: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    """Hashes of the pictures."""
    held_back: tuple[Reason, ...] = ()
    """By which silences, until it opened."""
    said_at: Millis = 0
    """When it said something last."""
    unsaid: bool = False
    """Devices have joined since, and that is still to be said."""

    def heard(self, devices: tuple[str, ...], evidence: tuple[Evidence, ...]) -> "Told":
        """With *devices* and *evidence* told as well."""
        shown = dict.fromkeys((*self.evidence, *(e.sha256 for e in evidence)))
        return self._replace(
            devices=tuple(dict.fromkeys(self.devices + devices)),
            evidence=tuple(shown)[-MOST_TOLD:],
        )


class Timed:
    """Something that wants to be looked at again by itself."""

    __slots__ = ("due", "queued", "rule", "unit")

    due: Millis | None
    """When; None: not until something is seen."""
    queued: Millis | None
    """Its earliest place in the queue of timers, which may lie before `due`."""

    def __init__(self, rule: Rule, unit: str) -> None:
        self.rule, self.unit = rule, unit
        self.due = self.queued = None


class Group(Timed):
    """All that one incident would be about: the firing cells of one rule and key."""

    __slots__ = ("blocked_by", "firing", "held_back", "hush", "opened", "told")

    def __init__(self, rule: Rule, key: str) -> None:
        super().__init__(rule, key)
        self.firing: dict[str, Cell] = {}
        self.blocked_by: list[str] = []
        """Rules whose open incidents keep this one from opening."""
        self.hush = Hush()
        """Silences that keep it from opening."""
        self.held_back: tuple[Reason, ...] = ()
        """What the silences said that have kept it from opening since it fires."""
        self.told: Told | None = None
        """None while no incident is open."""
        self.opened: Millis | None = None
        """When the last incident opened."""

    @property
    def explains(self) -> bool:
        """Whether rules that name this one in `unless` stay quiet. What a silence holds back is
        no less true: it goes on to explain the others."""
        return self.told is not None or bool(self.firing and self.held_back)


class Cell(Timed):
    """One condition of one device; or of all devices of a key, where they are judged jointly."""

    __slots__ = ("calm", "group", "high", "life", "low", "seen", "stale", "state", "subject")

    def __init__(self, rule: Rule, unit: str, subject: Subject, group: Group, now: Millis) -> None:
        super().__init__(rule, unit)
        self.subject, self.group = subject, group
        self.state: Any = rule.start(subject, now)
        self.life: Life = QUIET
        self.seen: Millis = now
        """When it last took an observation."""
        self.stale = rule.patience(subject)
        self.calm = rule.calm()
        self.low = self.high = NEVER
        """Between them, a value would change nothing now."""
