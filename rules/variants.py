"""What-if forms of a rule: `above=70:95:5`, `for=5m,10m,30m`."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from itertools import product
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import fields, replace

from gateway.model import Duration
from rules.rule import Rule

MOST = 500
"""Variants of one sweep."""


class Variant(NamedTuple):
    """A rule as it would be, and what is different about it."""

    label: str
    rule: Rule


def variants(rule: Rule, settings: Sequence[str]) -> list[Variant]:
    """The rule as it is, then every combination of *settings*. Raises ValueError in words."""
    named = [_setting(text) for text in settings]
    if not named:
        return [Variant("as it is", rule)]
    found = [Variant("as it is", rule)]
    for values in product(*(values for _, values in named)):
        changed, labels = rule, []
        for (name, _), value in zip(named, values, strict=True):
            changed = _changed(changed, name.split("."), value)
            labels.append(f"{name}={value}")
        found.append(Variant(" ".join(labels), changed))
        if len(found) > MOST:
            raise ValueError(f"more than {MOST} variants; take larger steps")
    return found


def _setting(text: str) -> tuple[str, list[str]]:
    name, equals, values = text.partition("=")
    if not (name and equals and values):
        raise ValueError(f"{text!r}: write name=value, name=a,b,c or name=first:last:step")
    if values.count(":") == 2:
        return name, _steps(*values.split(":"))
    return name, values.split(",")


def _steps(first: str, last: str, step: str) -> list[str]:
    """70:95:5 is 70 75 80 85 90 95; so is 5m:15m:5m."""
    try:
        low, high, by = Decimal(first), Decimal(last), Decimal(step)
    except InvalidOperation:
        spans = [int(Duration.parse(text)) for text in (first, last, step)]
        return [str(Duration(at)) for at in range(spans[0], spans[1] + 1, max(spans[2], 1))]
    if by <= 0 or (high - low) / by > MOST:
        raise ValueError(f"{first}:{last}:{step}: the step must be greater, 0 is none")
    return [f"{low + n * by:f}" for n in range(int((high - low) / by) + 1)]


def _changed(spec: Any, path: Sequence[str], text: str) -> Any:
    known = {field.encode_name: field for field in fields(spec)}
    field = known.get(path[0])
    if field is None:
        raise ValueError(f"{path[0]!r} is not known; known are: {', '.join(sorted(known))}")
    if len(path) > 1:
        inner = getattr(spec, field.name)
        if not isinstance(inner, msgspec.Struct):
            raise ValueError(f"{path[0]!r} has no {path[1]!r}")
        return replace(spec, **{field.name: _changed(inner, path[1:], text)})
    try:
        value = msgspec.convert(_plain(text), field.type, dec_hook=_parse, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"{path[0]}={text}: {error}") from None
    return replace(spec, **{field.name: value})


def _plain(text: str) -> float | str | None:
    if text == "none":
        return None
    try:
        return float(text)
    except ValueError:
        return text


def _parse(kind: Any, raw: Any) -> Any:
    return kind.parse(raw)
