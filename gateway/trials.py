"""Trying a change of one rule: what it would have told of the stored past, old against new."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from gateway import backtests
from gateway.backtests import Question, Result
from gateway.model import Millis, Severity, Subject
from rules.rule import Rule
from rules.selector import Names
from rules.silences import SilenceSpec
from rules.variants import Variant

MOST_SPANS = 2000
"""Drawn at most; the counts are of all."""


class Trial(NamedTuple):
    """What to try. With a device, only what that device did is judged."""

    store: Path
    rule: Rule
    changed: Rule
    others: Sequence[Rule]
    """Those that it names in `unless`."""
    subjects: Mapping[str, Subject]
    zone: ZoneInfo
    start: Millis
    end: Millis
    device: str = ""
    silences: Sequence[SilenceSpec] = ()


class Span(msgspec.Struct, frozen=True):
    """An incident that would have been; `closed` is None where it lasts to the end."""

    key: str
    opened: Millis
    closed: Millis | None
    severity: Severity
    why: str


class Told(msgspec.Struct, frozen=True):
    """What one form of the rule would have told. Of the incidents that people took up
    (`of_confirmed`) and called false alarms, it raises so many too."""

    incidents: int
    per_day: list[int]
    """For each of the outcome's days."""
    confirmed: int
    false_alarms: int
    spans: list[Span]


class Outcome(msgspec.Struct, frozen=True):
    """`days` are the beginnings of days at the place, the first one as late as the trial's."""

    start: Millis
    end: Millis
    days: list[Millis]
    old: Told
    new: Told
    of_confirmed: int
    of_false_alarms: int
    readings: int


def judge(trial: Trial) -> Outcome:
    """Judge both forms over the store; its past is read once. Raises StoreFailed."""
    forms = [_only(rule, trial.device) for rule in (trial.rule, trial.changed)]
    question = Question(
        variants=[Variant(name, rule) for name, rule in zip(("old", "new"), forms, strict=True)],
        others=trial.others,
        subjects=trial.subjects,
        zone=trial.zone,
        start=trial.start,
        end=trial.end,
        silences=trial.silences,
    )
    answer = backtests.run(trial.store, question, lambda device, readings: None)
    days = _days(trial)
    old, new = answer.results
    return Outcome(
        trial.start,
        trial.end,
        days,
        _told(old, days),
        _told(new, days),
        old.against.of_confirmed,
        old.against.of_false_alarms,
        answer.readings,
    )


def _only(rule: Rule, device: str) -> Rule:
    if not device:
        return rule
    return replace(rule, select=replace(rule.select, devices=Names((device,))))


def _days(trial: Trial) -> list[Millis]:
    first = datetime.fromtimestamp(trial.start / 1000, trial.zone)
    day = first.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [trial.start]
    while (at := round((day := day + timedelta(days=1)).timestamp() * 1000)) < trial.end:
        days.append(at)
    return days


def _told(result: Result, days: Sequence[Millis]) -> Told:
    counts = [0] * len(days)
    for episode in result.episodes:
        counts[max(0, sum(day <= episode.opened for day in days) - 1)] += 1
    rule = result.variant.rule
    return Told(
        len(result.episodes),
        counts,
        result.against.confirmed,
        result.against.false_alarms,
        [
            Span(e.key, e.opened, e.closed, e.severity or rule.severity, e.why)
            for e in result.episodes[-MOST_SPANS:]
        ],
    )
