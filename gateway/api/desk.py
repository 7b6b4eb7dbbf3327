"""What the API and the console may touch of the running gateway, and no more.

The protocols name the part of each neighbour that is used here, so that tests can stand one in.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from devices.grids import Grids
from devices.registry import DeviceSpec
from gateway.discovered import Stranger
from gateway.health import PartsHealth
from gateway.inquiry import Inquiry
from gateway.model import (
    Detection,
    Envelope,
    Incident,
    Millis,
    Quarantined,
    Reading,
    Signal,
    Subject,
)
from gateway.ports import Clock, Inbox, SinkSpec
from gateway.registrar import Wish
from gateway.rehearsals import Rehearsals
from gateway.revising import Wrong
from gateway.store.audit import Entry
from gateway.store.cases import Delivery as Delivery
from gateway.store.revisions import Revision, Texts
from rules.rule import Rule
from rules.silences import SilenceSpec
from vision.measures import Measures


class Picture(Protocol):
    """A camera's last preview. What the privacy masks cover is not in it."""

    @property
    def jpeg(self) -> bytes: ...
    @property
    def at(self) -> Millis: ...
    @property
    def detections(self) -> Sequence[Detection]: ...
    @property
    def health(self) -> str: ...
    @property
    def fps(self) -> float: ...
    @property
    def measures(self) -> Measures | None: ...


class Latest(Protocol):
    """The newest reading of every quantity, in memory."""

    def of(self, device: str) -> Mapping[str, Reading]: ...
    def seen(self, device: str) -> Millis | None: ...
    def period(self, device: str) -> Millis | None: ...


class Series(Protocol):
    """One quantity over a span: equally long numpy arrays, thinned to the points asked for."""

    @property
    def at(self) -> Any: ...
    @property
    def min(self) -> Any: ...
    @property
    def mean(self) -> Any: ...
    @property
    def max(self) -> Any: ...
    @property
    def count(self) -> Any: ...


class Backlog(Protocol):
    """What waits for one sink."""

    @property
    def waiting(self) -> int: ...
    @property
    def dead(self) -> int: ...
    @property
    def oldest(self) -> Millis | None: ...


class DeadLetter(Protocol):
    """What a sink refused for good."""

    @property
    def envelope(self) -> Envelope: ...
    @property
    def reason(self) -> str: ...
    @property
    def at(self) -> Millis: ...


class Outbox(Protocol):
    async def backlog(self) -> Mapping[str, Backlog]: ...
    async def dead(self, sink: str, limit: int = 100) -> Sequence[DeadLetter]: ...
    async def revive(self, sink: str, id: str) -> bool:
        """Back into the line; False when it is not among the dead."""
        ...

    async def done(self, sink: str, ids: Sequence[str]) -> None:
        """Give up for good."""
        ...


class Refusal(Protocol):
    """A reading that a time-series sink refused for good."""

    @property
    def id(self) -> int: ...
    @property
    def reading(self) -> Reading: ...
    @property
    def reason(self) -> str: ...
    @property
    def at(self) -> Millis: ...


class Refused(Protocol):
    async def counts(self) -> Mapping[str, int]: ...
    async def dead(self, sink: str, limit: int = 100) -> Sequence[Refusal]: ...
    async def retry(self, sink: str, ids: Sequence[int] | None = None) -> int: ...
    async def discard(self, sink: str, ids: Sequence[int] | None = None) -> int: ...


class Journal(Protocol):
    async def waiting(self) -> Mapping[str, int]:
        """By time series: how many readings it has not had yet."""
        ...


class Cases(Protocol):
    async def find(
        self, inquiry: Inquiry, limit: int = 100, before: Millis | None = None
    ) -> Sequence[Incident]: ...
    async def deliveries(self, incident: str) -> Sequence[Delivery]: ...
    async def between(self, start: Millis, end: Millis) -> Sequence[Sequence[Incident]]:
        """All versions of each incident that was open at some time of the span."""
        ...


class Shadows(Protocol):
    async def told(self, rule: str, since: Millis, limit: int = 2000) -> Sequence[Signal]:
        """What a rule on trial would have told, in order."""
        ...


class Balance(Protocol):
    """Readings since ever: all of them, and what became of them."""

    @property
    def committed(self) -> int: ...
    @property
    def held(self) -> int: ...
    @property
    def expired(self) -> int: ...
    @property
    def damaged(self) -> int: ...
    @property
    def unexplained(self) -> int: ...


class Store(Protocol):
    @property
    def outbox(self) -> Outbox: ...
    @property
    def cases(self) -> Cases: ...
    @property
    def refused(self) -> Refused: ...
    @property
    def shadows(self) -> Shadows: ...
    @property
    def journal(self) -> Journal: ...
    async def incidents(
        self, status: Collection[str] | None = None, limit: int = 100, before: Millis | None = None
    ) -> Sequence[Incident]: ...
    async def incident(self, id: str) -> Sequence[Incident]:
        """All versions, oldest first; empty when there is none."""
        ...

    async def series(
        self, device: str, quantity: str, start: Millis, end: Millis, points: int = 1000
    ) -> Series: ...
    async def quarantined(self, limit: int = 100) -> Sequence[Quarantined]: ...
    async def balance(self) -> Balance: ...


class Named(Protocol):
    @property
    def id(self) -> str: ...


class Site(Protocol):
    @property
    def time_zone(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def zone(self) -> ZoneInfo: ...


class Config(Protocol):
    """The parts of a loaded site that pages list."""

    @property
    def site(self) -> Site: ...
    @property
    def devices(self) -> Sequence[DeviceSpec]: ...
    @property
    def cameras(self) -> Sequence[Named]: ...
    @property
    def sinks(self) -> Sequence[SinkSpec]: ...
    @property
    def reading_sinks(self) -> Sequence[Named]: ...
    @property
    def silences(self) -> Sequence[SilenceSpec]: ...
    @property
    def grids(self) -> Grids: ...


class Audit(Protocol):
    async def record(
        self, who: str, what: str, target: str, before: str = "", after: str = ""
    ) -> None:
        """*who* did *what* (`user.add`) to *target*. Durable when the call returns."""
        ...

    async def entries(
        self, limit: int = 100, before: int | None = None, who: str = "", what: str = ""
    ) -> Sequence[Entry]: ...


class Registrar(Protocol):
    """Lets discovered devices in; raises `Unheard` for an id that nobody has."""

    async def admit(self, id: str, wish: Wish, who: str) -> str: ...
    async def ignore(self, id: str, who: str) -> None: ...


class Workshop(Protocol):
    """The one door through which the running site is changed. All but `check` raise `Unfit`."""

    async def text(self, file: str) -> str:
        """What stands in *file* of the site; '' where there is none."""
        ...

    async def check(self, files: Mapping[str, str]) -> Sequence[Wrong]:
        """Everything that would be wrong with the site; nothing is written."""
        ...

    async def save(
        self, files: Mapping[str, str], who: str, why: str, expect: int | None = None
    ) -> Revision:
        """Writes them, and applies them without a restart."""
        ...

    async def revisions(self, limit: int = 50, before: int | None = None) -> Sequence[Revision]: ...
    async def revision(self, id: int) -> tuple[Revision, Texts] | None: ...


@dataclass
class Desk:
    """Built once by `gateway.app`, which lets `config`, `rules` and `subjects` follow the site."""

    site: str
    """The name that people read at the top of the console."""
    root: Path
    """The site's folder; the users file is there."""
    config: Config
    clock: Clock
    health: PartsHealth
    store: Store
    inbox: Inbox
    latest: Latest
    pictures: Mapping[str, Picture]
    subjects: Mapping[str, Subject]
    """Devices and cameras by id."""
    evidence_file: Callable[[str], Path]
    """SHA-256 of a picture -> where it lies, whether or not it is there."""
    link_key: bytes
    """Signs the links with which a platform fetches evidence."""
    audit: Audit
    discovered: Iterable[Stranger] = ()
    """Devices that speak and are not registered; who spoke last comes first."""
    rules: Sequence[Rule] = ()
    history: Path | None = None
    """The store's file, for what only reads the past."""
    registrar: Registrar | None = None
    rehearsals: Rehearsals | None = None
    """Where a camera's settings are tried; None without cameras."""
    workshop: Workshop | None = None
    """None: this site cannot be changed from here."""
