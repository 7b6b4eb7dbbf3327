"""Stands in for the health of a running gateway: keeps what was said."""

from collections import Counter


class Watch:
    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.states: dict[str, tuple[str, str]] = {}

    def count(self, what: str, n: int = 1, *, part: str = "", why: str = "") -> None:
        self.counts[what, part, why] += n

    def report(self, part: str, state: str, detail: str = "") -> None:
        self.states[part] = state, detail
