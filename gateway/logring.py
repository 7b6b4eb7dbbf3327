"""The last lines of the log, in memory, for who has no shell on the box."""

import logging
from collections import deque

import msgspec

from gateway.model import Millis

KEPT = 2000
LONGEST = 2000
"""Characters of one line."""


class Line(msgspec.Struct, frozen=True):
    """`level`: DEBUG, INFO, WARNING, ERROR or CRITICAL."""

    at: Millis
    level: str
    part: str
    text: str


class LogRing(logging.Handler):
    """A handler that stands beside the one that writes."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: deque[tuple[int, Line]] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        line = Line(int(record.created * 1000), record.levelname, record.name, text[:LONGEST])
        self._kept.append((record.levelno, line))

    def lines(self, level: int, limit: int) -> list[Line]:
        """Of *level* and above, the newest first."""
        return [line for number, line in reversed(self._kept) if number >= level][:limit]


def ring() -> LogRing | None:
    """The one that the running program has set up."""
    found = (h for h in logging.getLogger().handlers if isinstance(h, LogRing))
    return next(found, None)
