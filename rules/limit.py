"""A limit to one side, with a limit of its own for the end: hysteresis."""

from typing import Any, NamedTuple

from gateway.model import Millis, Reason
from rules.rule import Report, Rule
from rules.shortlist import Bools, Floats


class Figure(NamedTuple):
    """What is compared with a limit."""

    what: str
    value: float
    unit: str
    code: str = ""
    """How it is called in other languages, where it is not the quantity itself …"""
    lasted: float | None = None
    """… and over how many seconds."""


class Limited(Rule, frozen=True, kw_only=True):
    """A rule that holds while a number is above, or below, a limit."""

    above: float | None = None
    """Holds while the number is greater; in the unit of the quantity."""
    below: float | None = None
    """Holds while the number is smaller."""
    clear_below: float | None = None
    """Once above, it holds until the number is smaller than this."""
    clear_above: float | None = None
    """Once below, it holds until the number is greater than this."""

    def check(self) -> None:
        self.select.single()
        if (self.above is None) == (self.below is None):
            raise ValueError("above: give `above` or `below`, one of them (kind: range has both)")
        if self.above is None and self.clear_below is not None:
            raise ValueError("clear_below: it goes with above; with below, write clear_above")
        if self.below is None and self.clear_above is not None:
            raise ValueError("clear_above: it goes with below; with above, write clear_below")
        if _wrong_way(self.clear_below, self.above):
            raise ValueError("clear_below: clear_below must not be greater than above")
        if _wrong_way(self.below, self.clear_above):
            raise ValueError("clear_above: clear_above must not be smaller than below")

    def beyond(self, value: float, firing: bool) -> bool:
        """Whether *value* is beyond the limit: the one for the end, where it fires already."""
        if self.above is not None:
            clear = self.clear_below
            return value > self.above or (firing and clear is not None and value >= clear)
        if self.below is None:
            return False
        clear = self.clear_above
        return value < self.below or (firing and clear is not None and value <= clear)

    def all_beyond(self, value: Floats) -> Bools:
        """Where *value* is beyond the limit for the beginning."""
        if self.above is not None:
            return value > self.above
        return value < (self.below or 0.0)

    def figure(self, state: Any, now: Millis) -> Figure:
        """The number that is judged, with its name and unit."""
        raise NotImplementedError

    def report(self, state: Any, now: Millis, firing: bool) -> Report:
        """In words: `fill_level 95 % is above 90 %`, and later `75 % is not yet below 60 %`. What
        ends it may be its hours, so *firing* does not tell on which side the figure is."""
        figure = self.figure(state, now)
        if self._clear is None or self.beyond(figure.value, False):
            verb = "is" if self.beyond(figure.value, False) else "is not"
            return Report((self._compared(figure, verb, self._limit),))
        verb = "is not yet" if self.beyond(figure.value, True) else "is"
        return Report((self._compared(figure, verb, self._clear),))

    def rest(self, state: Any, now: Millis) -> tuple[Reason, ...]:
        return (self._compared(self.figure(state, now), "is not", self._limit),)

    @property
    def _limit(self) -> tuple[str, float]:
        return ("above", self.above) if self.above is not None else ("below", self.below or 0.0)

    @property
    def _clear(self) -> tuple[str, float] | None:
        if self.above is not None:
            return None if self.clear_below is None else ("below", self.clear_below)
        return None if self.clear_above is None else ("above", self.clear_above)

    def _compared(self, figure: Figure, verb: str, against: tuple[str, float]) -> Reason:
        what, value, unit, code, lasted = figure
        side, limit = against
        tail = f" {unit}" if unit and unit != "1" else ""
        text = f"{what} {value:.6g}{tail} {verb} {side} {limit:.6g}{tail}"
        return Reason(text, self.select.quantity[0], value, limit, unit, code, lasted)


def _wrong_way(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and low > high
