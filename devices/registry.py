"""Who is who: the devices of the site, found by what their dialect calls them."""

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Literal

import msgspec

from gateway.model import Duration, Place, Subject

PART = "#"
"""Stands between a device and one of its parts: `freezer#DS18B20-1`. No topic can hold it."""

OWN = "linli"
"""The gateway's own dialect (devices/codecs/linli.py)."""

MAX_ADMITTED = 10_000
"""Devices that patterns let in; somebody who invents addresses fills no memory."""

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:\-]{1,96}$")]


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Corrects a quantity: `value * scale + offset`, in its canonical unit."""

    offset: float = 0.0
    scale: float = 1.0


class Mapped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a value of a nameless format means."""

    quantity: str
    """Canonical name (docs/devices.md), or one of the site's own."""
    unit: str = ""
    """Unit in which the device writes it; the quantity's own where it says none."""


class DeviceSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of devices.yaml: a sensor that belongs to the site."""

    id: Id
    """How rules, pictures and people's lists call it; lasting."""
    name: str = ""
    """For people: `Bin at gate 3`."""
    dialect: str = ""
    """How it talks; where it is left out, the messages tell."""
    address: str = ""
    """What the dialect calls it (friendly name, MAC, EUI); where it is left out, `id`."""
    model: str = ""
    """Maker and model (`Dragino LHT65`), where raw LoRaWAN bytes come without a decoded object
    and the network server's device profile does not say."""
    topic: str = ""
    """MQTT topic filter with + and #: whatever comes there is this device's."""
    map: dict[str, str | Mapped] = {}
    """For plain values and flat JSON: path of the value (last part of the topic for a bare
    value) -> quantity. Where it is given, everything else in the message is left out."""
    sender: str = ""
    """Who must have proved to be sending (user name or certificate); others are refused."""
    place: Place = Place()
    """Where it is; what is left out is taken from the site."""
    tags: frozenset[str] = frozenset()
    """Rules choose devices by these."""
    period: Duration | None = None
    """How often it is expected to report."""
    calibrate: dict[str, Calibration] = {}
    """Canonical quantity -> correction."""
    decimal_comma: bool = False
    """It writes 21,5 for 21.5."""
    encoding: Literal["utf-8", "gb18030", "latin-1", "utf-16"] = "utf-8"
    """Of its text; needs `topic`, since nothing is known of a message before it is read."""

    @property
    def key(self) -> str:
        return self.address or self.id


class Pattern(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of `ignore` in devices.yaml: which unregistered devices nobody wants to hear of."""

    id: Id
    """How people call the entry."""
    address: str = "*"
    """What the dialect calls the device; a pattern with * and ?."""
    dialect: str = ""
    """Only of this dialect; of any where it is left out."""
    topic: str = "#"
    """Only what speaks on this MQTT topic filter, with + and #."""

    def fits(self, dialect: str, address: str, topic: str) -> bool:
        return (
            self.dialect in ("", dialect)
            and fnmatchcase(address, self.address)
            and matches(self.topic.split("/"), topic.split("/"))
        )


class Admission(Pattern, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of `admit` in devices.yaml: lets devices in that nobody has entered, those that
    fit. Their id is made of the address."""

    name: str = ""
    """For people; `{address}` in it stands for what the dialect calls the device."""
    place: Place = Place()
    tags: frozenset[str] = frozenset()
    period: Duration | None = None


class Registry:
    """Finds devices by dialect and address, or by topic."""

    def __init__(
        self, devices: Sequence[DeviceSpec], place: Place, admissions: Sequence[Admission] = ()
    ) -> None:
        self._place, self._admissions = place, tuple(admissions)
        # Whoever speaks the gateway's own form calls devices by their ids and names quantities.
        own = {(OWN, d.id): msgspec.structs.replace(d, map={}) for d in devices}
        named = {(d.dialect, d.key): d for d in devices if not d.topic or d.address}
        self._by_address = own | named
        self._by_topic = {d.topic: d for d in devices if d.topic and not _wild(d.topic)}
        self._filters = [(d.topic.split("/"), d) for d in devices if _wild(d.topic)]
        self.models = {d.key: d.model.lower() for d in devices if d.model}
        self._admitted: dict[tuple[str, str], DeviceSpec] = {}
        self._subjects = {d.id: self._subject(d.id, d.name, d) for d in devices}

    def at(self, topic: str) -> DeviceSpec | None:
        """The device to which everything under *topic* belongs."""
        found = self._by_topic.get(topic)
        if found is None and self._filters:
            levels = topic.split("/")
            return next((d for f, d in self._filters if matches(f, levels)), None)
        return found

    def find(self, dialect: str, address: str) -> DeviceSpec | None:
        """The device that *dialect* calls *address*: entered as such, or as the device of which
        this is a part, or admitted by a pattern."""
        found = self._entered(dialect, address)
        if found is None and PART in address:
            found = self._entered(dialect, address.partition(PART)[0])
        key = (dialect, address)
        return found or self._admitted.get(key) or self._admit(key)

    def _entered(self, dialect: str, address: str) -> DeviceSpec | None:
        return self._by_address.get((dialect, address)) or self._by_address.get(("", address))

    def subjects(self) -> Mapping[str, Subject]:
        """Every device by id, as rules and people know it."""
        return self._subjects

    def _admit(self, key: tuple[str, str]) -> DeviceSpec | None:
        dialect, address = key
        if len(self._admitted) >= MAX_ADMITTED:
            return None
        for pattern in self._admissions:
            if pattern.fits(dialect, address, ""):
                admitted = DeviceSpec(id=address, dialect=dialect, tags=pattern.tags)
                self._admitted[key] = admitted
                self._subjects[address] = self._subject(address, "", pattern)
                return admitted
        return None

    def _subject(self, id: str, name: str, spec: DeviceSpec | Admission) -> Subject:
        place = spec.place
        if place == Place():
            place = self._place
        elif not (place.site and place.codes):
            place = msgspec.structs.replace(
                place, site=place.site or self._place.site, codes=place.codes or self._place.codes
            )
        return Subject(id=id, name=name, place=place, tags=spec.tags, period=spec.period)


def _wild(topic: str) -> bool:
    return "+" in topic or "#" in topic


def matches(filter: Collection[str], levels: Sequence[str]) -> bool:
    """Does the topic fit the filter (MQTT 5, section 4.7)?

    >>> matches("a/+/c".split("/"), "a/b/c".split("/")), matches("a/#".split("/"), ["a"])
    (True, True)
    """
    for index, part in enumerate(filter):
        if part == "#":
            return True
        if index >= len(levels) or part not in ("+", levels[index]):
            return False
    return len(levels) == len(filter)
