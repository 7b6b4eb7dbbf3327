"""Expressions over whole columns: where a condition on one quantity holds, or may hold."""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Final

import numpy as np

from rules.shortlist import Bools, Floats
from rules.syntax import Node

_OPERATORS: Final[Mapping[str, Callable[..., Any]]] = {
    "||": np.logical_or, "&&": np.logical_and, "!": np.logical_not, "neg": np.negative,
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "==": np.equal, "!=": np.not_equal, "+": np.add, "-": np.subtract, "*": np.multiply,
    "?": np.where,
}  # fmt: skip
_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "abs": np.abs, "min": np.minimum, "max": np.maximum,
}  # fmt: skip


class _NoColumns(Exception):
    """A piece is about texts, or divides: what is unknown then is found one by one."""


def holding(tree: Node, value: Floats) -> Bools | None:
    """Where *tree*, of a single name whose values are *value*, holds; None where columns cannot
    tell. What is no finite number is named as well."""
    fit = np.isfinite(value)
    try:
        with np.errstate(over="raise", invalid="raise"):
            found = _column(tree, np.where(fit, value, 0.0))
    except (_NoColumns, FloatingPointError):
        return None
    named: Bools = np.broadcast_to(found, value.shape).astype(np.bool_) | ~fit
    return named


def _column(node: Node, value: Floats) -> Any:
    if node.op == "name":
        return value
    if node.op == "literal" and not isinstance(node.value, str):
        return node.value
    if node.op == "in":
        items = [part.value for part in node.parts[1].parts]
        left = _column(node.parts[0], value)
        return reduce(np.logical_or, [np.equal(left, _number(item)) for item in items], False)
    known = _FUNCTIONS if node.op == "call" else _OPERATORS
    compute = known.get(str(node.value) if node.op == "call" else node.op)
    if compute is None:
        raise _NoColumns
    return compute(*(_column(part, value) for part in node.parts))


def _number(item: Any) -> float:
    if isinstance(item, str):
        raise _NoColumns
    return float(item)
