"""How fast each client of the endpoint may speak. Who is above its rate is read more slowly: TCP
holds the rest back in the client's memory, and nothing that we would acknowledge is dropped."""

from collections import Counter, OrderedDict

from gateway.mqtt.access import Access
from gateway.ports import Health


class Rate:
    """A token bucket: *rate* messages per second on average over *burst* seconds; 0: none."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._most, self._then = rate, rate * burst, now
        self._left = self._most

    def debt(self, messages: int, now: float) -> float:
        """Take *messages* at *now*; how many seconds it lasts until they are within the rate."""
        if not self._rate:
            return 0.0
        refilled = self._left + (now - self._then) * self._rate
        self._left, self._then = min(self._most, refilled) - messages, now
        return max(0.0, -self._left / self._rate)


class Rates:
    """Of the clients that are here, and of at most *kept* that may come back."""

    def __init__(self, rate: float, burst: float, kept: int, access: Access) -> None:
        self._usual, self._burst, self._kept, self._access = rate, burst, kept, access
        self._rates: OrderedDict[tuple[str, str], Rate] = OrderedDict()
        self._slowed: Counter[str] = Counter()

    def of(self, user: str, client_id: str, now: float) -> Rate:
        """To come back does not fill a client's bucket again."""
        rate = self._rates.pop((user, client_id), None)
        if rate is None:
            own = self._access.rate(user)
            rate = Rate(self._usual if own is None else own, self._burst, now)
        self._rates[user, client_id] = rate
        while len(self._rates) > self._kept:
            self._rates.popitem(last=False)
        return rate

    def slow(self, who: str, part: str, health: Health) -> None:
        """*who* is above its rate, and not read for a while."""
        health.count("mqtt_throttled", part=part, why=who)
        self._slowed[who] += 1

    def loudest(self) -> str:
        """Who was slowed down most often since the last call; '' for nobody."""
        slowed, self._slowed = self._slowed, Counter()
        return slowed.most_common(1)[0][0] if slowed else ""
