"""What a codec is: it knows one dialect, finds the values in a message and judges nothing.

Units, ranges, names of quantities, calibration and registered names are the decoder's affair
(`devices.quantity`, `devices.decoder`): a codec reports what the device said, in its words.
"""

import math
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from datetime import UTC, tzinfo
from typing import Any

import msgspec

from devices import timestamps
from devices.json_text import Document, Malformed, read
from devices.timestamps import Stamp
from gateway.model import Millis

__all__ = ["ALWAYS", "Codec", "Ignored", "Malformed", "Memory", "Message", "Value"]

Memory = MutableMapping[str, Any]
"""What a codec remembers between messages: units from discovery, aliases from a birth. Plain
values only (they go into the snapshot as msgpack); a full one forgets its oldest key, so a codec
puts ONE key per device or per announcement and keeps that value small."""


class Ignored(Exception):
    """This message holds no reading: a status, a configuration, an acknowledgement. The text
    says which."""


class Message(msgspec.Struct):
    """One message as it came. Parsing is done once, however many codecs look at it."""

    topic: str
    payload: bytes
    retained: bool = False
    at: Millis = 0
    """Time of arrival; 0 where it is not known."""
    zone: tzinfo = UTC
    """The zone of the site, for devices that write local time."""
    wanted: frozenset[str] = frozenset()
    """Paths that the site's own mapping asks for, even where they hold words."""
    models: Mapping[str, str] = {}
    """Address -> maker and model, for devices whose bytes do not say (raw LoRaWAN)."""
    model: str = ""
    """Maker and model of the device that speaks, where whoever hands the message on knows it."""
    sender: str = ""
    """Who proved to be sending, for dialects in which the client itself is the device."""
    notes: list[str] = msgspec.field(default_factory=list)
    """What is suspicious or was left out, as `word: text`: the word is one of few and is counted,
    the text is for people. `personal_data: 2 names`, `came_twice: temperature`."""
    levels: list[str] = msgspec.field(default_factory=list)
    """The topic, split at its slashes."""
    _document: Document | None = None
    _broken: str = ""

    def __post_init__(self) -> None:
        self.levels = self.topic.split("/")

    def model_of(self, address: str) -> str:
        """Everything that is known beforehand of maker and model of *address*, in lower case."""
        return f"{self.models.get(address, '')} {self.model}".strip().lower()

    def json(self) -> Any:
        """The payload as JSON; raises `Malformed`. A number that is none is nan: pass it on as
        the value, and the decoder refuses it with its name."""
        if self._broken:
            raise Malformed(self._broken)
        if self._document is None:
            try:
                self._document = read(self.payload)
            except Malformed as error:
                self._broken = str(error)
                raise
            self.notes.extend(self._document.notes)
        return self._document.value

    def object(self) -> dict[str, Any]:
        """The payload as a JSON object; raises `Malformed` for anything else."""
        value = self.json()
        if value is None:
            raise Ignored("null")
        if not isinstance(value, dict):
            raise Malformed(f"a JSON object was expected, not {type(value).__name__}")
        return value

    def text(self) -> str:
        """The payload as UTF-8 text without blanks around it; raises `Malformed`."""
        try:
            return self.payload.rstrip(b"\0").decode("utf-8-sig").strip()
        except UnicodeDecodeError as error:
            raise Malformed(f"not UTF-8 at byte {error.start}") from None

    def stamp(self, raw: Any) -> Stamp:
        """The instant that the device means by *raw*, judged against the time of arrival."""
        return timestamps.stamp(raw, self.at, self.zone)


class Value(msgspec.Struct, frozen=True, gc=False):
    """One value as the source states it, neither converted nor judged.

    A bool is given as it is or as 0/1; text that means a number may be passed as text.
    """

    device: str
    """As the dialect calls it: an address, a name, a topic. `address#part` where one device has
    several of one kind (`freezer#DS18B20-1`)."""
    quantity: str
    """As the source calls it; `devices.quantity` knows the aliases."""
    value: float | str
    unit: str = ""
    """As the source writes it; '' where it says none and the dialect has none by definition."""
    measured_at: Millis | None = None
    quality: int = 0
    path: str = ""
    """Where in the payload (or topic) it stood, for the person who looks for it."""


ALWAYS = (-math.inf, math.inf)
"""A number means the same, however large it is: see `Codec.steady`."""


class Codec(msgspec.Struct, frozen=True):
    """One dialect. Each module of `devices.codecs` has one, named CODEC."""

    dialect: str
    recognise: Callable[[Message], bool]
    """Is this message surely of the dialect? Looks at the topic first, and at the payload only
    where the topic leaves doubt. Raises nothing but Malformed (which counts as no)."""
    decode: Callable[[Message, Memory], Sequence[Value]]
    """The values of the message, in its order. Raises `Malformed` or `Ignored`, nothing else."""
    expects: Callable[[Message, Memory], bool] | None = None
    """Has an earlier announcement promised this message? Asked like `recognise`, for dialects
    that announce their topics (Home Assistant discovery)."""
    by_topic: bool = True
    """The topic alone decides in `recognise`: its answer is remembered per topic. False where it
    looks at the payload as well."""
    steady: Callable[[str, float], tuple[float, float] | None] | None = None
    """Within which limits may a number at this path of an object change without a change of its
    meaning? None: it may not. Given where, between objects of the same paths and words, nothing
    but the numbers differs: then the decoder makes plans. Paths of values must be those of the
    payload then."""
    clock: str | None = None
    """For plans: the path under which the time of measurement stands, '' for nowhere; None: under
    the usual names (`flat.TIMES`)."""
    priority: int = 50
    """Lower ones are asked first: 10 a topic that only this dialect has, 50 a shape that is
    hard to mistake, 90 whatever is left."""
