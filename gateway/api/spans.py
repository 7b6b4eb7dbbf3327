"""Spans of time as routes are asked for them."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query

from gateway.api.problem import Problem
from gateway.model import Millis

LATEST = 2**53
"""The largest whole number that JSON's readers keep exactly."""

From = Annotated[int | None, Query(alias="from", ge=0, lt=LATEST, description="ms since 1970")]
To = Annotated[int | None, Query(alias="to", ge=0, lt=LATEST, description="ms since 1970; now")]


def span(start: Millis | None, end: Millis | None, now: Millis, usual: int) -> tuple[int, int]:
    """*usual* is how long it is when no start is given. `Problem` 400 when nothing lies in it."""
    end = now if end is None else end
    start = max(0, end - usual) if start is None else start
    if start >= end:
        raise Problem(400, "from has to be before to; both are ms since 1970.")
    return start, end


def local(at: Millis | None, zone: ZoneInfo) -> str:
    """As a spreadsheet reads it: `2026-05-01 08:00:00`, at the place."""
    if at is None:
        return ""
    return datetime.fromtimestamp(at / 1000, zone).strftime("%Y-%m-%d %H:%M:%S")
