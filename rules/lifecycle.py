"""quiet -> pending -> firing -> closing -> quiet: the waiting around every kind of rule.

While the verdict is unknown, the waiting stands still: only time in which the condition was
known to hold counts towards opening, and only time in which it was known to be gone counts
towards closing.
"""

from typing import NamedTuple

from gateway.model import Millis


class Life(NamedTuple):
    """Where one condition is on its way. `QUIET` and a firing one without `turn` are at rest."""

    firing: bool = False
    onset: Millis | None = None
    """When what is pending or firing began to hold."""
    turn: Millis | None = None
    """Since when the verdict has differed from `firing`, not counting what was unknown."""
    paused: Millis | None = None
    """Since when the verdict has been unknown while waiting."""


QUIET = Life()


def step(life: Life, holds: bool | None, now: Millis, wait: int, keep: int) -> Life:
    """The life after a verdict at *now*. It opens or closes when `.firing` changes.

    `wait`: milliseconds that the condition must hold before it fires; `keep`: that it must be
    gone before it ends.
    """
    if holds is None:
        waiting = life.turn is not None and life.paused is None
        return life._replace(paused=now) if waiting else life
    if holds == life.firing:
        return Life(True, life.onset) if holds else QUIET
    turn = now if life.turn is None else life.turn
    if life.paused is not None:
        turn += now - life.paused
    onset = life.onset if life.onset is not None else now
    if now - turn < (keep if life.firing else wait):
        return Life(life.firing, onset, turn)
    return QUIET if life.firing else Life(True, onset)


def due(life: Life, wait: int, keep: int) -> Millis | None:
    """When the passing of time alone makes the life turn."""
    if life.turn is None or life.paused is not None:
        return None
    return life.turn + (keep if life.firing else wait)
