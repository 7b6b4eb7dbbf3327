"""How long readings gather before they are written, by the medium and by the load.

A commit costs about the same whatever is in it. On a disk that is soon done, so it may happen as
often as the box can bear: the next one begins when twice the time of the last has passed, and so
half of the time at most is spent on them. A quiet box answers within milliseconds; a busy one has
long turns, and gathers more. On a flash card it is the wear that counts, some 16 kB for each.
"""

import os
from collections.abc import Callable
from pathlib import Path

from gateway.model import Duration

LEAST, MOST = 0.002, 0.020
"""Seconds from the beginning of one turn to that of the next, on a disk."""
CARD = Duration.parse("250ms")
"""The same on an SD card or eMMC."""

Rest = Callable[[float], float]
"""Seconds that a turn took -> seconds from its beginning to that of the next, at least."""


def rest(linger: Duration | None, data: Path) -> Rest:
    """*linger* where the site says it, else what suits the medium on which *data* lies."""
    if linger is None and not is_card(data):
        return lambda took: min(MOST, max(LEAST, 2 * took))
    fixed = CARD if linger is None else linger
    return lambda took: fixed.seconds


def is_card(folder: Path) -> bool:
    """Whether *folder* lies on an SD card or eMMC, whose flash wears by the write."""
    number = folder.stat().st_dev
    device = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve()
    return "mmcblk" in device.name
