"""Which incidents a sink is told of.

    route: {kinds: [overflowing_bin, dumped_bag], severity: minor, grids: ["110101001"]}

What stands there must all be true. Who was told of an incident once is told of it to its end, so
that it is closed wherever it was opened; who is told only later (it became severe) hears of it as
opened. An incident that no route takes stays on this box, for the people at its console; so does
what the site's own `local` route takes, wherever it would go.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, get_args

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from gateway.model import Place, Severity

Word = Annotated[str, Meta(min_length=1)]
Words = Annotated[tuple[Word, ...], Meta(min_length=1)]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The harmless first."""


class Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes to a sink; what is left out does not matter."""

    kinds: Words | None = None
    """Kinds of incidents, as rules name them."""
    severity: Severity | None = None
    """This one or a worse one."""
    grids: Words | None = None
    """Beginnings of codes of the place, in any of its schemes: `110101` is a whole district."""
    rules: Words | None = None
    """Ids of the rules that report."""
    unless: tuple["Route", ...] = ()
    """What does not go there although all the rest is true."""
    escalated: bool = False
    """Only what a rule's `escalate` names this destination for: nobody took it up in time."""

    def takes(self, rule: str, kind: str, severity: Severity, place: Place) -> bool:
        """Whether an incident of these goes there."""
        codes = [code.value for code in place.codes]
        return (
            not self.escalated
            and (self.kinds is None or kind in self.kinds)
            and (self.rules is None or rule in self.rules)
            and (self.grids is None or any(code.startswith(self.grids) for code in codes))
            and (self.severity is None or _rank(severity) >= _rank(self.severity))
            and not any(no.takes(rule, kind, severity, place) for no in self.unless)
        )

    def beyond(self, local: "Route | None") -> "Route":
        """This route, without what stays on the box."""
        return self if local is None else replace(self, unless=(*self.unless, local))


EVERYTHING = Route()


def told(
    routes: Mapping[str, Route], rule: str, kind: str, severity: Severity, place: Place
) -> tuple[str, ...]:
    """The sinks of *routes* that take an incident of these."""
    return tuple(sink for sink, route in routes.items() if route.takes(rule, kind, severity, place))


def joined(before: Iterable[str], now: Iterable[str]) -> tuple[str, ...]:
    """Who was told stays told; the newly told come behind.

    >>> joined(["city"], ["fire", "city"])
    ('city', 'fire')
    """
    return tuple(dict.fromkeys((*before, *now)))


def _rank(severity: Severity) -> int:
    return SEVERITIES.index(severity)
