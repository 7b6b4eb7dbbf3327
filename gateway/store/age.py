"""The time by which things grow old."""

from gateway.model import Millis

LEAP: Millis = 3_600_000


class AgeClock:
    """Follows the batches' time but takes no leaps: a box whose clock jumps ten years ahead must
    not forget ten years.

    What one step passes over beyond an hour is ignored, and made up for at a quarter of the
    pace: after a month in a drawer, readings just stay some months longer.

    >>> ages = AgeClock(age=0, at=0)
    >>> day = 86_400_000
    >>> ages.tick(day), ages.tick(day + 1000), ages.tick(3650 * day)
    (86400000, 86401000, 90901000)
    """

    def __init__(self, age: Millis, at: Millis) -> None:
        self.age, self._at = age or at, at

    def tick(self, at: Millis) -> Millis:
        """A batch was committed at *at*. Returns the age's time, never later than *at*."""
        step = min(max(at - self._at, 0), LEAP)
        self.age = min(self.age + step * 5 // 4, at) if self.age else at
        self._at = at
        return self.age
