"""YAML that remembers the line of everything in it."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

LARGEST = 4_000_000
"""Bytes of one file. 5,000 devices take some 800 kB."""
DEEPEST = 40
MOST_ALIASES = 100

Keys = tuple[str | int, ...]
"""Where something stands in a document: keys of mappings and places in lists."""


class Problem(NamedTuple):
    """One thing that is wrong with a site, where, and what to do about it."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


class Document(NamedTuple):
    """One file's content as plain values, and the line at which each of them stands."""

    file: str
    value: Any
    lines: Mapping[Keys, int]
    problems: tuple[Problem, ...]

    def line(self, keys: Keys) -> int:
        """The line of *keys*, or of the nearest thing around it."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    def problem(self, keys: Keys, what: str) -> Problem:
        return Problem(self.file, self.line(keys), what)


class Wrong:
    """Stands for a value that could not be read or built; what is wrong has been noted."""


WRONG = Wrong()


class SiteLoader(yaml.SafeLoader):
    """YAML's core schema of version 1.2: `22:00` and `no` are text, as people expect."""


SiteLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf)|\.(nan|NaN)",
        "-+.0123456789",
    ),
):
    SiteLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first)
    )


def parse(text: str, file: str, secrets: Mapping[str, str] | None = None) -> Document:
    """Read one YAML text. Everything that is wrong with it is in `problems`."""
    reader = _Reader(file, secrets)
    try:
        loader = SiteLoader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return Document(file, None, {}, (Problem(file, line, _syntax(error)),))
    except (yaml.YAMLError, RecursionError) as error:
        why = str(error).splitlines()[0] if str(error) else "nested too deeply"
        return Document(file, None, {}, (Problem(file, 1, f"this is no YAML: {why}"),))
    value = None if node is None else reader.value(node, ())
    return Document(file, value, reader.lines, tuple(reader.problems))


def read(path: Path, file: str, secrets: Mapping[str, str] | None = None) -> Document:
    """Read one file; *file* is the name by which problems call it."""

    def broken(what: str) -> Document:
        return Document(file, None, {}, (Problem(file, 1, what),))

    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return broken("there is no such file; `linli init DIR` writes a site that runs")
    except OSError as error:
        return broken(f"it cannot be read: {error.strerror}")
    if len(raw) > LARGEST:
        return broken(f"it is larger than {LARGEST // 1_000_000} MB; split it")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return Document(
            file, None, {}, (Problem(file, line, "this is not UTF-8; save the file as UTF-8"),)
        )
    return parse(text, file, secrets)


def _syntax(error: yaml.MarkedYAMLError) -> str:
    what = error.problem or "broken"
    if "\\t" in what:
        what = "a tab stands here; indent with spaces"
    return f"YAML cannot be read here: {what}"


class _Reader:
    """Turns YAML nodes into plain values, noting lines and problems."""

    def __init__(self, file: str, secrets: Mapping[str, str] | None) -> None:
        self._file, self._secrets = file, secrets
        self.lines: dict[Keys, int] = {}
        self.problems: list[Problem] = []
        self._construct = yaml.constructor.SafeConstructor()
        self._inside: list[int] = []
        self._seen: set[int] = set()
        self._aliases = 0

    def value(self, node: yaml.Node, keys: Keys) -> Any:
        self.lines.setdefault(keys, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if len(keys) > DEEPEST or id(node) in self._inside:
            return self._wrong(node, "this is nested too deeply")
        if id(node) in self._seen:
            self._aliases += 1
            if self._aliases > MOST_ALIASES:
                return self._wrong(node, f"more than {MOST_ALIASES} aliases; write them out")
        self._seen.add(id(node))
        self._inside.append(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, keys)
            return [self.value(item, (*keys, n)) for n, item in enumerate(node.value)]
        finally:
            self._inside.pop()

    def _mapping(self, node: yaml.MappingNode, keys: Keys) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._wrong(key, "a key must be a plain word")
                continue
            name = str(key.value)
            if name in found:
                first = self.lines[*keys, name]
                self._wrong(key, f"{name!r} stands twice; the first is in line {first}")
                continue
            self.lines[*keys, name] = key.start_mark.line + 1
            found[name] = self.value(item, (*keys, name))
        return found

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if node.tag == "!secret":
            return self._secret(node)
        try:
            value = self._construct.construct_object(node)
        except (yaml.YAMLError, ValueError):
            return self._wrong(node, f"the tag {node.tag} is not known here")
        if isinstance(value, float) and not math.isfinite(value):
            return self._wrong(node, f"{node.value} is not a number that can be used")
        if not isinstance(value, str | int | float | bool | None):
            return node.value
        return value

    def _secret(self, node: yaml.ScalarNode) -> str | Wrong:
        if self._secrets is None:
            self._wrong(node, "a secret cannot be used in this file")
        elif node.value not in self._secrets:
            self._wrong(node, f"secrets.yaml has no {node.value!r}; add a line `{node.value}: …`")
        else:
            return self._secrets[node.value]
        return WRONG

    def _wrong(self, node: yaml.Node, what: str) -> Wrong:
        self.problems.append(Problem(self._file, node.start_mark.line + 1, what))
        return WRONG
