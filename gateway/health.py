"""How each part is, and how much it did: for /health, /metrics, the console, the watchdog."""

import logging
from collections import Counter

import msgspec

from gateway.model import Millis
from gateway.ports import Clock

log = logging.getLogger("linli")

VITAL = frozenset({"store"})
"""Parts without which nothing may be acknowledged."""
KEEP = 2000
"""Different (what, part, why) kept; a hostile name must not fill the memory."""


class Part(msgspec.Struct, frozen=True):
    """One part's present state. `state`: ok, starting, retrying, failed, stopped."""

    name: str
    state: str
    detail: str
    since: Millis
    seen: Millis


class PartsHealth:
    """Counters and states, in memory only; written by the loop's thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.started = clock.now()
        self.counters: Counter[tuple[str, str, str]] = Counter()
        self.parts: dict[str, Part] = {}

    def count(self, what: str, n: int = 1, *, part: str = "", why: str = "") -> None:
        key = what, part, why
        if key not in self.counters and len(self.counters) >= KEEP:
            key = what, "", "other"
        self.counters[key] += n

    def report(self, part: str, state: str, detail: str = "") -> None:
        now, before = self._clock.now(), self.parts.get(part)
        if state != "starting" and (before is None or before.state != state):
            level = logging.INFO if state in ("ok", "stopped") else logging.WARNING
            log.log(level, "%s is %s%s", part, state, f": {detail}" if detail else "")
        since = before.since if before and before.state == state else now
        self.parts[part] = Part(part, state, detail, since, now)

    def total(self, what: str) -> int:
        return sum(n for (name, _, _), n in self.counters.items() if name == what)

    @property
    def ok(self) -> bool:
        """Whether the box does its duty. A platform that refuses us is shown, but it is not the
        box that is ill: what waits for it is safe."""
        return not any(p.state == "failed" for p in self.parts.values() if p.name in VITAL)
