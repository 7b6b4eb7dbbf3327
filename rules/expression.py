"""Expressions of rules: checked once, compiled once, evaluated in tenths of a microsecond.

An expression is a tree of known pieces (`rules.syntax`). It is compiled from that tree, never
from its text. What cannot be computed (a value that is missing, a word where a number is wanted,
a division by zero) is unknown, and unknown goes by Kleene's logic: `false && unknown` is false.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, Self

from rules.columns import holding
from rules.shortlist import Bools, Floats
from rules.syntax import ExpressionError, Node, read

Value = float | str | bool
_KINDS: Final[Mapping[type, str]] = {float: "number", str: "text", bool: "flag"}
_COMPARE: Final = {
    "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE, "==": ast.Eq, "!=": ast.NotEq,
    "in": ast.In,
}  # fmt: skip
_SUMS: Final = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div}


class Function(NamedTuple):
    """A function that expressions may call."""

    takes: tuple[str, ...]
    gives: str
    compute: Callable[..., Value]


FUNCTIONS: Final[Mapping[str, Function]] = {
    "abs": Function(("number",), "number", abs),
    "min": Function(("number", "number"), "number", min),
    "max": Function(("number", "number"), "number", max),
    "size": Function(("text",), "number", lambda text: float(len(text))),
    "startsWith": Function(("text", "text"), "flag", str.startswith),
    "endsWith": Function(("text", "text"), "flag", str.endswith),
    "contains": Function(("text", "text"), "flag", str.__contains__),
}


class _Unknown(Exception):
    """A piece has no value."""


class Expression:
    """A condition that an operator wrote: `temperature > 60.0 && smoke == 1.0`.

    >>> wet = Expression.parse("humidity > 80.0 || leak == 1.0")
    >>> wet.names, wet({"humidity": 85.0}), wet({"humidity": 20.0})
    (('humidity', 'leak'), True, None)
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._tree = read(text)
        self.kinds: dict[str, str] = {}
        """Name -> number, text, or any: what it must be."""
        _want(self._tree, "flag", self.kinds)
        self.names = tuple(self.kinds)
        self._fast = _compile(self._tree, self.names)
        self._types = [str if self.kinds[name] == "text" else float for name in self.names]

    @classmethod
    def parse(cls, raw: Any) -> Self:
        """Raises ValueError with the column of what is wrong."""
        if not isinstance(raw, str):
            raise ValueError(f"{raw!r} is no expression; write one like temperature > 60.0")
        return cls(raw)

    def __call__(self, values: Mapping[str, float | str]) -> bool | None:
        """Whether it holds; None when that is unknown."""
        try:
            given = [values[name] for name in self.names]
            if [*map(type, given)] == self._types or self._fit(given):
                return bool(self._fast(*given))
        except (KeyError, ArithmeticError):
            pass  # some piece is unknown; the whole need not be
        try:
            return bool(_value(self._tree, values, self.kinds))
        except _Unknown:
            return None

    def holding(self, value: Floats) -> Bools | None:
        """Where it holds, of a single quantity's values; None where that takes one by one."""
        return holding(self._tree, value) if len(self.names) == 1 else None

    def _fit(self, given: Sequence[Value]) -> bool:
        return all(_fits(v, self.kinds[n]) for n, v in zip(self.names, given, strict=True))

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def _fits(value: Value, kind: str) -> bool:
    return kind == "any" or (kind == "text") == isinstance(value, str)


# -- what goes together


def _check(node: Node, kinds: dict[str, str]) -> str:
    """The kind of value that *node* gives: number, text, flag, list, any (a name's)."""
    if node.op == "literal":
        return _KINDS[type(node.value)]
    if node.op == "name":
        kinds.setdefault(str(node.value), "any")
        return "any"
    if node.op == "list":
        for item in node.parts:
            if item.op != "literal":
                raise ExpressionError(item.column, "only plain values can be in a list")
        return "list"
    return _check_call(node, kinds) if node.op == "call" else _check_operator(node, kinds)


def _check_operator(node: Node, kinds: dict[str, str]) -> str:
    if node.op in ("&&", "||", "!"):
        for part in node.parts:
            _want(part, "flag", kinds)
        return "flag"
    if node.op in _SUMS or node.op == "neg":
        for part in node.parts:
            _want(part, "number", kinds)
        return "number"
    if node.op == "?":
        return _check_choice(node, kinds)
    return _check_comparison(node, kinds)


def _want(node: Node, kind: str, kinds: dict[str, str]) -> None:
    """Raise unless *node* gives *kind*; a name is told to be of that kind."""
    found = _check(node, kinds)
    if found == "any" and node.op == "name":
        name = str(node.value)
        if kind == "flag":
            what = f"{name} is no condition; write {name} == 1.0"
            raise ExpressionError(node.column, what)
        if kinds[name] not in ("any", kind):
            raise ExpressionError(
                node.column, f"{name} cannot be a {kinds[name]} and a {kind} at once"
            )
        kinds[name] = kind
    elif found == "any" and node.op == "?":
        _want(node.parts[1], kind, kinds)
        _want(node.parts[2], kind, kinds)
    elif found != kind:
        raise ExpressionError(node.column, f"a {kind} is wanted here, this is a {found}")


def _check_call(node: Node, kinds: dict[str, str]) -> str:
    function = FUNCTIONS.get(str(node.value))
    if function is None:
        known = ", ".join(FUNCTIONS)
        raise ExpressionError(node.column, f"{node.value} is not known; known are: {known}")
    if len(function.takes) != len(node.parts):
        what = f"{node.value} takes {len(function.takes)} values, not {len(node.parts)}"
        raise ExpressionError(node.column, what)
    for part, kind in zip(node.parts, function.takes, strict=True):
        _want(part, kind, kinds)
    return function.gives


def _check_choice(node: Node, kinds: dict[str, str]) -> str:
    _want(node.parts[0], "flag", kinds)
    yes, no = _check(node.parts[1], kinds), _check(node.parts[2], kinds)
    if yes != no and "any" in (yes, no):
        known = no if yes == "any" else yes
        _want(node.parts[1], known, kinds)
        _want(node.parts[2], known, kinds)
        return known
    if yes != no or yes == "list":
        raise ExpressionError(node.column, f"both sides of : must be alike, not {yes} and {no}")
    return yes


def _check_comparison(node: Node, kinds: dict[str, str]) -> str:
    left, right = node.parts
    a, b = _check(left, kinds), _check(right, kinds)
    if node.op == "in":
        if b != "list" or a in ("list", "flag"):
            raise ExpressionError(node.column, "in: write name in [1.0, 2.0] or in ['open']")
        return "flag"
    if "list" in (a, b) or ("flag" in (a, b) and (a != b or node.op not in ("==", "!="))):
        hint = "a flag of a device is 1.0 or 0.0" if "any" in (a, b) else f"{a} and {b}"
        raise ExpressionError(node.column, f"{node.op} cannot compare these: {hint}")
    known = a if a != "any" else b
    if node.op in ("==", "!=") and known == "any":
        return "flag"  # two names may be anything, and differ
    for part in node.parts:
        _want(part, "number" if known == "any" else known, kinds)
    return "flag"


# -- computing, quickly


def _compile(tree: Node, names: tuple[str, ...]) -> Callable[..., Value]:
    """A Python function of the values of *names*, in this order."""
    places = {name: f"v{n}" for n, name in enumerate(names)}
    arguments = ast.arguments(
        posonlyargs=[], args=[ast.arg(p) for p in places.values()], kwonlyargs=[],
        kw_defaults=[], defaults=[],
    )  # fmt: skip
    body = ast.Expression(ast.Lambda(arguments, _python(tree, places)))
    code = compile(ast.fix_missing_locations(body), "<rule>", "eval")
    functions = {f"f_{name}": function.compute for name, function in FUNCTIONS.items()}
    made: Callable[..., Value] = eval(code, {"__builtins__": {}, **functions})  # noqa: S307 - built of known pieces only
    return made


def _python(node: Node, places: Mapping[str, str]) -> ast.expr:
    parts = [_python(part, places) for part in node.parts]
    match node.op:
        case "literal":
            return ast.Constant(node.value)
        case "name":
            return ast.Name(places[str(node.value)], ast.Load())
        case "list":
            return ast.Tuple(parts, ast.Load())
        case "call":
            return ast.Call(ast.Name(f"f_{node.value}", ast.Load()), parts, [])
        case "&&" | "||":
            return ast.BoolOp(ast.And() if node.op == "&&" else ast.Or(), parts)
        case "!":
            return ast.UnaryOp(ast.Not(), parts[0])
        case "neg":
            return ast.UnaryOp(ast.USub(), parts[0])
        case "?":
            return ast.IfExp(*parts)
        case sign if sign in _SUMS:
            return ast.BinOp(parts[0], _SUMS[sign](), parts[1])
    return ast.Compare(parts[0], [_COMPARE[node.op]()], [parts[1]])


# -- computing, where something is unknown


def _value(node: Node, values: Mapping[str, Value], kinds: Mapping[str, str]) -> Value:
    """The value of *node*; raises _Unknown."""
    if node.op in ("&&", "||"):
        return _logic(node, values, kinds)
    if node.op == "?":
        chosen = 1 if _value(node.parts[0], values, kinds) else 2
        return _value(node.parts[chosen], values, kinds)
    if node.op == "literal" and node.value is not None:
        return node.value
    if node.op == "name":
        name = str(node.value)
        if name not in values or not _fits(values[name], kinds[name]):
            raise _Unknown
        return values[name]
    given = tuple(_value(part, values, kinds) for part in node.parts if node.op != "list")
    try:
        made: Value = _single(node)(*given)
    except ArithmeticError:
        raise _Unknown from None
    return made


def _logic(node: Node, values: Mapping[str, Value], kinds: Mapping[str, str]) -> bool:
    """One side that decides is enough, on whichever side it stands."""
    decides, unknown = node.op == "||", False
    for part in node.parts:
        try:
            if bool(_value(part, values, kinds)) is decides:
                return decides
        except _Unknown:
            unknown = True
    if unknown:
        raise _Unknown
    return not decides


@lru_cache(maxsize=1024)
def _single(node: Node) -> Callable[..., Value]:
    """*node* as a function of its parts' values."""
    if node.op == "list":
        return lambda: tuple(part.value for part in node.parts)  # type: ignore[return-value]  # only `in` sees it
    names = tuple(f"p{n}" for n in range(len(node.parts)))
    return _compile(node._replace(parts=tuple(Node("name", value=name) for name in names)), names)
