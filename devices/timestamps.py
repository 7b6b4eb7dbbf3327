"""Tells what instant a device means, and whether to believe it.

    1648731311          seconds        1648731311000          milliseconds
    1648731311000000    microseconds   1648731311000000000    nanoseconds
    "1648731311"        the same as text
    "2022-03-31T12:55:11Z", "20220331T125511Z", "2022-03-31 12:55:11" (in the site's zone),
    "2026-01-01T00:00:00 Asia/Shanghai", "20220331125511" (in the site's zone)
    1321890, "@0.0s"    time since the device started: no instant

An hour that a zone has twice (end of summer time) is read as the first of the two.
"""

import math
import re
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from gateway.model import Millis, Quality

FUTURE = 5 * 60_000
"""A device's clock may be ahead by so many ms; beyond, its time is not believed."""

EARLIEST: Millis = 946_684_800_000
"""2000-01-01. A clock that was never set says 1970."""

_SCALES = ((1e11, 1000.0), (1e14, 1.0), (1e17, 1e-3), (1e20, 1e-6))
"""Below this size -> factor to ms. The ranges do not overlap between 1973 and 5138."""

_NUMBER = re.compile(r"\d{1,20}(?:\.\d{1,9})?")
_COMPACT = re.compile(r"(?:19|20)\d{12}")
_RELATIVE = re.compile(r"@-?[\d.]+s?")


class Stamp(NamedTuple):
    """*at* is None where the device said nothing credible; then *quality* says whether it lied."""

    at: Millis | None
    quality: int = 0


NONE = Stamp(None)
SUSPECT = Stamp(None, int(Quality.CLOCK_SUSPECT))


def stamp(raw: Any, at: Millis, zone: tzinfo = UTC) -> Stamp:
    """Read *raw* as an instant; *at* is the time of arrival (0: unknown, nothing is future).

    A time without offset is in *zone*. Impossible ones (before 2000, the future beyond 5 min,
    no time at all) give None and CLOCK_SUSPECT; a missing one gives None and 0.
    """
    if raw is None or isinstance(raw, bool) or raw == "":
        return NONE
    if isinstance(raw, int | float):
        instant = _of_number(float(raw)) if abs(raw) < 1e20 else None
    elif isinstance(raw, str) and len(raw) <= 64:
        if _RELATIVE.fullmatch(raw):
            return NONE
        instant = _of_text(raw.strip(), zone)
    else:
        instant = None
    if instant is None or instant < EARLIEST or (at and instant > at + FUTURE):
        return SUSPECT
    return Stamp(instant)


def _of_number(raw: float) -> Millis | None:
    if not math.isfinite(raw) or raw < 0:
        return None
    for limit, factor in _SCALES:
        if raw < limit:
            return round(raw * factor)
    return None


def _of_text(text: str, zone: tzinfo) -> Millis | None:
    if _COMPACT.fullmatch(text):
        text = f"{text[:8]}T{text[8:]}"
    elif _NUMBER.fullmatch(text):
        return _of_number(float(text))
    text, _, name = text.partition(" ") if "/" in text else (text, "", "")
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(name) if name else zone)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError, OSError, KeyError):  # KeyError: no such zone
        return None
