"""A device differs from its own habit at this hour of the week."""

from math import sqrt
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from gateway.model import Millis, Reading, Reason, Subject
from rules.rule import Report, Rule

HOUR = 3_600_000
HOURS = {"week": 168, "day": 24, "none": 1}
ODD_SHARE = 0.1
MOST_SAMPLES = 500.0
"""An hour's habit is an average over about so many readings; older ones fade."""


class Habit(msgspec.Struct, array_like=True):
    """What is usual at one hour: readings counted, their mean, their variance."""

    count: float = 0.0
    mean: float = 0.0
    variance: float = 0.0


class Known(msgspec.Struct, array_like=True):
    """The habits by hour, and how the last value compares."""

    habits: dict[int, Habit] = {}
    odd: bool | None = None
    value: float = 0.0
    usual: float = 0.0
    limit: float = 0.0
    unit: str = ""


class Baseline(Rule, frozen=True, kw_only=True):
    """Further from the mean of the same hour in the past than so many standard deviations.

    The habit is an exponentially weighted mean and variance (West 1979) for each hour of the
    week, counted in UTC: where clocks change, it learns the hour anew. What is odd counts
    for a tenth, so that an incident does not become the habit at once. Until an hour has
    `samples` readings, it is unknown.

    ```yaml
    - id: co2-unusual
      kind: baseline
      incident: air_quality
      select: {quantity: co2}
      deviations: 4
      least: 300
      for: 20m
    ```
    """

    Memory: ClassVar[Any] = Known

    deviations: Annotated[float, Meta(gt=0)] = 4.0
    """Holds beyond so many standard deviations."""
    least: Annotated[float, Meta(ge=0)] = 0.0
    """A smaller difference is never odd; in the unit of the quantity."""
    side: Literal["above", "below", "both"] = "both"
    samples: Annotated[int, Meta(ge=2)] = 12
    """Readings of an hour before it is judged."""
    pattern: Literal["week", "day", "none"] = "week"
    """A habit for each hour of the week, for each hour of the day, or one for all."""

    def check(self) -> None:
        self.select.single()

    def start(self, subject: Subject, now: Millis) -> Known:
        return Known()

    def take(self, state: Known, seen: Reading, part: int) -> bool:
        value = float(seen.value)
        hour = seen.at // HOUR % HOURS[self.pattern]
        habit = state.habits.setdefault(hour, Habit())
        limit = max(self.deviations * sqrt(habit.variance), self.least)
        difference = value - habit.mean
        known = habit.count >= self.samples
        state.odd = self._odd(difference, limit) if known else None
        state.value, state.usual, state.limit = value, habit.mean, limit
        state.unit = seen.unit
        _learn(habit, difference, ODD_SHARE if state.odd else 1.0)
        return False

    def verdict(self, state: Known, now: Millis, firing: bool) -> bool | None:
        return state.odd

    def report(self, state: Known, now: Millis, firing: bool) -> Report:
        quantity = self.select.quantity[0]
        how = "unusual" if state.odd else "usual"
        text = (
            f"{quantity} {state.value:.6g} {state.unit} is {how} for this hour: "
            f"{state.usual:.4g}, give or take {state.limit:.4g}"
        )
        return Report((Reason(text, quantity, state.value, state.usual, state.unit, how),))

    def _odd(self, difference: float, limit: float) -> bool:
        above, below = difference > limit, difference < -limit
        return (above and self.side != "below") or (below and self.side != "above")


def _learn(habit: Habit, difference: float, weight: float) -> None:
    habit.count = min(habit.count + weight, MOST_SAMPLES)
    share = weight / habit.count
    habit.mean += share * difference
    habit.variance = (1 - share) * (habit.variance + share * difference * difference)
