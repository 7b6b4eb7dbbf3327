"""A rule as a form: every field of its kind, what it may be, and what it is."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo, fields

from gateway.model import Duration
from rules.expression import Expression
from rules.rule import Rule
from rules.schedule import DAYS, FREEDAYS, WORKDAYS, Schedule
from rules.selector import Names, Select
from rules.values import Span

Sort = Literal[
    "number", "integer", "duration", "flag", "choice", "list", "text", "hours", "select", "yaml"
]
FIRST = ("title", "severity", "select", "by")
"""Fields that every kind has and that people look for at the top."""
LAST = ("unless", "steps", "escalate", "note", "enabled")
FIXED = {"id"}
NAMES = dict(enumerate(DAYS)) | {WORKDAYS: "workdays", FREEDAYS: "freedays"}
EVERY_DAY = frozenset(range(len(DAYS)))


class Field(msgspec.Struct, frozen=True):
    """One line of the form. A duration's value is text, `10m`, and so are hours; a `select` is an
    object of lists; `yaml` is what can only be written as such. None: not set."""

    name: str
    sort: Sort
    value: Any
    default: Any
    required: bool
    own: bool
    """Of this kind alone."""
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()


class Form(msgspec.Struct, frozen=True):
    id: str
    kind: str
    fields: list[Field]
    saves: bool = False
    """Whether changes can be saved here."""


def form(rule: Rule, saves: bool = False) -> Form:
    """All that can be set of *rule*, in the order in which people read."""
    base = {field.encode_name for field in fields(Rule)}
    found = {f.encode_name: _field(rule, f, f.encode_name not in base) for f in fields(rule)}
    middle = [name for name in found if name not in (*FIRST, *LAST, *FIXED)]
    middle.sort(key=lambda name: not found[name].own)
    order = (*FIRST, *middle, *LAST)
    tag = str(rule.__struct_config__.tag)
    return Form(rule.id, tag, [found[name] for name in order], saves)


def _field(rule: Rule, field: FieldInfo, own: bool) -> Field:
    kind, meta = _bare(field.type)
    sort, choices = _sort(kind)
    least = meta.ge if meta.ge is not None else meta.gt
    default = None if field.required else _default(field)
    return Field(
        field.encode_name,
        sort,
        plain(getattr(rule, field.name)),
        plain(default),
        field.required,
        own,
        least,
        meta.le,
        choices,
    )


def _default(field: FieldInfo) -> Any:
    made = field.default_factory
    return field.default if made is msgspec.NODEFAULT else made()


def _sort(kind: Any) -> tuple[Sort, tuple[str, ...]]:
    if get_origin(kind) is Literal:
        return "choice", get_args(kind)
    sorts: dict[Any, Sort] = {
        float: "number",
        int: "integer",
        bool: "flag",
        str: "text",
        Duration: "duration",
        Span: "duration",
        Names: "list",
        tuple[str, ...]: "list",
        Schedule: "hours",
        Select: "select",
    }
    return sorts.get(kind, "yaml"), ()


def _bare(kind: Any) -> tuple[Any, Meta]:
    """Without `| None` and `Annotated`, whatever is inside the other."""
    meta = Meta()
    while get_origin(kind) not in (Literal, tuple):
        if get_origin(kind) is Annotated:
            meta = next((m for m in get_args(kind)[1:] if isinstance(m, Meta)), meta)
            kind = get_args(kind)[0]
        elif some := [arg for arg in get_args(kind) if arg is not type(None)]:
            kind = some[0]
        else:
            break
    return kind, meta


def plain(value: Any) -> Any:
    """As JSON has it and as it is written in a file."""
    if isinstance(value, Schedule):
        return [*_hours(value)]
    if type(value) is Select:  # a condition is more than that
        chosen = ((name, list(getattr(value, name))) for name in value.__struct_fields__)
        return {name: names for name, names in chosen}
    return msgspec.to_builtins(value, enc_hook=_written)


def _written(value: Any) -> Any:
    if isinstance(value, Expression):
        return value.text
    return list(value) if isinstance(value, tuple) else str(value)


def _hours(schedule: Schedule) -> Iterator[str]:
    for span in schedule:
        days = ",".join(NAMES[day] for day in sorted(span.days))
        hours = f"{_clock(span.start)}-{_clock(span.end)}"
        yield hours if span.days == EVERY_DAY else f"{days} {hours}"


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"
