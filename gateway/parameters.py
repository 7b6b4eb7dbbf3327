"""The numbers and durations of a rule, which a person can turn without knowing its file."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta
from msgspec.structs import fields, replace

from gateway.model import Duration
from rules.rule import Rule


class Parameter(msgspec.Struct, frozen=True):
    """One of them, by the name that it has in the file. A duration's value is in milliseconds."""

    name: str
    kind: Literal["number", "integer", "duration"]
    value: float
    least: float | None = None
    """Not smaller than this; None: any."""
    most: float | None = None


def parameters(rule: Rule) -> list[Parameter]:
    """Those that are set, the kind's own ones first."""
    own = len(fields(Rule))
    listed = fields(rule)
    found = (_parameter(rule, field) for field in (*listed[own:], *listed[:own]))
    return [one for one in found if one is not None]


def changed(rule: Rule, settings: Mapping[str, float | str]) -> Rule:
    """*rule* with other values, all at once; durations as text, `10m`, or in seconds. Raises
    ValueError in words."""
    known = {one.name for one in parameters(rule)}
    by_name = {field.encode_name: field for field in fields(rule)}
    values: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in known:
            raise ValueError(f"{name} cannot be tried; what can: {', '.join(sorted(known))}")
        field = by_name[name]
        try:
            values[field.name] = msgspec.convert(value, field.type, dec_hook=_parse)
        except msgspec.ValidationError as error:
            raise ValueError(f"{name}: {error}") from None
    return replace(rule, **values)


def _parameter(rule: Rule, field: msgspec.structs.FieldInfo) -> Parameter | None:
    value = getattr(rule, field.name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    bare, meta = _bare(field.type)
    kind: Literal["number", "integer", "duration"] = "number"
    if isinstance(value, Duration):
        kind = "duration"
    elif bare is int:
        kind = "integer"
    least = 0 if kind == "duration" else meta.ge if meta.ge is not None else meta.gt
    return Parameter(field.encode_name, kind, float(value), least, meta.le)


def _bare(kind: Any) -> tuple[Any, Meta]:
    """Without `| None` and `Annotated`."""
    meta = Meta()
    while True:
        if get_origin(kind) is Annotated:
            kind, meta = get_args(kind)[0], next(a for a in get_args(kind) if isinstance(a, Meta))
        elif some := [arg for arg in get_args(kind) if arg is not type(None)]:
            kind = some[0]
        else:
            return kind, meta


def _parse(kind: Any, raw: Any) -> Any:
    return kind.parse(raw)
