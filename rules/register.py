"""Cells and groups, made when they are first needed, and found quickly from then on."""

from collections.abc import Mapping, Sequence

from gateway.model import Millis, Subject
from rules.cell import Cell, Group
from rules.routes import Routes, key_of
from rules.rule import Rule

MOST_ROUTES = 100_000
"""Pairs of device and quantity whose rules are kept at hand."""
Route = tuple[tuple[Cell, tuple[int, ...]], ...]
"""Cells that a thing concerns, and by which of their rule's parts."""
Where = tuple[str, str | None]
"""A device and its quantity; a camera and None."""


class Register:
    """All that *rules* remember about *subjects*, and about who is not registered."""

    def __init__(self, rules: Sequence[Rule], subjects: Mapping[str, Subject]) -> None:
        self._finder = Routes(rules)
        self.subjects = subjects
        self.cells: dict[tuple[str, str], Cell] = {}
        """By rule, and by device or key."""
        self.groups: dict[tuple[str, str], Group] = {}
        """By rule and key."""
        self.routes: dict[Where, Route] = {}
        """Those that were asked for before."""
        self.thorough = False
        """True: nothing is passed over because it would change nothing."""

    def subject(self, id: str) -> Subject:
        return self.subjects.get(id) or Subject(id)

    def route(self, where: Where, now: Millis) -> Route:
        """What is concerned, as of *now*, in the order of the rules."""
        subject = self.subject(where[0])
        parts: dict[str, list[int]] = {}
        cells = []
        for look in self._finder.find(subject, where[1]):
            if look.rule.id not in parts:
                cells.append(self.cell(look.rule, subject, now))
            parts.setdefault(look.rule.id, []).append(look.part)
        found = tuple((cell, tuple(parts[cell.rule.id])) for cell in cells)
        if len(self.routes) >= MOST_ROUTES:
            self.routes.clear()
        self.routes[where] = found
        return found

    def group(self, rule: Rule, key: str) -> Group:
        group = self.groups.get((rule.id, key))
        if group is None:
            group = self.groups[rule.id, key] = Group(rule, key)
        return group

    def cell(self, rule: Rule, subject: Subject, now: Millis) -> Cell:
        """The one in which *rule* judges *subject*, alone or with all of its key."""
        key = key_of(rule, subject)
        unit = key if rule.joint else subject.id
        cell = self.cells.get((rule.id, unit))
        if cell is None:
            cell = Cell(rule, unit, subject, self.group(rule, key), now)
            self.cells[rule.id, unit] = cell
        if self.thorough:
            cell.calm = None
        if rule.joint:
            rule.join(cell.state, subject, now)
        return cell
