"""What is measured to tell how well a camera sees, and the limits, for who looks at it."""

import msgspec

SHARPNESS, KEPT, VOTES, DETAIL = 0.45, 0.35, 0.34, 0.5
DARK, BRIGHT = 26, 230
FROZEN = 45.0


class Measures(msgspec.Struct, frozen=True):
    """Shares are of the learnt scene; None while that is not known well enough."""

    still: float
    """Seconds without a single changed pixel; from `FROZEN` on it is frozen."""
    brightest: float
    """Grey level (0 to 255) that 95 % of the pixels stay below; under `DARK` it is dark."""
    darkest: float
    """Grey level that 5 % stay below; over `BRIGHT` it is overexposed."""
    sharpness: float | None = None
    """Of the fine detail; under `SHARPNESS` it is defocused."""
    kept: float | None = None
    """Of the strongest edges, how many are still there; under `KEPT`, and with a `detail` under
    `DETAIL`, it is covered."""
    detail: float | None = None
    """Of the contrast."""
    votes: float | None = None
    """Of the blocks, how many still show what they showed; at `VOTES` or less it is moved."""


LIMITS = Measures(FROZEN, DARK, BRIGHT, SHARPNESS, KEPT, DETAIL, VOTES)
