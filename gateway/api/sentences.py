"""A rule in one sentence, for who never opens its file.

    Devices tagged bin: fill level above 90 %, for 30 min. Over once below 60 %.

The words stand in sentences.yaml, in each language; names of quantities and of what cameras see are
those of the console.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from devices import quantity
from gateway.api.wording import Words
from rules.condition import Condition
from rules.rule import Rule
from rules.schedule import Schedule


def sentence(rule: Rule, language: str) -> str:
    """What *rule* waits for, of whom, how long, and when."""
    return _whole(Words(language), rule)


def hours(schedule: Schedule, language: str) -> str:
    """When it watches: `Mon–Fri 08:00–18:00`."""
    return Words(language).hours(schedule)


def _whole(to: Words, rule: Rule) -> str:
    held = to.say("for", span=to.span(rule.wait)) if rule.wait else ""
    what = _KINDS[_kind(rule)](to, rule)
    return to.say("whole", who=_who(to, rule), what=what, held=held, rest=_rest(to, rule))


def _who(to: Words, rule: Rule) -> str:
    chosen = rule.parts()[0].select
    names = [*chosen.devices, *chosen.cameras]
    if names:
        who = to.say("who.named", names=to.either(names))
    elif chosen.tags and not rule.joint:
        who = to.say("who.tagged", names=", ".join(chosen.tags))
    else:
        who = to.say(f"who.{rule.by}")
    return to.say("who.within", who=who, names=to.either(chosen.grid)) if chosen.grid else who


def _rest(to: Words, rule: Rule) -> str:
    known: Any = rule
    out = ""
    for key, name in (("clear.below", "clear_below"), ("clear.above", "clear_above")):
        if getattr(known, name, None) is not None:
            out += to.say(key, limit=to.amount(rule.select.quantity[0], getattr(known, name)))
    if rule.keep_for:
        out += to.say("keep_for", span=to.span(rule.keep_for))
    if rule.schedule:
        out += to.say("schedule", hours=to.hours(rule.schedule))
    if rule.unless:
        out += to.say("unless", rules=to.either(rule.unless))
    for step in rule.escalate:
        span = to.span(step.after)
        if step.severity:
            out += to.say("escalate", span=span, severity=to.name("severity", step.severity))
        if step.tell:
            out += to.say("escalate.tell", span=span, names=to.either(step.tell))
    return out if rule.enabled else out + to.say("switched_off")


def _limit(to: Words, of: str, what: str, above: float | None, below: float | None) -> str:
    found = quantity.find(of)
    value = above if above is not None else below or 0.0
    if found and found.kind == "flag" and 0 <= value <= 1:
        return to.say("flag.yes" if above is not None else "flag.no", what=what)
    key = "above" if above is not None else "below"
    return to.say(key, what=what, limit=to.amount(of, value))


def _seen(to: Words, labels: Iterable[str], zones: Iterable[str]) -> str:
    words = to.either(to.name("label", label) for label in labels)
    zones = to.either(zones)
    key = "seen.zone" if zones else "seen"
    return to.say(key, labels=words, zones=zones)


def _condition(to: Words, one: Condition) -> str:
    if one.label:
        return _seen(to, one.label, one.zone)
    what = to.either(to.name("quantity", of) for of in one.quantity)
    if one.equals is not None:
        return _values(to, one.quantity[0], what, one.equals)
    return _limit(to, one.quantity[0], what, one.above, one.below)


def _values(to: Words, of: str, what: str, values: Iterable[float | str]) -> str:
    said = list(values)
    found = quantity.find(of)
    if found and found.kind == "flag" and said in ([0.0], [1.0]):
        return to.say("flag.yes" if said[0] else "flag.no", what=what)
    shown = (v if isinstance(v, str) else to.amount(of, v) for v in said)
    return to.say("is", what=what, values=to.either(shown))


def _kind(rule: Rule) -> str:
    return str(rule.__struct_config__.tag)


def _what(to: Words, rule: Any) -> str:
    return to.name("quantity", rule.select.quantity[0])


def _limited(to: Words, rule: Any, what: str) -> str:
    return _limit(to, rule.select.quantity[0], what, rule.above, rule.below)


def _range(to: Words, rule: Any) -> str:
    of = rule.select.quantity[0]
    return to.say("range", what=_what(to, rule), min=f"{rule.min:g}", max=to.amount(of, rule.max))


def _rate(to: Words, rule: Any) -> str:
    key, by = ("rise", rule.rise) if rule.rise is not None else ("fall", rule.fall)
    limit = to.amount(rule.select.quantity[0], by)
    return to.say(key, what=_what(to, rule), limit=limit, within=to.span(rule.within))


def _counter(to: Words, rule: Any) -> str:
    what = to.say("counter", what=_what(to, rule), within=to.span(rule.within))
    return _limited(to, rule, what)


def _window(to: Words, rule: Any) -> str:
    of = to.say(f"of.{rule.of}", percent=f"{rule.percent:g}")
    what = to.say("window", of=of, what=_what(to, rule), over=to.span(rule.over))
    return _limited(to, rule, what)


def _silence(to: Words, rule: Any) -> str:
    if rule.after is not None:
        return to.say("silence", after=to.span(rule.after))
    return to.say("silence.periods", periods=f"{rule.periods:g}")


def _object(to: Words, rule: Any) -> str:
    seen = _seen(to, rule.select.label, rule.select.zone)
    if rule.dwell:
        seen = to.say("stays", seen=seen, dwell=to.span(rule.dwell))
    return to.say("many", count=rule.count, seen=seen) if rule.count > 1 else seen


def _quorum(to: Words, rule: Any) -> str:
    within = to.span(rule.within)
    return to.say("quorum", count=rule.count, within=within, each=_condition(to, rule.each))


def _sequence(to: Words, rule: Any) -> str:
    first, then = _condition(to, rule.first), _condition(to, rule.second)
    return to.say("sequence", first=first, then=then, within=to.span(rule.within))


def _together(to: Words, rule: Any) -> str:
    every = to.say("and").join(_condition(to, one) for one in rule.all)
    return to.say("together", all=every, within=to.span(rule.within))


def _camera(to: Words, rule: Any) -> str:
    return to.say("camera", health=to.either(to.name("camera.state", h) for h in rule.health))


_KINDS: Mapping[str, Callable[[Words, Any], str]] = {
    "threshold": lambda to, rule: _limited(to, rule, _what(to, rule)),
    "range": _range,
    "rate": _rate,
    "counter": _counter,
    "window": _window,
    "silence": _silence,
    "stuck": lambda to, r: to.say("stuck", what=_what(to, r), after=to.span(r.after)),
    "baseline": lambda to, r: to.say("baseline", what=_what(to, r), deviations=f"{r.deviations:g}"),
    "state": lambda to, r: _values(to, r.select.quantity[0], _what(to, r), r.equals),
    "object": _object,
    "camera": _camera,
    "outage": lambda to, r: to.say("outage", count=r.count),
    "quorum": _quorum,
    "sequence": _sequence,
    "together": _together,
    "when": lambda to, r: to.say("when", when=r.when.text),
}
