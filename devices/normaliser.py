"""Values as a device said them -> readings of the site, in canonical form."""

from collections.abc import Sequence
from typing import NamedTuple

from devices import parts
from devices.codec import Message, Value
from devices.measure import Measure, Refused, measure
from devices.plan import Source
from devices.plausibility import Plausibility
from devices.registry import PART, DeviceSpec, Mapped, Registry
from gateway.model import Duration, Millis, Packet, Quality, Reading

MAX_VALUES = 512
"""Of one message; the rest is counted and left out."""
LONGEST = 256
"""Characters of the name of a device or quantity; a topic may have 65,535."""
PERSONAL = frozenset(
    {"license_plate", "plate", "plate_number", "sub_label", "face", "face_name", "person_name"}
)
"""Arrives uninvited and is nobody's business: dropped, and counted."""


class Unknown(NamedTuple):
    """A device that nobody has entered, with what it said."""

    dialect: str
    device: str
    topic: str
    readings: tuple[Reading, ...]
    sender: str = ""
    """Who proved to be sending."""


class Found(NamedTuple):
    """The readings of one message, of devices of the site and of others; what was left out, as
    (word for counting, text for people)."""

    readings: tuple[Reading, ...]
    unknown: tuple[Unknown, ...]
    refused: list[tuple[str, str]]
    sources: list[Source]
    """Of what each of the readings came, before it was judged by what was before."""


class Normaliser:
    def __init__(self, registry: Registry, late: Duration, plausibility: Plausibility) -> None:
        self._registry, self._late, self._plausibility = registry, late, plausibility

    def readings(
        self,
        packet: Packet,
        message: Message,
        dialect: str,
        at_topic: DeviceSpec | None,
        values: Sequence[Value],
    ) -> Found:
        """What *values*, found in *packet* by *dialect*, mean here."""
        refused: list[tuple[str, str]] = []
        if len(values) > MAX_VALUES:
            refused.append(("too_many", f"only the first {MAX_VALUES} values are kept"))
        single, twice = parts.tell_apart(values[:MAX_VALUES])
        refused += [("said_twice", f"{v.quantity[:40]}: came twice") for v in twice]
        known: list[Source] = []
        others: dict[str, list[Reading]] = {}
        for value in _without_null_island(single, refused):
            owner = at_topic or self._registry.find(dialect, value.device)
            try:
                named = _named(value, owner, packet.sender)
                if named is None:
                    continue
                reading = self._reading(message, value, *named, owner)
            except Refused as why:
                refused.append((why.why, f"{value.quantity[:40]}: {why}"))
                continue
            if owner:
                known.append(Source(value, *named, owner, reading))
            else:
                others.setdefault(value.device.partition(PART)[0], []).append(reading)
        unknown = tuple(
            Unknown(dialect, address, packet.topic, tuple(said), packet.sender)
            for address, said in others.items()
        )
        judged = self._plausibility.judge([source.reading for source in known])
        return Found(judged, unknown, refused, known)

    def _reading(
        self, message: Message, value: Value, name: str, unit: str, owner: DeviceSpec | None
    ) -> Reading:
        """The reading that *value* is, of the quantity *name*."""
        found = measure(name, value.value, unit, owner.decimal_comma if owner else False)
        device = value.device
        if owner is not None:
            device, found = owner.id, _of_owner(found, owner, value.device)
        return Reading(
            device=device,
            quantity=found.quantity,
            value=found.value,
            at=message.at,
            measured_at=value.measured_at,
            quality=self._quality(message, value, found),
            unit=found.unit,
        )

    def _quality(self, message: Message, value: Value, found: Measure) -> int:
        quality = value.quality
        if message.retained:
            quality |= Quality.RETAINED
        if not found.plausible:
            quality |= Quality.IMPLAUSIBLE
        measured: Millis | None = value.measured_at
        if measured is not None and message.at and measured < message.at - self._late:
            quality |= Quality.LATE
        return int(quality)


def _named(value: Value, owner: DeviceSpec | None, sender: str) -> tuple[str, str] | None:
    """(quantity, unit) as the site understands *value*; None where its mapping leaves it out."""
    name = value.quantity
    if len(name) > LONGEST or len(value.device) > LONGEST:
        raise Refused("too_long", f"a name of more than {LONGEST} characters is none")
    if name in PERSONAL:
        raise Refused("personal_data", "personal data is not kept")
    if owner is not None:
        if owner.sender and sender != owner.sender:
            raise Refused("wrong_sender", f"{sender or 'nobody'} may not send for it")
        if owner.map:
            mapped = owner.map.get(value.path)
            if isinstance(mapped, Mapped):
                return mapped.quantity, mapped.unit
            return (mapped, "") if mapped is not None else None
    return name, value.unit


def _of_owner(found: Measure, owner: DeviceSpec, address: str) -> Measure:
    """As the site keeps it: corrected, and named after the part of the device."""
    part = address.partition(PART)[2]
    correction = owner.calibrate.get(found.quantity)
    if correction is not None and isinstance(found.value, float):
        found = found._replace(value=found.value * correction.scale + correction.offset)
    if part and address not in (owner.id, owner.key):
        found = found._replace(quantity=f"{found.quantity}{PART}{part}")
    return found


def _without_null_island(
    values: Sequence[Value], refused: list[tuple[str, str]]
) -> Sequence[Value]:
    """A position of exactly 0, 0 is a receiver that knows none."""
    position = [v for v in values if v.quantity in ("lat", "lon", "latitude", "longitude", "lng")]
    if len(position) < 2 or any(v.value for v in position):
        return values
    refused.append(("no_position", "position 0, 0 is none"))
    return [v for v in values if v not in position]
