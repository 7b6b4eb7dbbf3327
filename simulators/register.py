"""What the simulated platform knows: cases by incident, and the events that made them."""

from collections import Counter, OrderedDict
from typing import Any, NamedTuple

MOST_CASES, MOST_EVENTS = 10_000, 100_000


class Case(NamedTuple):
    """What the platform knows of one incident."""

    number: int
    data: dict[str, Any]
    events: list[str]
    """The types that arrived, in order."""
    pictures: dict[str, str]
    """SHA-256 -> waiting, ok, or what was wrong."""
    answers: list[str]
    """What the platform told the gateway of it, in order: `assigned: …`."""


class Register:
    """Cases by incident, and the events that made them; each event counts once."""

    def __init__(self) -> None:
        self.cases: OrderedDict[str, Case] = OrderedDict()
        self.counts: Counter[str] = Counter()
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def receive(self, event: dict[str, Any]) -> Case | None:
        """The case that *event* changed; None when it was there already."""
        key = event["source"], event["id"]
        if key in self._seen:
            self.counts["duplicates"] += 1
            return None
        self._seen[key] = None
        if len(self._seen) > MOST_EVENTS:
            self._seen.popitem(last=False)
        self.counts["events"] += 1
        return self._file(event)

    def _file(self, event: dict[str, Any]) -> Case:
        subject, data = event["subject"], event["data"]
        known = self.cases.get(subject)
        if known and data["seq"] < known.data["seq"]:
            self.counts["out_of_order"] += 1
            data = known.data
        number = known.number if known else self.counts["cases"] + 1
        self.counts["cases"] = max(number, self.counts["cases"])
        old = known.pictures if known else {}
        pictures = {p["sha256"]: old.get(p["sha256"], "waiting") for p in data["evidence"]}
        events = [*known.events, event["type"]] if known else [event["type"]]
        answers = known.answers if known else []
        case = self.cases[subject] = Case(number, data, events, pictures, answers)
        if len(self.cases) > MOST_CASES:
            self.cases.popitem(last=False)
        return case
