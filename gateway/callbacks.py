"""The way back: what a platform posts to `/api/v1/platforms/<sink>/answers`, believed only when it
is signed.

    {"incident": "0b5…", "state": "assigned", "reference": "SR-17", "text": "street 7"}

or the same as the `data` of a CloudEvent whose `subject` is the incident. `state` is accepted,
assigned, rejected or closed.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from gateway.model import Answer, Millis
from gateway.webhooks import TOLERANCE, WebhookSecret

Word = Annotated[str, msgspec.Meta(max_length=200)]
State = Literal["accepted", "assigned", "rejected", "closed"]
"""What a platform may say; it cannot have something sent again."""
LONGEST = 2000
"""Characters of a text that are kept."""
REMEMBERED = 1000
"""Signed letters that are known again."""
AGE: Millis = 2 * TOLERANCE * 1000
"""After which no signature is good, on either side of our clock."""


class Letter(NamedTuple):
    """A request as it came, and when; the names of `headers` are in small letters."""

    headers: Mapping[str, str]
    body: bytes
    at: Millis


class Thanks(NamedTuple):
    """The answer to a letter."""

    body: bytes
    status: int
    headers: Mapping[str, str]


class Forged(Exception):
    """Nobody proves that the platform sent this."""


class Unreadable(ValueError):
    """The platform sent it, but it says nothing that is known here."""


class Told(msgspec.Struct, frozen=True):
    """What a platform says of an incident. `incident` may stand in the event around it."""

    state: State
    incident: Word = ""
    reference: Word = ""
    text: str = ""


class Event(msgspec.Struct, frozen=True):
    """As much of a CloudEvent as matters here."""

    subject: Word
    data: Told


def read(body: bytes, sink: str) -> Answer:
    """What *body* says of an incident that was told to *sink*. Raises Unreadable."""
    try:
        told: Any = msgspec.json.decode(body)
        if isinstance(told, dict) and "specversion" in told:
            event = msgspec.convert(told, Event)
            return answer(event.data, sink, event.subject)
        return answer(msgspec.convert(told, Told), sink)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise Unreadable(f"{problem}") from problem


def answer(told: Told, sink: str, subject: str = "") -> Answer:
    """*told* as an item for the spine."""
    incident = told.incident or subject
    if not incident:
        raise Unreadable("it does not say of which incident")
    return Answer(incident, sink, told.state, told.reference, told.text[:LONGEST])


class Heard:
    """Knows a signed letter again as long as its signature is good: a copy of an old one must
    not take an incident back to where it was."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str], Millis] = OrderedDict()

    def before(self, sink: str, letter: Letter) -> bool:
        return self._key(sink, letter) in self._seen

    def note(self, sink: str, letter: Letter) -> None:
        """It has been dealt with."""
        if letter.headers.get("webhook-id"):
            self._seen[self._key(sink, letter)] = letter.at
        while self._seen and (len(self._seen) > REMEMBERED or self._oldest < letter.at - AGE):
            self._seen.popitem(last=False)

    @property
    def _oldest(self) -> Millis:
        return next(iter(self._seen.values()))

    @staticmethod
    def _key(sink: str, letter: Letter) -> tuple[str, str]:
        return sink, letter.headers.get("webhook-id", "")


def signed(letter: Letter, sink: str, secret: WebhookSecret | None) -> Sequence[Answer]:
    """The answers in a *letter* signed as Standard Webhooks. Raises Forged, Unreadable."""
    if secret is None or not secret.verifies(letter.headers, letter.body, letter.at):
        raise Forged
    return [read(letter.body, sink)]
