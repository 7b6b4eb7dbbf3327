"""The seams: every outside thing is one of these, and no more is known of it."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import msgspec

from gateway.callbacks import Letter, Thanks, signed
from gateway.model import Answer, Duration, Envelope, Item, Millis, Place, Reading, Shift
from gateway.precedence import Precedence
from gateway.routes import EVERYTHING, Route
from gateway.webhooks import WebhookSecret

Ack = Callable[[], None]
"""Called once, on the loop, when the items are on disk. Never called for items that are not."""


class Retry(Exception):
    """The world is unreachable or busy; what was to be done stays where it is.

    `after` is the other side's own wish (Retry-After), in seconds.
    """

    def __init__(self, why: str = "", after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class Barred(Retry):
    """Nothing passes until a person changes something (a password, an address): it is tried
    again seldom, and shown as failed."""


class Choked(Retry):
    """The other side is there but failed on this very one; others may pass it meanwhile.

    `sure`: it said so itself. Only then is the one given up in the end, when others pass.
    """

    def __init__(self, why: str = "", after: float | None = None, *, sure: bool = True) -> None:
        super().__init__(why, after)
        self.sure = sure


class Reject(Exception):
    """The other side will never take this one; it moves to the dead letters with the reason."""


class Clock(Protocol):
    def now(self) -> Millis: ...

    @property
    def synced(self) -> bool:
        """False until the box has learnt the time since it was switched on."""
        ...

    def corrected(self) -> Shift | None:
        """Once after the time became known: what was told wrongly before, and by how much."""
        ...

    async def sleep_until(self, when: Millis) -> None: ...


class Health(Protocol):
    """Where parts say how they are. Cheap; still, count per batch and not per message."""

    def count(self, what: str, n: int = 1, *, part: str = "", why: str = "") -> None:
        """Add to a counter: `linli_<what>_total{part=…, why=…}`."""
        ...

    def report(self, part: str, state: str, detail: str = "") -> None:
        """*state* of a part: ok, starting, retrying, failed, stopped; *detail* in words, with
        what to do about it."""
        ...


class Inbox(Protocol):
    """The one bounded way in. Waiting here is the back-pressure."""

    async def put(self, items: Sequence[Item], ack: Ack | None = None) -> None:
        """Hand over *items* in order; waits while the inbox is full."""
        ...

    def offer(self, items: Sequence[Item], ack: Ack | None = None) -> bool:
        """As `put`, without waiting: False, and nothing taken, when full."""
        ...


class Spec(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="kind",
    tag=lambda name: re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(),
    forbid_unknown_fields=True,
):
    """An entry of gateway.yaml: the frozen, typed description of one part. Its `kind` is the
    name of the class in snake case (`MqttListener`: `mqtt_listener`)."""

    id: str


class Surroundings(NamedTuple):
    """What a part may know of the box it runs on."""

    root: Path
    """The site's folder; relative paths of the configuration start here."""
    site: str
    clock: Clock
    health: Health
    evidence_url: Callable[[str], str]
    """SHA-256 of a picture -> a signed link that expires, from which it can be fetched."""
    evidence_file: Callable[[str], Path]
    place_of: Callable[[str], Place] = lambda device: Place()
    """Where a registered device stands."""
    precedence: Precedence = Precedence()
    """Who goes first on the uplink."""


class Source(Protocol):
    """A way in."""

    async def run(self, inbox: Inbox) -> None:
        """Serve until cancelled. Raise `Retry` or `OSError` when the world fails: the
        supervisor starts it again after a while. Clean up in `finally`."""
        ...


class SourceSpec(Spec, frozen=True, kw_only=True):
    """Found by scanning `gateway/sources`."""

    def build(self, around: Surroundings) -> Source:
        raise NotImplementedError


class Sink(Protocol):
    """A destination for incidents."""

    async def send(self, envelope: Envelope) -> str | None:
        """Return when it has arrived: the number under which the other side keeps the incident,
        '' where it says none; None where this was nothing to be told there. Raise `Retry` or
        `Reject` when it has not."""
        ...


@runtime_checkable
class Answering(Protocol):
    """A sink of a platform that only answers when it is asked."""

    async def ask(self, incident: str, reference: str) -> Answer | None:
        """What has become of what it took as *reference*; None: it does not say."""
        ...


@runtime_checkable
class Attaching(Protocol):
    """A sink of a platform that takes pictures after the report."""

    async def attach(self, reference: str, envelope: Envelope) -> None:
        """Add the pictures of *envelope* to what was taken as *reference*; as `send`."""
        ...


class SinkSpec(Spec, frozen=True, kw_only=True):
    """Found by scanning `gateway/sinks`."""

    route: Route = EVERYTHING
    """Which incidents it is told of; without one, all."""
    daily: bool = False
    """It is told once a day how much stayed on this box: one closed incident of the kind
    `daily_count`."""
    answers: WebhookSecret | None = None
    """Signs what the platform posts to /api/v1/platforms/<id>/answers: `whsec_…`, as Standard
    Webhooks. Without it nothing that is posted there is believed."""
    poll: Duration = Duration.parse("10m")
    """Between two questions what has become of an incident, where the platform only answers when
    it is asked; 0 for never."""

    @property
    def attaches(self) -> bool:
        """Whether its sink is `Attaching`."""
        return False

    def hear(self, letter: Letter) -> Sequence[Answer]:
        """What the platform says in *letter*. Raises Forged or Unreadable."""
        return signed(letter, self.id, self.answers)

    @property
    def thanks(self) -> Thanks | None:
        """What the platform wants to hear when its letter has been read; else 204."""
        return None

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Sink]:
        raise NotImplementedError


class ReadingSink(Protocol):
    """A destination for time series, fed from the journal by its own cursor."""

    async def write(self, readings: Sequence[Reading]) -> Sequence[tuple[Reading, str]]:
        """Returns what the other side refused for good, the very objects, each with the reason;
        raises `Retry` when nothing can be said of the whole."""
        ...


class ReadingSinkSpec(Spec, frozen=True, kw_only=True):
    """Found by scanning `gateway/sinks`."""

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[ReadingSink]:
        raise NotImplementedError
