"""What is true right now, as the API and the console tell it. Facts only: no words, no colours."""

from collections.abc import Container, Iterator, Mapping
from typing import Literal

import msgspec

from gateway.api.desk import Desk
from gateway.model import (
    Detection,
    Duration,
    Incident,
    Millis,
    Place,
    Quality,
    Reading,
    Subject,
)
from vision.measures import Measures

PATIENCE = 3
"""A device counts as silent after so many missed reports. Rules decide what is an incident;
this only says what to look at first."""
UNKNOWN_PERIOD = Duration.parse("1h")
"""For devices that do not say how often they report."""
LOW = 15.0
"""Per cent of a battery, below which somebody should bring a new one."""
PICTURE_AGE = Duration.parse("30s")
"""An older picture is not live."""
OPEN = ("open", "acknowledged", "in_progress", "reopened")


class Value(msgspec.Struct, frozen=True):
    """The newest value of one quantity; `unit` is UCUM, `at` when it came in."""

    quantity: str
    value: float | str
    unit: str
    at: Millis
    quality: int


Trouble = Literal["battery_low", "tampered", "clock", "implausible"]


class Device(msgspec.Struct, frozen=True):
    """`state`: ok, silent (missed three reports), never (not heard of since the start). `period`
    is what devices.yaml says, `learnt` how often it really speaks, in ms. `troubles`: what it says
    of itself, a clock that cannot be true, or values that cannot."""

    id: str
    name: str
    state: Literal["ok", "silent", "never"]
    seen: Millis | None
    period: int | None
    place: Place
    tags: list[str]
    values: list[Value]
    learnt: int | None = None
    battery: float | None = None
    troubles: list[Trouble] = []


class Camera(msgspec.Struct, frozen=True):
    """`state`: ok, late (no new picture), none (no picture since the start), or what is wrong
    with the view: covered, defocused, moved, frozen, dark, overexposed, no_signal."""

    id: str
    name: str
    state: str
    at: Millis | None
    fps: float
    place: Place
    detections: list[Detection]
    measures: Measures | None = None


class Sink(msgspec.Struct, frozen=True):
    """A destination. `waiting` and `dead` are reports of incidents, or readings for a time
    series; `oldest` is when the oldest report came into the line."""

    id: str
    state: str
    detail: str
    since: Millis | None
    waiting: int = 0
    dead: int = 0
    oldest: Millis | None = None


class Part(msgspec.Struct, frozen=True):
    """A part of the gateway. `kind` says what it is, so that a page can say what to do; `of` is
    the id of the camera or destination."""

    id: str
    kind: Literal["camera", "sink", "part"]
    of: str
    state: str
    detail: str
    since: Millis


def device(desk: Desk, subject: Subject, now: Millis) -> Device:
    seen = desk.latest.seen(subject.id)
    learnt, latest = desk.latest.period(subject.id), desk.latest.of(subject.id)
    limit = PATIENCE * (subject.period or learnt or UNKNOWN_PERIOD)
    state: Literal["ok", "silent", "never"] = "ok" if seen is not None else "never"
    if seen is not None and now - seen > limit:
        state = "silent"
    values = [Value(r.quantity, r.value, r.unit, r.at, r.quality) for r in latest.values()]
    charge = latest.get("battery")
    return Device(
        subject.id,
        subject.name or subject.id,
        state,
        seen,
        int(subject.period) if subject.period else None,
        subject.place,
        sorted(subject.tags),
        values,
        learnt,
        charge.value if charge and isinstance(charge.value, float) else None,
        list(_troubles(latest)),
    )


def _troubles(latest: Mapping[str, Reading]) -> Iterator[Trouble]:
    def told(quantity: str) -> float | str | None:
        return latest[quantity].value if quantity in latest else None

    charge = told("battery")
    if told("battery_low") == 1 or (isinstance(charge, float) and charge < LOW):
        yield "battery_low"
    if told("tamper") == 1:
        yield "tampered"
    qualities = [reading.quality for reading in latest.values()]
    if any(quality & Quality.CLOCK_SUSPECT for quality in qualities):
        yield "clock"
    if any(quality & Quality.IMPLAUSIBLE for quality in qualities):
        yield "implausible"


def devices(desk: Desk) -> Iterator[Device]:
    now = desk.clock.now()
    for spec in desk.config.devices:
        if subject := desk.subjects.get(spec.id):
            yield device(desk, subject, now)


def camera(desk: Desk, id: str, now: Millis) -> Camera:
    subject = desk.subjects.get(id) or Subject(id)
    name, picture = subject.name or id, desk.pictures.get(id)
    if picture is None:
        return Camera(id, name, "none", None, 0.0, subject.place, [])
    late = now - picture.at > PICTURE_AGE
    state = picture.health or ("late" if late else "ok")
    fps, seen = round(picture.fps, 1), list(picture.detections)
    return Camera(id, name, state, picture.at, fps, subject.place, seen, picture.measures)


def cameras(desk: Desk) -> Iterator[Camera]:
    now = desk.clock.now()
    return (camera(desk, spec.id, now) for spec in desk.config.cameras)


async def incidents(desk: Desk) -> list[Incident]:
    """Those that are open, the newest first."""
    return list(await desk.store.incidents(OPEN, limit=200))


async def sinks(desk: Desk) -> list[Sink]:
    backlog = await desk.store.outbox.backlog()
    found = []
    for spec in desk.config.sinks:
        part, waits = desk.health.parts.get(spec.id), backlog.get(spec.id)
        state, detail, since = (part.state, part.detail, part.since) if part else ("", "", None)
        counts = (waits.waiting, waits.dead, waits.oldest) if waits else (0, 0, None)
        found.append(Sink(spec.id, state, detail, since, *counts))
    if desk.config.reading_sinks:
        behind, refused = await desk.store.journal.waiting(), await desk.store.refused.counts()
    for series in desk.config.reading_sinks:
        part = desk.health.parts.get(series.id)
        state, detail, since = (part.state, part.detail, part.since) if part else ("", "", None)
        waiting, dead = behind.get(series.id, 0), refused.get(series.id, 0)
        found.append(Sink(series.id, state, detail, since, waiting, dead))
    return found


def parts(desk: Desk) -> list[Part]:
    sinks = {spec.id for spec in (*desk.config.sinks, *desk.config.reading_sinks)}
    found = []
    for p in sorted(desk.health.parts.values(), key=lambda p: p.name):
        kind, of = _kind(p.name, sinks)
        found.append(Part(p.name, kind, of, p.state, p.detail, p.since))
    return found


def _kind(name: str, sinks: Container[str]) -> tuple[Literal["camera", "sink", "part"], str]:
    """Cameras report as `camera:<id>`, destinations by their id."""
    if name.startswith("camera:"):
        return "camera", name.partition(":")[2]
    return ("sink" if name in sinks else "part"), name
