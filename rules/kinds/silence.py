"""A device that should report has gone quiet."""

from typing import Annotated, Any, ClassVar

import msgspec
import numpy as np
from msgspec import Meta

from gateway.model import Duration, Millis, Observation, Reason, Subject
from rules.rule import Part, Report, Rule
from rules.shortlist import Floats, Ints, Shortlist
from rules.values import Span


class Heard(msgspec.Struct, array_like=True):
    """When it was heard last (or watched first), and after how long that is silence."""

    last: Millis
    after: int
    ever: bool = False


class Silence(Rule, frozen=True, kw_only=True):
    """Nothing was heard of a sensor or camera for too long: each by its own period. One that is
    registered with a period and was never heard counts from the start.

    ```yaml
    - id: sensor-silent
      kind: silence
      incident: device_offline
      periods: 3
    ```
    """

    Memory: ClassVar[Any] = Heard
    numeric: ClassVar[bool] = False
    armed: ClassVar[bool] = True

    after: Span | None = None
    """Silent for so long. Without it: `periods` times the period of the device; devices without
    one are not watched."""
    periods: Annotated[float, Meta(gt=0)] = 3.0

    def check(self) -> None:
        if self.select.label:
            raise ValueError("select: silence looks at devices and cameras, not at a label")

    def parts(self) -> tuple[Part, ...]:
        return (Part(self.select, readings=True, scenes=not self.select.quantity),)

    def concerns(self, subject: Subject) -> bool:
        return self.after is not None or bool(subject.period)

    def patience(self, subject: Subject) -> int | None:
        return None  # silence is the very thing it knows about

    def start(self, subject: Subject, now: Millis) -> Heard:
        return Heard(now, self._limit(subject))

    def take(self, state: Heard, seen: Observation, part: int) -> bool:
        state.last, state.ever = seen.at, True
        return False

    def skip(self, state: Heard, gap: int) -> bool:
        state.last += gap
        return True

    def verdict(self, state: Heard, now: Millis, firing: bool) -> bool:
        return now - state.last >= state.after

    def due(self, state: Heard, now: Millis) -> Millis:
        return state.last + state.after

    def shortlist(self, subject: Subject, at: Ints, value: Floats) -> Shortlist:
        mask = np.ones(len(at), np.bool_)
        mask[:-1] = np.diff(at) >= self._limit(subject)
        return Shortlist(mask, lambda index: index)

    def report(self, state: Heard, now: Millis, firing: bool) -> Report:
        if not firing:
            return Report((Reason("heard again", code="heard_again"),))
        gap, limit = _seconds(now - state.last), _seconds(state.after)
        heard = f"silent for {gap}" if state.ever else f"never heard, watched for {gap}"
        code = "silent" if state.ever else "never_heard"
        text = f"{heard}; limit {limit}"
        return Report((Reason(text, "", gap.seconds, limit.seconds, "", code, gap.seconds),))

    def rest(self, state: Heard, now: Millis) -> tuple[Reason, ...]:
        gap, limit = _seconds(now - state.last), _seconds(state.after)
        since = "heard" if state.ever else "never heard, watched only since"
        code, text = (
            "heard_ago" if state.ever else "never_heard",
            f"{since} {gap} ago; limit {limit}",
        )
        return (Reason(text, "", gap.seconds, limit.seconds, "", code, gap.seconds),)

    def _limit(self, subject: Subject) -> int:
        after = self.after if self.after is not None else (subject.period or 0) * self.periods
        return round(after)


def _seconds(span: int) -> Duration:
    """Whole seconds, as people read them; a limit below one stays as it is."""
    return Duration(span // 1000 * 1000 if span >= 1000 else span)
