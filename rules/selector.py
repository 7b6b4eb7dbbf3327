"""Which devices, cameras and places a rule applies to."""

from fnmatch import fnmatchcase
from typing import Any, Self

import msgspec

from gateway.model import Subject


class Names(tuple[str, ...]):
    """One name, or a list of them.

    >>> Names.parse("bin-*"), Names.parse(["a", "b"])
    (('bin-*',), ('a', 'b'))
    """

    @classmethod
    def parse(cls, raw: Any) -> Self:
        listed = [raw] if isinstance(raw, str) else raw
        if not isinstance(listed, list | tuple) or not all(isinstance(n, str) for n in listed):
            raise ValueError(f"{raw!r} is not a name or a list of names")
        if not all(listed):
            raise ValueError("an empty name selects nothing; leave the line out to select all")
        return cls(listed)


class Select(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a rule looks at. Every line that is given must fit; what is left out fits all."""

    quantity: Names = Names()
    """Canonical quantities, as in `linli decode`: temperature, fill_level …"""
    label: Names = Names()
    """What a camera calls it: left_object, blocked, vehicle …"""
    devices: Names = Names()
    """Ids of sensors; `bin-*` takes all that begin so."""
    cameras: Names = Names()
    """Ids of cameras; `*` and `?` as above."""
    zone: Names = Names()
    """Zones of those cameras."""
    tags: Names = Names()
    """All of these tags must be on the device."""
    grid: Names = Names()
    """Grid codes, or how they begin: 110101001 is a whole street."""

    def single(self) -> None:
        """Raise ValueError unless it names one quantity."""
        if len(self.quantity) != 1:
            raise ValueError("select: it needs one quantity, such as `{quantity: fill_level}`")

    def nothing(self, instead: str) -> None:
        """Raise ValueError where it selects something: *instead* selects by itself."""
        if self != Select():
            raise ValueError(f"select: it has no place here; write it into {instead}")

    def fits(self, subject: Subject, *, camera: bool) -> bool:
        """Whether *subject*, a camera or a sensor, is one that the rule concerns."""
        ids = self.cameras if camera else self.devices
        if not ids and (self.devices or self.cameras):
            return False
        return (
            (not ids or any(fnmatchcase(subject.id, name) for name in ids))
            and subject.tags.issuperset(self.tags)
            and (not self.grid or any(c.value.startswith(self.grid) for c in subject.place.codes))
        )
