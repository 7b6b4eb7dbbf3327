"""Rules as people see them: in words, with what they told lately, and what may be turned."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from devices import quantity
from gateway.api.desk import Desk, Store
from gateway.api.sentences import hours, sentence
from gateway.model import Millis, Severity
from gateway.parameters import Parameter, parameters
from rules.kinds.when import When
from rules.rule import By, Rule

PAGE = 1000
MOST_PAGES = 20


class Week(msgspec.Struct, frozen=True):
    """Incidents that opened in the last 7 days, and those of them that people called void."""

    incidents: int = 0
    false_alarms: int = 0


class Entry(msgspec.Struct, frozen=True):
    """A rule as it stands in the list. Durations are milliseconds."""

    id: str
    kind: str
    title: str
    incident: str
    severity: Severity
    enabled: bool
    sentence: str
    wait: Millis = msgspec.field(name="for")
    keep_for: Millis
    schedule: str
    by: By
    select: dict[str, list[str]]
    week: Week


class Page(msgspec.Struct, frozen=True):
    """A rule with what may be tried. `quantities` and `devices` are what it judges; `units` are
    those of the quantities; without devices it can only be tried as a whole."""

    rule: Entry
    note: str
    parameters: list[Parameter]
    quantities: list[str]
    units: dict[str, str]
    devices: list[str]


class Told(NamedTuple):
    """Incidents by rule, and those of them that were false alarms."""

    incidents: Mapping[str, int]
    void: Mapping[str, int]


async def told(store: Store, since: Millis) -> Told:
    """What was told from *since* on; of the newest 20,000 incidents."""
    every, void, before = Counter[str](), Counter[str](), None
    for _ in range(MOST_PAGES):
        page = await store.incidents(None, PAGE, before)
        recent = [i for i in page if i.opened_at >= since]
        every.update(i.rule for i in recent)
        void.update(i.rule for i in recent if i.status == "void")
        if len(recent) < PAGE:
            break
        before = recent[-1].opened_at
    return Told(every, void)


def entry(rule: Rule, language: str, lately: Told) -> Entry:
    return Entry(
        id=rule.id,
        kind=str(rule.__struct_config__.tag),
        title=rule.title,
        incident=rule.incident,
        severity=rule.severity,
        enabled=rule.enabled,
        sentence=sentence(rule, language),
        wait=int(rule.wait),
        keep_for=int(rule.keep_for),
        schedule=hours(rule.schedule, language) if rule.schedule else "",
        by=rule.by,
        select=_chosen(rule.select),
        week=Week(lately.incidents.get(rule.id, 0), lately.void.get(rule.id, 0)),
    )


def page(desk: Desk, rule: Rule, language: str, lately: Told) -> Page:
    named = rule.when.names if isinstance(rule, When) else rule.select.quantity
    units = {of: found.unit for of in named if (found := quantity.find(of))}
    return Page(
        entry(rule, language, lately),
        rule.note,
        parameters(rule),
        list(named),
        units,
        judged(desk, rule),
    )


def judged(desk: Desk, rule: Rule) -> list[str]:
    """The sensors that *rule* judges one by one; none where it judges several together."""
    (part, *more) = rule.parts()
    if rule.joint or rule.by != "device" or more or not part.readings:
        return []
    sensors = (desk.subjects[spec.id] for spec in desk.config.devices if spec.id in desk.subjects)
    wanted = frozenset(part.select.quantity)
    return [
        s.id
        for s in sensors
        if part.select.fits(s, camera=False)
        and rule.concerns(s)
        and (not wanted or not wanted.isdisjoint(desk.latest.of(s.id)))
    ]


def _chosen(select: Any) -> dict[str, list[str]]:
    names = ((name, list(getattr(select, name))) for name in select.__struct_fields__)
    return {name: chosen for name, chosen in names if chosen}
