"""What a rehearsal tells: what other settings would have found in stored pictures."""

import msgspec

from gateway.model import Box, Detection, Millis
from vision.detector import Waiting


class Moment(msgspec.Struct, frozen=True):
    """What would have been seen at one instant. `health` as in `Scene`."""

    at: Millis
    found: tuple[Detection, ...]
    waiting: tuple[Waiting, ...]
    health: str


class Report(msgspec.Struct, frozen=True):
    """A thing that would have been reported, from `at` until it was gone or the end."""

    label: str
    zone: str
    at: Millis
    until: Millis
    since: Millis
    box: Box
    why: str


class Rehearsal(msgspec.Struct, frozen=True):
    """`start` to `end`: the span that was judged; both 0 where there is no picture yet. At most
    sixty `moments`, the last picture among them; all `reports`. `pictures`: instants of the
    masked pictures that there are."""

    start: Millis
    end: Millis
    moments: tuple[Moment, ...]
    reports: tuple[Report, ...]
    pictures: tuple[Millis, ...]
