"""silences.yaml as the console writes it: entries added and removed, one file for all of them."""

from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from rules.silences import SilenceSpec

FILE = "silences.yaml"
HEAD = """\
# Silences and maintenance windows: what need not be told for a while, who says so, and why.
# 静默与维护时段：期间不新建事件；写明负责人和原因。
"""


class Twice(Exception):
    """A silence of that id is there already."""


class Absent(LookupError):
    """There is no silence of that id."""


def entries(text: str) -> list[dict[str, Any]]:
    """What stands in *text*, as it was written: words and lists of words."""
    found = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it makes nothing but text
    listed = found.get("silences") if isinstance(found, dict) else None
    return [entry for entry in listed or () if isinstance(entry, dict)]


def added(text: str, entry: Mapping[str, Any]) -> str:
    """*text* with one more. Raises Twice."""
    known = entries(text)
    if any(one.get("id") == entry["id"] for one in known):
        raise Twice(entry["id"])
    return _written([*known, dict(entry)])


def removed(text: str, id: str) -> str:
    """*text* without that one. Raises Absent."""
    known = entries(text)
    left = [one for one in known if one.get("id") != id]
    if len(left) == len(known):
        raise Absent(id)
    return _written(left)


def spec(entry: Mapping[str, Any]) -> SilenceSpec:
    """Raises ValueError with what is wrong, in words."""
    return msgspec.convert(entry, SilenceSpec, dec_hook=lambda kind, raw: kind.parse(raw))


def _written(listed: list[dict[str, Any]]) -> str:
    body = yaml.safe_dump({"silences": listed}, allow_unicode=True, sort_keys=False, width=100)
    return HEAD + str(body)
