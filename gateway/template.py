"""Texts with holes: `{title}`, `{place.address}`, `{opened_at|%Y-%m-%d %H:%M}`.

A hole names a value, with dots into what is nested. What follows a bar says how a time is
written (a strftime pattern, or `s` or `ms` for a number since 1970), or what stands between the
members of a list. A hole that is the whole of a
text keeps its type (a number stays a number, a list a list); within more text, lists are joined by
commas and what is not there is empty. Values are never read for holes again, whatever they hold.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from gateway.model import Millis

_HOLE = re.compile(r"\{([A-Za-z_][\w.-]*)(?:\|([^{}]+))?\}")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Moment(NamedTuple):
    """A time, and the zone in which the other side reads clocks."""

    at: Millis
    zone: ZoneInfo

    def written(self, how: str) -> str | int:
        if how in ("s", "ms"):
            return self.at // 1000 if how == "s" else self.at
        return datetime.fromtimestamp(self.at / 1000, self.zone).strftime(how)


ISO = "%Y-%m-%dT%H:%M:%S%z"


def holes(template: Any) -> Iterator[str]:
    """The names that *template* (a text, or lists and dicts of them) asks for."""
    if isinstance(template, str):
        yield from (hole[1] for hole in _HOLE.finditer(template))
    elif isinstance(template, Mapping):
        for value in template.values():
            yield from holes(value)
    elif isinstance(template, list | tuple):
        for value in template:
            yield from holes(value)


def unknown(template: Any, names: Iterable[str]) -> list[str]:
    """Holes of *template* whose first part is none of *names*."""
    return [hole for hole in holes(template) if hole.partition(".")[0] not in set(names)]


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """*template* with its holes filled, dicts and lists in their places.

    >>> filled({"n": "{seq}", "t": "no. {seq}: {tags}"}, {"seq": 2, "tags": ["a", "b"]})
    {'n': 2, 't': 'no. 2: a,b'}
    """
    if isinstance(template, str):
        whole = _HOLE.fullmatch(template)
        return _value(whole, values) if whole else _text(template, values, str)
    if isinstance(template, Mapping):
        return {key: filled(value, values) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [filled(value, values) for value in template]
    return template


def filled_xml(template: str, values: Mapping[str, Any]) -> str:
    """*template* with its holes filled by escaped text, never by markup.

    >>> filled_xml("<a b='{x}'>{x}</a>", {"x": "<'&\\x00"})
    "<a b='&lt;&apos;&amp;'>&lt;&apos;&amp;</a>"
    """
    return _text(template, values, xml_text)


def xml_text(text: str) -> str:
    """*text* as it can stand in an element or an attribute; what XML has no way to say is left
    out."""
    return escape(_NOT_XML.sub("", text), {'"': "&quot;", "'": "&apos;"})


def as_text(value: Any) -> str:
    """A value within more text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(as_text(one) for one in value)
    return str(value)


def _text(template: str, values: Mapping[str, Any], write: Callable[[str], str]) -> str:
    return _HOLE.sub(lambda hole: write(as_text(_value(hole, values))), template)


def _value(hole: re.Match[str], values: Mapping[str, Any]) -> Any:
    found: Any = values
    for part in hole[1].split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, Moment):
        return found.written(hole[2] or ISO)
    if hole[2] and isinstance(found, list | tuple):
        return hole[2].join(map(as_text, found))
    return found
