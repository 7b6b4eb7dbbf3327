"""The nouns of the gateway: immutable facts that flow down the spine.

    Packet --decode--> Reading --\
    Scene (from a camera) --------+--rules--> Signal --ledger--> Incident --> Envelope
    Action (from an operator) ---------------------------^
    Answer (from a platform) ----------------------------^

Time is `Millis` everywhere: whole milliseconds since 1970-01-01T00:00:00Z.
"""

from enum import IntFlag
from typing import Literal

import msgspec

from gateway.duration import Duration as Duration
from gateway.place import GridCode as GridCode
from gateway.place import Place as Place
from gateway.place import Subject as Subject

Millis = int
"""Whole milliseconds since the epoch, UTC."""

Severity = Literal["info", "minor", "major", "critical"]
Status = Literal["open", "acknowledged", "in_progress", "resolved", "void", "reopened"]
Phase = Literal["opened", "updated", "acknowledged", "in_progress", "resolved", "void", "reopened"]
Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 as fractions of the picture, origin at the upper left."""


class Quality(IntFlag):
    """What is to be known about a reading besides its value. 0 is a good, live one."""

    RETAINED = 1
    """The broker kept it; it may be old. Restores what is shown, is shown to no rule."""
    LATE = 2
    """Measured longer ago than the limit. Stored and forwarded, shown to no rule."""
    UNSYNCED = 4
    """Taken before the box knew the time."""
    CLOCK_SUSPECT = 8
    """The device's own clock is impossible (1970, the future); `measured_at` was dropped."""
    SIMULATED = 16
    """The source itself says that it is a test."""
    IMPLAUSIBLE = 32
    """Outside what the quantity can be here, or a jump that nothing makes. Stored and shown."""

    RESTAMPED = 64
    """Taken before the box knew the time, and moved to where it belongs since."""

    NOT_FOR_RULES = RETAINED | LATE | SIMULATED | IMPLAUSIBLE


class Packet(msgspec.Struct, frozen=True, gc=False):
    """Bytes as they came in. `sender` is who proved to be sending, '' where nobody asked."""

    topic: str
    payload: bytes
    source: str = ""
    sender: str = ""
    retained: bool = False
    dialect: str = ""
    """Named by the way in (HTTP), or '' for recognition by topic and payload."""


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One measured value of a registered device, in the canonical unit of its quantity."""

    device: str
    quantity: str
    value: float | str
    at: Millis
    """When the spine took it: a total order, never backwards, the only time rules see."""
    measured_at: Millis | None = None
    """The device's own clock; for charts and forwarding."""
    quality: int = 0
    unit: str = ""
    """UCUM. Follows from the quantity where that is canonical, else as the device says."""

    @property
    def for_rules(self) -> bool:
        return not self.quality & Quality.NOT_FOR_RULES


class Evidence(msgspec.Struct, frozen=True):
    """A masked picture on disk, found by its hash. `role`: before, during or now; `photo`: an
    operator took it and added it, as it is."""

    sha256: str
    mime: str
    role: str
    taken_at: Millis
    size: int


class Detection(msgspec.Struct, frozen=True):
    """Something a camera believes at one instant.

    `label` names what: `left_object`, `removed_object`, `blocked`, `vehicle`, or a class of a
    model. `track` stays the same for one thing as long as it is seen; `since` is when it came.
    """

    label: str
    score: float
    box: Box
    track: str = ""
    zone: str = ""
    since: Millis | None = None
    why: str = ""
    """What changed, since when, how similar: for the person who decides."""
    evidence: tuple[Evidence, ...] = ()


class Scene(msgspec.Struct, frozen=True):
    """Everything one camera saw at one instant. Pixels never leave the worker unmasked.

    `health` is '' when the camera sees well, else `covered`, `defocused`, `moved`, `frozen`,
    `dark`, `overexposed`, `no_signal`: then detections say nothing and rules hold still.
    """

    camera: str
    detections: tuple[Detection, ...]
    at: Millis = 0
    health: str = ""
    measured_at: Millis | None = None


class Action(msgspec.Struct, frozen=True):
    """What a person (or the platform) decided about an incident."""

    incident: str
    phase: Phase
    """`updated`: a note or a picture is added, and nothing decided."""
    who: str
    note: str = ""
    at: Millis = 0
    evidence: tuple[Evidence, ...] = ()
    """Pictures that the person took."""


AnswerState = Literal["accepted", "assigned", "rejected", "closed", "failed", "resent"]


class Answer(msgspec.Struct, frozen=True):
    """What became of an incident at one platform.

    `accepted`, `assigned`, `rejected` and `closed` are the platform's words. `failed`: it was given
    up on the way there. `resent`: an operator sends it again, though it was rejected.
    """

    incident: str
    sink: str
    state: AnswerState
    reference: str = ""
    """The number under which the platform keeps it."""
    text: str = ""
    """Why, or to whom, in the platform's words."""
    at: Millis = 0


Observation = Reading | Scene
"""What rules judge."""


class Reason(msgspec.Struct, frozen=True):
    """Why a rule holds: the value seen, the limit it was held against, in words if need be."""

    text: str
    quantity: str = ""
    value: float | str | None = None
    limit: float | str | None = None
    unit: str = ""
    code: str = ""
    """What the sentence is about, for whoever says it in another language (`object`, `silent` …);
    '' where value and limit say all."""
    lasted: float | None = None
    """Seconds that it has lasted, where that matters."""
    device: str = ""
    """Who said it, where several are judged together."""


class Signal(msgspec.Struct, frozen=True):
    """A rule's verdict about one key changed, at an instant."""

    rule: str
    key: str
    """The device, camera, place … that the rule is evaluated per."""
    firing: bool
    at: Millis
    since: Millis
    """When the condition began to hold; earlier than `at` by the rule's `for`."""
    reasons: tuple[Reason, ...] = ()
    devices: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 1.0
    update: bool = False
    """True: still firing, with more to say (new evidence, another device)."""
    severity: Severity | None = None
    """How severe it is by now; None: as its rule says."""


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time during which something was wrong, as it is told to people."""

    id: str
    kind: str
    rule: str
    key: str
    title: str
    severity: Severity
    status: Status
    place: Place
    opened_at: Millis
    updated_at: Millis
    since: Millis
    closed_at: Millis | None = None
    seq: int = 0
    """Counts the versions; `<id>-<seq>` is the key under which a version is sent once."""
    reasons: tuple[Reason, ...] = ()
    devices: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 1.0
    handled_by: str = ""
    note: str = ""
    by: str = ""
    """Who made this version; '' where no person did."""
    by_hand: bool = False
    """A person reopened it: only a person closes it."""
    sinks: tuple[str, ...] | None = None
    """Who is told of it, to its end (gateway.routes); None: every sink."""
    escalated: int = 0
    """Steps of its rule's `escalate` that were taken, because nobody took it up."""
    told: tuple[tuple[int, Millis], ...] = ()
    """`seq` and `updated_at` of the versions that platforms were told, this one the last, for those
    that must name the earlier ones; of many, the first and the last ones."""
    answers: tuple[Answer, ...] = ()
    """What platforms said of it, in the order in which it came; of many, the last ones."""


class Notice(msgspec.Struct, frozen=True):
    """Something to tell *sinks* that is no incident of a rule, in the form of one that is over."""

    incident: Incident
    sinks: tuple[str, ...]


Item = Packet | Scene | Action | Answer | Notice
"""What enters through the inbox."""


class Envelope(msgspec.Struct, frozen=True):
    """One version of one incident on its way to one sink. Handing it over twice is harmless."""

    id: str
    """`<incident>-<seq>`; unique per sink."""
    sink: str
    phase: Phase
    incident: Incident


class Quarantined(msgspec.Struct, frozen=True):
    """A packet that could not be read, kept for the person who wants to know why."""

    at: Millis
    source: str
    topic: str
    reason: str
    payload: bytes


class Shift(msgspec.Struct, frozen=True):
    """The time became known: what was told as `start` <= at < `end` was `by` later."""

    start: Millis
    end: Millis
    by: Millis


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one turn of the spine found out; committed as one transaction."""

    at: Millis
    readings: tuple[Reading, ...] = ()
    scenes: tuple[Scene, ...] = ()
    actions: tuple[Action, ...] = ()
    answers: tuple[Answer, ...] = ()
    incidents: tuple[Incident, ...] = ()
    """New versions, in order. The last one of an id is its present state."""
    envelopes: tuple[Envelope, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    shadowed: tuple[Signal, ...] = ()
    """What rules on trial would have told."""
    shift: Shift | None = None
    """Moves what the store already holds."""
    snapshot: bytes | None = None
    """What decoders, rules and ledger remember after this batch, now and then: a restart
    loads the last one and replays the journal behind it."""
