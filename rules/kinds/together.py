"""Several conditions at once, of sensors and cameras: one confirms the other."""

from typing import Any, ClassVar

import msgspec

from gateway.model import Duration, Millis, Observation, Reading, Reason, Subject
from rules.condition import Condition, Said
from rules.rule import By, Part, Report, Rule


class Words(msgspec.Struct, array_like=True):
    """What each source said last about one condition; who spoke last stands last."""

    met: dict[str, Said] = {}
    unmet: dict[str, Said] = {}

    def put(self, said: Said) -> None:
        self.met.pop(said.source, None)
        self.unmet.pop(said.source, None)
        (self.met if said.met else self.unmet)[said.source] = said

    def forget(self, until: Millis) -> None:
        """Drop what was said at *until* or before."""
        for words in (self.met, self.unmet):
            while words and (first := next(iter(words.values()))).at <= until:
                del words[first.source]


class Picture(msgspec.Struct, array_like=True):
    """What was said about each condition."""

    words: list[Words]


class Together(Rule, frozen=True, kw_only=True):
    """All conditions are met at one place: the bin says 95 % and the camera sees bags beside it.
    A word stands for `within`; after that the source has to say it again.

    ```yaml
    - id: bin-and-bags
      kind: together
      incident: overflowing_bin
      all:
        - {quantity: fill_level, above: 95}
        - {label: left_object, zone: bins}
      within: 30m
      by: place
    ```
    """

    Memory: ClassVar[Any] = Picture
    joint: ClassVar[bool] = True
    numeric: ClassVar[bool] = False

    by: By = "place"
    all: tuple[Condition, ...]
    within: Duration
    """How long what a source said stands for the present."""

    def check(self) -> None:
        self.select.nothing("all")
        if not 2 <= len(self.all) <= 8:
            raise ValueError("all: two to eight conditions are wanted")

    def parts(self) -> tuple[Part, ...]:
        return tuple(condition.part() for condition in self.all)

    def start(self, subject: Subject, now: Millis) -> Picture:
        return Picture([Words() for _ in self.all])

    def take(self, state: Picture, seen: Observation, part: int) -> bool:
        source = seen.device if isinstance(seen, Reading) else seen.camera
        words = state.words[part]
        before = words.met.get(source)
        said = self.all[part].said(seen, before)
        if said is None:
            return False
        words.put(said)
        return said.met and (before is None or said.evidence != before.evidence)

    def verdict(self, state: Picture, now: Millis, firing: bool) -> bool | None:
        """Known to fail as soon as one condition is; met when all are; else unknown."""
        unknown = False
        for words in state.words:
            words.forget(now - self.within)
            if not words.met:
                if words.unmet:
                    return False
                unknown = True
        return None if unknown else True

    def due(self, state: Picture, now: Millis) -> Millis | None:
        """When the next word is too old."""
        due = None
        for words in state.words:
            for said in (words.met, words.unmet):
                for first in said.values():
                    end = first.at + self.within
                    if end > now:
                        due = end if due is None or end < due else due
                        break
        return due

    def report(self, state: Picture, now: Millis, firing: bool) -> Report:
        fresh = [
            said
            for words in state.words
            for _, said in sorted(words.met.items())
            if now - said.at < self.within
        ]
        met = {said.source: said for said in fresh}
        return Report(
            tuple(said.reason() for said in met.values()) or (_NONE,),
            tuple(met),
            tuple(dict.fromkeys(e for said in met.values() for e in said.evidence)),
            max((said.confidence for said in met.values()), default=1.0),
        )


_NONE = Reason("no condition is met", code="none_met")
