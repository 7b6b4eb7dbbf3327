"""cameras.yaml as the console writes it: some fields of one camera; all else stays as it stands,
comments too."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, SequenceNode

from gateway.yaml_edit import flow, spelt_out

FILE = "cameras.yaml"


class Absent(LookupError):
    """The file has no entry of that camera."""


def changed(text: str, id: str, fields: Mapping[str, Any]) -> str:
    """*text* with the *fields* of the camera *id*, each on a line of its own. Raises Absent."""
    text = spelt_out(text)
    entry = _entry(text, id)
    known = {key.value: (key, value) for key, value in entry.value}
    edits = [_edit(entry, known.get(name), name, value) for name, value in fields.items()]
    for start, end, fresh in sorted(edits, key=lambda edit: edit[0], reverse=True):
        text = text[:start] + fresh + text[end:]
    return text


def _edit(
    entry: MappingNode, known: tuple[Node, Node] | None, name: str, value: Any
) -> tuple[int, int, str]:
    """Where something goes, and what comes there. Fields that are new go after the first one."""
    line = f"{name}: {flow(value)}"
    if known:
        return known[0].start_mark.index, _end(known[1]), line
    after = _end(entry.value[0][1])
    indent = " " * entry.value[0][0].start_mark.column
    return after, after, f", {line}" if entry.flow_style else f"\n{indent}{line}"


def _entry(text: str, id: str) -> MappingNode:
    for found in _cameras(yaml.compose(text, Loader=yaml.SafeLoader)):
        if any(k.value == "id" and v.value == id for k, v in found.value):
            return found
    raise Absent(id)


def _cameras(root: Node | None) -> Iterator[MappingNode]:
    if isinstance(root, MappingNode):
        for key, value in root.value:
            if key.value == "cameras" and isinstance(value, SequenceNode):
                yield from (node for node in value.value if isinstance(node, MappingNode))


def _end(node: Node) -> int:
    """Where *node* ends. A block ends with its last leaf, not with the comments behind it."""
    if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(node, MappingNode) else last)
