"""A camera does not see well: covered, moved, out of focus, dark, frozen, no signal."""

from typing import Any, ClassVar

import msgspec

from gateway.model import Duration, Millis, Reason, Scene, Subject
from rules.rule import By, Part, Report, Rule
from rules.selector import Names


class Sight(msgspec.Struct, array_like=True):
    """What the camera's health was last; None before the first scene."""

    health: str | None = None


class Camera(Rule, frozen=True, kw_only=True):
    """A camera cannot do its work.

    ```yaml
    - id: camera-blind
      kind: camera
      incident: camera_fault
      health: [covered, moved]
      for: 2m
    ```
    """

    Memory: ClassVar[Any] = Sight

    by: By = "camera"
    health: Names = Names(("covered", "defocused", "moved", "frozen", "no_signal"))
    """Which of: covered, defocused, moved, frozen, dark, overexposed, no_signal."""

    def parts(self) -> tuple[Part, ...]:
        return (Part(self.select, readings=False, scenes=True),)

    def patience(self, subject: Subject) -> int | None:
        return Duration.parse("2m") if self.stale is None else self.stale

    def start(self, subject: Subject, now: Millis) -> Sight:
        return Sight()

    def take(self, state: Sight, seen: Scene, part: int) -> bool:
        state.health = seen.health
        return False

    def verdict(self, state: Sight, now: Millis, firing: bool) -> bool | None:
        return None if state.health is None else state.health in self.health

    def report(self, state: Sight, now: Millis, firing: bool) -> Report:
        if not firing and not state.health:
            return Report((Reason("it sees well again", value="well", code="sees_again"),))
        return Report(self.rest(state, now))

    def rest(self, state: Sight, now: Millis) -> tuple[Reason, ...]:
        health = state.health or "well"
        text = f"the camera is {health.replace('_', ' ')}" if state.health else "it sees well"
        return (Reason(text, value=health, code="camera" if state.health else "sees_again"),)
