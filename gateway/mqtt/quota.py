"""How much one device may say where a broker speaks for all of them. Pure; time is an argument.

Each topic has a token bucket of its own; some may share one. Who makes up topics without end
shares the one of the newcomers with all that are new.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from gateway.mqtt.access import check_filters, matches

BURST = 10.0
"""Seconds over which a rate is an average: a device may say at once what it saved up in them."""
KNOWN = 20_000
"""Topics whose bucket is kept."""
FORGET = 3600.0
"""Seconds of silence after which a topic counts as new again, when there is no room."""
NEWCOMERS = 100.0
"""New topics per second, beyond the first `KNOWN`."""


class Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What some topics may bring together, instead of `max_rate` each."""

    topics: tuple[str, ...]
    """Topic filters with + and #, of one device: they share one allowance."""
    rate: Annotated[float, Meta(gt=0)]
    """Messages per second, on average over 10 s."""

    def __post_init__(self) -> None:
        check_filters(self.topics)


class Bucket:
    """Fills at *rate* up to *most* (0: that of `BURST` seconds); each message takes one."""

    __slots__ = ("_left", "_most", "_rate", "_then")

    def __init__(self, rate: float, now: float, most: float = 0.0) -> None:
        most = most or max(1.0, rate * BURST)
        self._rate, self._most, self._left, self._then = rate, most, most, now

    def take(self, now: float) -> bool:
        """Whether there is one left for a message at *now*."""
        left = self._left + (now - self._then) * self._rate
        if left > self._most:
            left = self._most
        self._then = now
        if left < 1.0:
            self._left = left
            return False
        self._left = left - 1.0
        return True

    def idle(self, now: float) -> float:
        """Seconds since the last message."""
        return now - self._then


class Quotas:
    """Of one broker. *rate* is for each topic of no *quota*; 0: no limit."""

    def __init__(self, rate: float, quotas: Sequence[Quota], now: float) -> None:
        self._rate = rate
        self._shared = [(q.topics, Bucket(q.rate, now)) for q in quotas]
        self._buckets: dict[str, Bucket] = {}
        self._newcomers = Bucket(NEWCOMERS, now, KNOWN)
        self._swept = now
        self._shed: Counter[str] = Counter()

    def admit(self, topic: str, now: float) -> bool:
        """Whether a message on *topic* is within what its device may say at *now*."""
        bucket = self._buckets.get(topic) or self._new(topic, now)
        if bucket is None or bucket.take(now):
            return True
        self._shed[topic if bucket is not self._newcomers else "(new topics)"] += 1
        return False

    def shed(self) -> Counter[str]:
        """What was not admitted since the last call, by topic."""
        found, self._shed = self._shed, Counter()
        return found

    def _new(self, topic: str, now: float) -> Bucket | None:
        """The bucket of a topic that has none yet; None: there is no limit for it."""
        bucket = next((b for t, b in self._shared if any(matches(f, topic) for f in t)), None)
        if bucket is None and not self._rate:
            return None
        if len(self._buckets) >= KNOWN and now - self._swept >= 1.0:
            self._swept = now
            self._buckets = {t: b for t, b in self._buckets.items() if b.idle(now) < FORGET}
        if len(self._buckets) >= KNOWN or not self._newcomers.take(now):
            return self._newcomers
        found = self._buckets[topic] = bucket or Bucket(self._rate, now)
        return found
