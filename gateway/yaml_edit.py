"""Edits YAML as a careful person would: one entry changes, every other line stays as it was.

The text is cut by lines at the places that the parser tells, so comments, order and the way in
which things were written remain, also within a changed entry where a field keeps its value.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

WIDTH = 100


class Spelt(yaml.SafeDumper):
    """Writes what stands in two places twice, and not as an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class Absent(LookupError):
    """There is no entry of that id."""


def put(text: str, section: str, entry: Mapping[str, Any], key_field: str = "id") -> str:
    """*text* with *entry* in the list *section*: in the place of the one with its `id` (or what
    *key_field* says), or at the end. Raises yaml.YAMLError where *text* cannot be read."""
    text = spelt_out(text)
    found = _section(text, section)
    if found is None:
        body = text if not text or text.endswith("\n") else text + "\n"
        return f"{body}{section}:\n" + _indented([_dumped(entry)], 2)
    lines = text.splitlines(keepends=True)
    key, listed = found
    if not isinstance(listed, SequenceNode) or listed.flow_style or not listed.value:
        return _rewritten(lines, section, key, listed, entry, key_field)
    wanted = str(entry[key_field])
    old = next((node for node in listed.value if _id(node, key_field) == wanted), None)
    if old is not None:
        first, end = old.start_mark.line, _end(old)
        return "".join([*lines[:first], *_merged(lines, old, entry), *lines[end:]])
    last = _end(listed.value[-1])
    if not lines[last - 1].endswith("\n"):
        lines[last - 1] += "\n"
    dash = listed.value[-1].start_mark.line
    indent = len(lines[dash]) - len(lines[dash].lstrip(" "))
    return "".join([*lines[:last], _indented([_dumped(entry)], indent), *lines[last:]])


def remove(text: str, section: str, id: str) -> str:
    """*text* without that entry. Raises Absent."""
    text = spelt_out(text)
    found = _section(text, section)
    listed = found[1].value if found and isinstance(found[1], SequenceNode) else ()
    for node in listed:
        if _id(node) == id and found is not None:
            lines = text.splitlines(keepends=True)
            if found[1].flow_style or len(listed) == 1:
                rest = [one for one in listed if one is not node]
                return _relisted(lines, section, found[0], found[1], rest)
            return "".join(lines[: node.start_mark.line] + lines[_end(node) :])
    raise Absent(id)


def spelt_out(text: str) -> str:
    """*text* without aliases: one has no lines of its own, and none outlives its anchor's entry."""
    tokens = list(yaml.scan(text, Loader=yaml.CSafeLoader)) if "*" in text else []
    if not any(isinstance(token, yaml.AliasToken) for token in tokens):
        return text
    nodes = {_at(node): node for node in _nodes(_composed(text))}
    anchored: dict[str, Node] = {}
    said: list[tuple[yaml.AliasToken, Node]] = []
    for token in tokens:
        if isinstance(token, yaml.AnchorToken):
            anchored[token.value] = nodes[_at(token)]
        elif isinstance(token, yaml.AliasToken):
            said.append((token, anchored[token.value]))
    lines = text.splitlines(keepends=True)
    for alias, node in reversed(said):
        line = lines[alias.start_mark.line]
        before, behind = line[: alias.start_mark.column], line[alias.end_mark.column :]
        lines[alias.start_mark.line] = before + flow(_data(node)) + behind
    return "".join(lines)


def _data(node: Node) -> Any:
    return yaml.safe_load(yaml.serialize(node, Dumper=Spelt))


def _at(marked: Any) -> tuple[int, int]:
    return marked.start_mark.line, marked.start_mark.column


def _nodes(node: Node) -> Iterator[Node]:
    """*node* and all below it; the deepest of those that begin in one place comes last."""
    yield node
    for child in node.value if isinstance(node, MappingNode | SequenceNode) else ():
        for one in child if isinstance(child, tuple) else (child,):
            yield from _nodes(one)


def flow(data: Any) -> str:
    """On one line."""
    said = yaml.dump(
        data,
        Dumper=Spelt,
        default_flow_style=True,
        sort_keys=False,
        width=10**6,
        allow_unicode=True,
    )
    return str(said).removesuffix("...\n").rstrip()


def _section(text: str, section: str) -> tuple[Node, Any] | None:
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    for key, value in root.value if isinstance(root, MappingNode) else ():
        if key.value == section:
            return key, value
    return None


def _id(node: Node, field: str = "id") -> str | None:
    fields = node.value if isinstance(node, MappingNode) else ()
    return next((value.value for key, value in fields if key.value == field), None)


def _end(node: Node) -> int:
    """The line behind the last one of *node*; what follows a block (comments) is not its own."""
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, MappingNode) else last)
    block = isinstance(node, ScalarNode) and node.style in ("|", ">")
    return int(node.end_mark.line) + (0 if block else 1)


def _merged(lines: list[str], old: Node, entry: Mapping[str, Any]) -> list[str]:
    """The lines of *old* with what *entry* changes; those of a field that stays are kept."""
    first = old.start_mark.line
    dash = len(lines[first]) - len(lines[first].lstrip(" "))
    fresh = _indented([_dumped(entry)], dash).splitlines(keepends=True)
    same_line = isinstance(old, MappingNode) and not old.flow_style
    if not same_line:
        return fresh
    kept: dict[str, list[str]] = {}
    ends = [key.start_mark.line for key, _ in old.value[1:]] + [_end(old)]
    for (key, value), end in zip(old.value, ends, strict=True):
        name = key.value
        if name in entry and _plain(value) == _plain(_node(entry[name])):
            kept[name] = lines[key.start_mark.line : end]
    out: list[str] = []
    for name, value in entry.items():
        out += kept.get(name) or _field(name, value, dash + 2)
    return [" " * dash + "- " + out[0][dash + 2 :], *out[1:]] if out else fresh


def _field(name: str, value: Any, indent: int) -> list[str]:
    return _indented([_dump({name: value})], indent).splitlines(keepends=True)


def _rewritten(
    lines: list[str],
    section: str,
    key: Node,
    listed: Node,
    entry: Mapping[str, Any],
    key_field: str,
) -> str:
    """A section that is empty, or on one line, becomes a list of blocks."""
    others = listed.value if isinstance(listed, SequenceNode) else []
    rest = [node for node in others if _id(node, key_field) != str(entry[key_field])]
    return _relisted(lines, section, key, listed, [*rest, _node(dict(entry))])


def _relisted(lines: list[str], section: str, key: Node, old: Node, nodes: list[Node]) -> str:
    end = max(key.start_mark.line + 1, _end(old) if old.value else key.start_mark.line + 1)
    body = _indented([_written(node) for node in nodes], 2) if nodes else ""
    head = f"{section}:\n" if nodes else f"{section}: []\n"
    return "".join([*lines[: key.start_mark.line], head, body, *lines[end:]])


def _written(node: Node) -> str:
    node = SequenceNode("tag:yaml.org,2002:seq", [node], flow_style=False)
    return str(yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True, width=WIDTH))


def _dumped(entry: Mapping[str, Any]) -> str:
    return _dump([dict(entry)])


def _dump(value: Any) -> str:
    return str(
        yaml.dump(
            value,
            Dumper=Spelt,
            allow_unicode=True,
            sort_keys=False,
            width=WIDTH,
            default_flow_style=None,
        )
    )


def _indented(blocks: list[str], indent: int) -> str:
    margin = " " * indent
    return "".join(
        margin + line if line.strip() else line
        for block in blocks
        for line in _blocked(block).splitlines(keepends=True)
    )


def _blocked(block: str) -> str:
    """A list's only entry as a block, however small: `- {id: a}` becomes `- id: a`."""
    node = _composed(block)
    if isinstance(node, SequenceNode) and any(n.flow_style for n in node.value):
        for entry in node.value:
            entry.flow_style = False
        node.flow_style = False
        return str(yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True, width=WIDTH))
    return block if not block.startswith("{") else _opened(node)


def _opened(node: Node) -> str:
    """A field on a line of its own: `{a: 1}` becomes `a: 1`."""
    if isinstance(node, MappingNode):
        node.flow_style = False
    return str(yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True, width=WIDTH))


def _node(value: Any) -> Node:
    return _composed(_dump(value))


def _composed(text: str) -> Node:
    """Of a text that is not empty."""
    node: Any = yaml.compose(text, Loader=yaml.CSafeLoader)
    found: Node = node
    return found


def _plain(node: Node) -> object:
    if isinstance(node, MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_plain(one) for one in node.value]
    return node.tag, node.value
