"""Which rules an observation concerns, and under which key."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gateway.model import Subject
from rules.rule import Part, Rule
from rules.selector import Select

SCENES = None
"""Stands where a quantity would, for what cameras see."""


class Look(NamedTuple):
    """One part of one rule that may look at a thing."""

    rule: Rule
    part: int
    select: Select


class Routes:
    """Finds the rules for a device's quantity, or for a camera, without asking all of them."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by: defaultdict[str | None, list[tuple[int, Look]]] = defaultdict(list)
        self._any: list[tuple[int, Look]] = []
        self._count = 0
        for rule in rules:
            for number, part in enumerate(rule.parts()):
                self._add(Look(rule, number, part.select), part)

    def _add(self, look: Look, part: Part) -> None:
        self._count += 1
        entry = self._count, look
        if part.scenes:
            self._by[SCENES].append(entry)
        if part.readings and not part.select.quantity:
            self._any.append(entry)
        for quantity in part.select.quantity if part.readings else ():
            self._by[quantity].append(entry)

    def find(self, subject: Subject, quantity: str | None) -> Iterator[Look]:
        """What looks at *quantity* of *subject*, or at its scenes; in the order of the rules."""
        looks = self._by.get(quantity, [])
        if quantity is not SCENES and self._any:
            looks = sorted(looks + self._any, key=lambda look: look[0])
        for _, look in looks:
            camera = quantity is SCENES
            if look.select.fits(subject, camera=camera) and look.rule.concerns(subject):
                yield look


def key_of(rule: Rule, subject: Subject) -> str:
    """The key of the incident that *rule* may open about *subject*. Something without a place
    stands for itself."""
    place = subject.place
    match rule.by:
        case "place":
            return f"{place.grid} {place.address}".strip() or subject.id
        case "grid":
            return place.grid or subject.id
        case "site":
            return place.site or "site"
    return subject.id


def watches(rule: Rule, subject: Subject) -> bool:
    """Whether *subject*, be it a camera or a sensor, is one that *rule* looks at."""
    return rule.concerns(subject) and any(
        (part.readings and part.select.fits(subject, camera=False))
        or (part.scenes and part.select.fits(subject, camera=True))
        for part in rule.parts()
    )
