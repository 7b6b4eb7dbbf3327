"""A limit to one side, with a limit of its own for the end: hysteresis."""

from gateway.model import Reason
from rules.rule import Rule
from rules.shortlist import Bools, Floats


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
            raise ValueError("give `above` or `below`, one of them (kind: range has both)")
        if self.above is None and self.clear_below is not None:
            raise ValueError("clear_below goes with above; with below, write clear_above")
        if self.below is None and self.clear_above is not None:
            raise ValueError("clear_above goes with below; with above, write clear_below")
        if _wrong_way(self.clear_below, self.above):
            raise ValueError("clear_below must not be greater than above")
        if _wrong_way(self.below, self.clear_above):
            raise ValueError("clear_above must not be smaller than below")

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

    def reason(self, what: str, value: float, unit: str, firing: bool) -> Reason:
        """Why it fires, in words: `fill_level 95 % is above 90 %`."""
        side, limit, clear = (
            ("above", self.above, self.clear_below)
            if self.above is not None
            else ("below", self.below, self.clear_above)
        )
        held = limit if firing or clear is None else clear
        verb = f"is {side}" if firing else f"is not {side}"
        tail = f" {unit}" if unit and unit != "1" else ""
        text = f"{what} {value:.6g}{tail} {verb} {held:.6g}{tail}"
        return Reason(text, self.select.quantity[0], value, held, unit)


def _wrong_way(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and low > high
