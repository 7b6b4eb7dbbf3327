"""Several devices of one place have gone quiet: their power or their network, not the sensors."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from gateway.model import Duration, Millis, Observation, Reading, Reason, Subject
from rules.rule import By, Part, Report, Rule

MOST_NAMED = 5
_LATER = 86_400_000
"""When all are silent, only one that is heard changes that."""


class Heard(msgspec.Struct, array_like=True):
    """When a device was heard last (or watched first), and after how long that is silence."""

    last: Millis
    after: int

    @property
    def silent_at(self) -> Millis:
        return self.last + self.after


class Roll(msgspec.Struct, array_like=True):
    """All devices of the place, by their ids."""

    heard: dict[str, Heard] = {}
    silent: int = 0
    """How many were silent when they were counted last …"""
    good_until: Millis = 0
    """… which holds until then: before, none becomes silent."""

    def count(self, now: Millis) -> int:
        """How many are silent at *now*. Counted anew only where that may have changed, so that a
        place with a thousand devices does not ask all of them at each reading."""
        if now >= self.good_until:
            silent_at = [heard.silent_at for heard in self.heard.values()]
            self.silent = sum(at <= now for at in silent_at)
            self.good_until = min((at for at in silent_at if at > now), default=now + _LATER)
        return self.silent


class Outage(Rule, frozen=True, kw_only=True):
    """At least `count` devices of a place are silent at once, each by its own period. With
    `unless` in the rule for the single device, one incident tells it all.

    ```yaml
    - id: place-silent
      kind: outage
      incident: device_offline
      count: 3
      by: place
    ```
    """

    Memory: ClassVar[Any] = Roll
    joint: ClassVar[bool] = True
    numeric: ClassVar[bool] = False
    armed: ClassVar[bool] = True

    by: By = "place"
    count: Annotated[int, Meta(ge=2)]
    periods: Annotated[float, Meta(gt=0)] = 3.0
    """Silent is who was not heard for so many of its periods; devices without one are not
    watched."""

    def check(self) -> None:
        if self.by in ("device", "camera"):
            raise ValueError("by: an outage is of a place, a grid, or the site")

    def parts(self) -> tuple[Part, ...]:
        return (Part(self.select, readings=True, scenes=not self.select.quantity),)

    def concerns(self, subject: Subject) -> bool:
        return bool(subject.period)

    def start(self, subject: Subject, now: Millis) -> Roll:
        return Roll()

    def join(self, state: Roll, subject: Subject, now: Millis) -> None:
        after = round((subject.period or 0) * self.periods)
        state.heard.setdefault(subject.id, Heard(now, after)).after = after
        state.good_until = 0

    def take(self, state: Roll, seen: Observation, part: int) -> bool:
        source = seen.device if isinstance(seen, Reading) else seen.camera
        heard = state.heard[source]
        if heard.silent_at <= seen.at:
            state.good_until = 0
        heard.last = seen.at
        return False

    def skip(self, state: Roll, gap: int) -> bool:
        for heard in state.heard.values():
            heard.last += gap
        state.good_until = 0
        return True

    def verdict(self, state: Roll, now: Millis, firing: bool) -> bool | None:
        return state.count(now) >= self.count

    def due(self, state: Roll, now: Millis) -> Millis | None:
        state.count(now)
        return state.good_until

    def report(self, state: Roll, now: Millis, firing: bool) -> Report:
        if not firing:
            return Report((Reason("enough of them are heard again", code="heard_again"),))
        silent = sorted(name for name, heard in state.heard.items() if heard.silent_at <= now)
        named = ", ".join(silent[:MOST_NAMED]) + (" …" if len(silent) > MOST_NAMED else "")
        text = f"{len(silent)} of {len(state.heard)} are silent: {named}; limit {self.count}"
        longest = Duration(max((now - h.last for h in state.heard.values()), default=0))
        why = Reason(text, "", len(silent), self.count, code="outage")
        return Report(
            (why, Reason(f"the longest for {longest}", code="longest", lasted=longest.seconds)),
            tuple(silent),
        )

    def rest(self, state: Roll, now: Millis) -> tuple[Reason, ...]:
        silent = state.count(now)
        text = f"{silent} of {len(state.heard)} are silent; limit {self.count}"
        return (Reason(text, value=silent, limit=self.count, code="outage"),)
