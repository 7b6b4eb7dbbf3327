"""Plain values -> typed, frozen specs; every problem with its line, not only the first."""

import types
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec.structs import fields

from config.located import WRONG, Document, Keys, Problem, Wrong

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text (put it in quotes)",
    "bool": "true or false",
    "array": "a list",
    "object": "a block of `key: value` lines",
    "null": "nothing",
}


def build(document: Document, keys: Keys, wanted: Any, problems: list[Problem]) -> Any:
    """The value at *keys* as *wanted* (a Struct, a union of tagged Structs, a list of them …).

    Adds what is wrong to *problems* and returns `WRONG` when it cannot be built.
    """
    value = document.value
    for key in keys:
        value = value[key]
    return _Builder(document, problems).build(value, wanted, keys)


def nearest(word: str, known: Iterable[str]) -> str:
    """` (did you mean …?)`, or what there is to choose from, or nothing."""
    names = sorted(set(known))
    if close := get_close_matches(word, names, n=1):
        return f"; did you mean {close[0]!r}?"
    return f"; known are: {', '.join(names)}" if 0 < len(names) <= 30 else ""


class _Builder:
    def __init__(self, document: Document, problems: list[Problem]) -> None:
        self._document, self._problems = document, problems

    def build(self, value: Any, wanted: Any, keys: Keys) -> Any:
        if value is WRONG:
            return WRONG
        bare = _bare(wanted)
        if structs := _structs(bare):
            if value is None and type(None) in get_args(bare):
                return None
            return self._struct(value, structs, keys)
        origin, inner = get_origin(bare), get_args(bare)
        if origin in (tuple, list, frozenset) and inner and _structs(_bare(inner[0])):
            return self._list(value, origin, inner[0], keys)
        if origin is dict and _structs(_bare(inner[1])):
            return self._dict(value, inner[1], keys)
        return self._leaf(value, wanted, keys)

    def _struct(self, value: Any, structs: Sequence[type[msgspec.Struct]], keys: Keys) -> Any:
        if not isinstance(value, dict):
            return self._wrong(keys, f"{_WORDS['object']} is wanted here")
        struct = self._chosen(value, structs, keys)
        if struct is None:
            return WRONG
        known = {field.encode_name: field for field in fields(struct)}
        tag_field = struct.__struct_config__.tag_field if struct.__struct_config__.tag else None
        for name in value:
            if name not in known and name != tag_field:
                self._wrong((*keys, name), f"{name!r} is not known here{nearest(name, known)}")
        built: dict[str, Any] = {}
        for name, field in known.items():
            if name in value:
                built[field.name] = self.build(value[name], field.type, (*keys, name))
            elif field.required:
                built[field.name] = self._wrong(keys, f"{name!r} is missing")
        if any(item is WRONG for item in built.values()) or any(
            name not in known and name != tag_field for name in value
        ):
            return WRONG
        try:
            return struct(**built)
        except ValueError as error:
            return self._said(str(error), known, keys)

    def _said(self, what: str, known: Iterable[str], keys: Keys) -> Wrong:
        """A struct's own complaint; `field: …` is shown at the line of that field."""
        field, colon, rest = what.partition(": ")
        if colon and field in known:
            return self._wrong((*keys, field), rest)
        return self._wrong(keys, what)

    def _chosen(
        self, value: dict[str, Any], structs: Sequence[type[msgspec.Struct]], keys: Keys
    ) -> type[msgspec.Struct] | None:
        if len(structs) == 1:
            return structs[0]
        by_tag = {str(struct.__struct_config__.tag): struct for struct in structs}
        tag_field = structs[0].__struct_config__.tag_field or "kind"
        if tag_field not in value:
            self._wrong(keys, f"{tag_field!r} is missing; known are: {', '.join(sorted(by_tag))}")
            return None
        tag = value[tag_field]
        if tag not in by_tag:
            place = (*keys, tag_field)
            self._wrong(place, f"{tag!r} is no {tag_field}{nearest(str(tag), by_tag)}")
            return None
        return by_tag[tag]

    def _list(self, value: Any, kind: Any, inner: Any, keys: Keys) -> Any:
        if not isinstance(value, list):
            return self._wrong(keys, f"{_WORDS['array']} is wanted here (lines that begin with -)")
        built = [self.build(item, inner, (*keys, n)) for n, item in enumerate(value)]
        return WRONG if any(item is WRONG for item in built) else kind(built)

    def _dict(self, value: Any, inner: Any, keys: Keys) -> Any:
        if not isinstance(value, dict):
            return self._wrong(keys, f"{_WORDS['object']} is wanted here")
        built = {name: self.build(item, inner, (*keys, name)) for name, item in value.items()}
        return WRONG if any(item is WRONG for item in built.values()) else built

    def _leaf(self, value: Any, wanted: Any, keys: Keys) -> Any:
        try:
            return msgspec.convert(value, wanted, dec_hook=_parse)
        except msgspec.ValidationError as error:
            return self._wrong(keys, _plain(str(error), value))

    def _wrong(self, keys: Keys, what: str) -> Wrong:
        name = next((str(key) for key in reversed(keys) if isinstance(key, str)), "")
        said = what if name and f"'{name}'" in what else f"{name}: {what}" if name else what
        self._problems.append(self._document.problem(keys, said))
        return WRONG


def _bare(wanted: Any) -> Any:
    return get_args(wanted)[0] if get_origin(wanted) is Annotated else wanted


def _structs(wanted: Any) -> tuple[type[msgspec.Struct], ...]:
    """The Structs that *wanted* may be: itself, or the members of a union."""
    union = get_origin(wanted) in (Union, types.UnionType)
    options = [o for o in get_args(wanted) if o is not type(None)] if union else [wanted]
    if all(isinstance(o, type) and issubclass(o, msgspec.Struct) for o in options):
        return tuple(options)
    return ()


def _parse(wanted: type, raw: Any) -> Any:
    """Types with a classmethod `parse(raw)` read themselves (Duration, Polygon …)."""
    if parse := getattr(wanted, "parse", None):
        return raw if isinstance(raw, wanted) else parse(raw)
    raise NotImplementedError(f"{wanted} has no parse()")


def _plain(error: str, value: Any) -> str:
    """msgspec's message in the words of somebody who does not program."""
    text = error.partition(" - at `$")[0]
    shown = repr(value) if len(repr(value)) <= 40 else repr(value)[:37] + "…"
    if text.startswith("Expected `") and "`, got `" in text:
        kinds = text[len("Expected `") :].partition("`, got")[0].split(" | ")
        words = [_WORDS.get(kind, kind) for kind in kinds if kind != "null"]
        return f"{' or '.join(words)} is wanted here, not {shown}"
    return f"{text} (it is {shown})" if text.startswith(("Expected", "Invalid")) else text
