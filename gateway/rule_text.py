"""A rule's own text within a file of rules: found, taken out, changed, put in its place.

The text is cut at the lines that the parser tells, so whatever else stands in the file, comments
too, stays as it is. A rule's own text is that of its fields, without the dash of the list.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

HEAD = """\
# Rules that were written in the console.
# 在控制台中新建的规则。

"""


class Unwritten(ValueError):
    """This text is no rule that could be put into a file; `line` of it says where."""

    def __init__(self, what: str, line: int = 1) -> None:
        super().__init__(what)
        self.line = line


class Passage(NamedTuple):
    """The lines [first, end) of a file, with the rule's fields beginning at *column*."""

    first: int
    end: int
    column: int


def find(text: str, id: str) -> Passage | None:
    """Where the rule *id* stands in *text*. Raises Unwritten where that is no YAML, or where all
    rules stand on one line."""
    for node in _entries(text):
        if _id(node) == id:
            return Passage(node.start_mark.line, _end(node), node.start_mark.column)
    return None


def own_text(text: str, id: str) -> str:
    """The fields of the rule *id* as they are written in *text*; '' where it is not there."""
    found = find(text, id)
    if found is None:
        return ""
    lines = text.splitlines()[found.first : found.end]
    first, rest = lines[0][found.column :], lines[1:]
    return "\n".join([first, *(_dedented(line, found.column) for line in rest)]) + "\n"


def put(text: str, id: str, own: str, head: str = HEAD) -> str:
    """*text* with *own* as the rule *id*: in its place, or at the end. An empty file begins with
    *head*."""
    found = find(text, id)
    lines = text.splitlines()
    if found is None:
        entries = [*_entries(text)]
        if not entries:
            return _begun(text, own, head)
        last = entries[-1]
        dash = len(lines[last.start_mark.line]) - len(lines[last.start_mark.line].lstrip(" "))
        fresh = ["", *_listed(own, dash).splitlines()]
        return _joined([*lines[: _end(last)], *fresh, *lines[_end(last) :]])
    head = lines[found.first][: found.column]
    fresh = _indented(own, head, found.column)
    return _joined([*lines[: found.first], *fresh, *lines[found.end :]])


def removed(text: str, id: str) -> str:
    """*text* without that rule; '' where it was the only one."""
    found = find(text, id)
    if found is None:
        return text
    if sum(1 for _ in _entries(text)) == 1:
        return ""
    lines = text.splitlines()
    return _joined([*lines[: found.first], *lines[found.end :]])


def with_fields(own: str, fields: Mapping[str, Any]) -> str:
    """A rule's text with other values for some fields; None takes a field out of it."""
    entry = _mapping(own)
    known = {key.value: (key, value) for key, value in entry.value}
    fresh = [_line(name, fields[name]) for name in fields if name not in known]
    fresh = [line for line in fresh if line]
    text, flow = own, bool(entry.flow_style)
    edits = [
        _edit(own, *known[name], _line(name, fields[name]), flow) for name in fields.keys() & known
    ]
    if flow:
        close = entry.end_mark.index - 1
        edits.append((close, close, "".join(f", {line}" for line in fresh)))
        fresh = []
    for start, end, line in sorted(edits, reverse=True):
        text = text[:start] + line + text[end:]
    return text.rstrip("\n") + "\n" + "".join(f"{line}\n" for line in fresh)


def id_of(own: str) -> str:
    """The id that a rule's text gives it. Raises Unwritten."""
    return _id(_mapping(own)) or ""


def _edit(own: str, key: Node, value: Node, line: str, flow: bool) -> tuple[int, int, str]:
    start, end = key.start_mark.index, _last(value)
    if line:
        return start, end, line
    if flow:
        comma = re.match(r"\s*,\s*", own[end:])
        return start, end + (comma.end() if comma else 0), ""
    newline = own.find("\n", end)  # a field that goes takes its line, and the remark on it, along
    return start, len(own) if newline < 0 else newline + 1, ""


def _last(node: Node) -> int:
    """Where *node* ends. A block ends with its last leaf, not with the comments behind it."""
    if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _last(last[1] if isinstance(node, MappingNode) else last)


def _line(name: str, value: Any) -> str:
    """`above: 70`, on one line."""
    if value is None:
        return ""
    said = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    return f"{name}: {said.removesuffix('...' + chr(10)).strip()}"


def _mapping(own: str) -> MappingNode:
    # The loader in C has no bound on how deeply lists stand in lists; a file was checked for that.
    root = _composed(own, yaml.SafeLoader)
    if isinstance(root, SequenceNode):
        raise Unwritten("write the rule alone: `id: …` without a dash before it")
    if not isinstance(root, MappingNode) or not _id(root):
        raise Unwritten("'id' is missing; a rule begins with `id: …`")
    return root


def _begun(text: str, own: str, head: str) -> str:
    """*text*, which has no rules, with *own* as the first one."""
    section = _section(text)
    if section is None:
        return (text.rstrip() + "\n\n" if text.strip() else head) + "rules:\n" + _listed(own)
    lines, line = text.splitlines(), section[0].start_mark.line
    return _joined([*lines[:line], "rules:", *_listed(own).splitlines(), *lines[line + 1 :]])


def _entries(text: str) -> Iterator[MappingNode]:
    section = _section(text)
    if section is None or not isinstance(section[1], SequenceNode):
        return
    if section[1].flow_style and section[1].value:
        line = section[1].start_mark.line + 1
        raise Unwritten("its rules stand in one pair of brackets; begin each with -", line)
    yield from (node for node in section[1].value if isinstance(node, MappingNode))


def _section(text: str) -> tuple[Node, Node] | None:
    root = _composed(text, yaml.CSafeLoader)
    fields = root.value if isinstance(root, MappingNode) else ()
    return next(((key, value) for key, value in fields if key.value == "rules"), None)


def _composed(text: str, loader: type[yaml.SafeLoader | yaml.CSafeLoader]) -> Node | None:
    try:
        return yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Unwritten(f"this is no YAML: {error.problem}", line) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise Unwritten(f"this is no YAML: {error or 'nested too deeply'}") from None


def _id(node: MappingNode) -> str | None:
    found = (value.value for key, value in node.value if key.value == "id")
    return next((value for value in found if isinstance(value, str)), None)


def _end(node: Node) -> int:
    """The line behind the last one of *node*; the remarks behind a block are not its own."""
    if isinstance(node, CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, MappingNode) else last)
    block = isinstance(node, ScalarNode) and node.style in ("|", ">")
    return int(node.end_mark.line) + (0 if block else 1)


def _listed(own: str, dash: int = 2) -> str:
    return "\n".join(_indented(own, " " * dash + "- ", dash + 2)) + "\n"


def _indented(own: str, head: str, column: int) -> list[str]:
    first, *rest = own.rstrip("\n").splitlines()
    return [head + first, *(" " * column + line if line.strip() else "" for line in rest)]


def _dedented(line: str, column: int) -> str:
    return line[column:] if not line[:column].strip() else line.lstrip()


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
