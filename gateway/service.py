"""What the service manager is told (systemd's sd_notify protocol), and how logs look."""

import json
import logging
import os
import socket
import sys
from collections.abc import Mapping
from typing import TextIO

from gateway.logring import LogRing


def notify(state: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send one state (`READY=1`, `WATCHDOG=1`, `STOPPING=1`) to the service manager.

    False where there is none. Protocol: sd_notify(3), a datagram to $NOTIFY_SOCKET.
    """
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.sendto(state.encode(), address)
        except OSError:
            return False  # a manager that has gone away must not stop the service
    return True


class JsonLines(logging.Formatter):
    """One JSON object a line, for programs that read logs."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "part": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


class Lines(logging.Formatter):
    """For people. A line break in a message cannot forge a second line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname).1s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).replace("\n", "\\n").replace("\r", "\\r")


def set_up_logs(form: str, level: str = "INFO", stream: TextIO = sys.stdout) -> None:
    """*form*: `json`, `text`, or `auto` (text on a terminal, JSON elsewhere)."""
    if form == "auto":
        form = "text" if stream.isatty() else "json"
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines() if form == "json" else Lines())
    logging.basicConfig(level=level, handlers=[handler, LogRing()], force=True)
    for chatty in ("aiohttp.access", "uvicorn.access", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
