"""Reads the expressions of rules: the Common Expression Language without macros.

    or:    and ('||' and)*            ternary: or ('?' or ':' ternary)?
    and:   relation ('&&' relation)*
    relation: sum (('<' '<=' '>' '>=' '==' '!=' 'in') sum)?
    sum:   product (('+' '-') product)*       product: unary (('*' '/') unary)*
    unary: ('!' | '-')* postfix               postfix: primary ('.' name '(' args ')')*
    primary: number | text | true | false | name | name '(' args ')' | '(' ternary ')'
             | '[' args ']'

Every number is a double. There are no loops, and texts cannot be joined: what an expression
costs is bounded by its length, which is bounded here.
"""

import re
from typing import NamedTuple

LONGEST = 2000
"""Characters of an expression."""
MOST_NODES = 256
DEEPEST = 64
"""Pieces within pieces."""
MOST_BRACKETS = 24
"""Brackets within brackets."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<text>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>\|\||&&|[<>=!]=|[-+*/<>!?:()\[\],.]))",
    re.ASCII,
)
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"'}
WORDS = {"true": True, "false": False}


class ExpressionError(ValueError):
    """What is wrong with an expression, and at which column."""

    def __init__(self, column: int, what: str) -> None:
        super().__init__(f"column {column}: {what}")


class Node(NamedTuple):
    """A piece of an expression. `op`: literal, name, list, call, ?, or the operator's sign."""

    op: str
    parts: tuple["Node", ...] = ()
    value: float | str | bool | None = None
    """Of a literal; the name of a name or a function."""
    column: int = 0
    depth: int = 1


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


def read(text: str) -> Node:
    """The tree of *text*; raises ExpressionError."""
    if len(text) > LONGEST:
        raise ExpressionError(LONGEST, f"longer than {LONGEST} characters; split the rule")
    return _Reader(_tokens(text)).all()


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise ExpressionError(at + 1, f"{text[at : at + 10]!r} cannot be read here")
        kind = match.lastgroup
        found.append(_Token(kind, match[kind], match.start(kind) + 1))
        at = match.end()
    return [*found, _Token("end", "the end", len(text) + 1)]


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._at = tokens, 0
        self._nodes = self._brackets = 0

    def all(self) -> Node:
        node = self._ternary()
        if self._token.kind != "end":
            raise ExpressionError(self._token.column, f"{self._token.text!r} is not wanted here")
        return node

    @property
    def _token(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *signs: str) -> _Token | None:
        token = self._token
        if token.kind in ("sign", "name") and token.text in signs:
            self._at += 1
            return token
        return None

    def _need(self, sign: str) -> None:
        if self._take(sign) is None:
            raise ExpressionError(
                self._token.column, f"{sign!r} is wanted here, not {self._token.text!r}"
            )

    def _node(
        self, op: str, token: _Token, *parts: Node, value: float | str | bool | None = None
    ) -> Node:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise ExpressionError(token.column, f"more than {MOST_NODES} pieces; split the rule")
        depth = 1 + max((part.depth for part in parts), default=0)
        if depth > DEEPEST:
            raise ExpressionError(token.column, f"nested deeper than {DEEPEST}; split the rule")
        return Node(op, parts, value, token.column, depth)

    def _ternary(self) -> Node:
        self._brackets += 1
        if self._brackets > MOST_BRACKETS:
            what = f"more than {MOST_BRACKETS} brackets within each other"
            raise ExpressionError(self._token.column, what)
        node = self._chain(0)
        if token := self._take("?"):
            yes = self._chain(0)
            self._need(":")
            node = self._node("?", token, node, yes, self._ternary())
        self._brackets -= 1
        return node

    _LEVELS = (("||",), ("&&",), ("<", "<=", ">", ">=", "==", "!=", "in"), ("+", "-"), ("*", "/"))

    def _chain(self, level: int) -> Node:
        if level == len(self._LEVELS):
            return self._unary()
        node = self._chain(level + 1)
        while token := self._take(*self._LEVELS[level]):
            node = self._node(token.text, token, node, self._chain(level + 1))
        return node

    def _unary(self) -> Node:
        signs = []
        while token := self._take("!", "-"):
            signs.append(token)
        node = self._postfix()
        for token in reversed(signs):
            node = self._node("neg" if token.text == "-" else "!", token, node)
        return node

    def _postfix(self) -> Node:
        node = self._primary()
        while self._take("."):
            token = self._name()
            self._need("(")
            node = self._node("call", token, node, *self._items(")"), value=token.text)
        return node

    def _primary(self) -> Node:
        token = self._token
        self._at += 1
        match token.kind, token.text:
            case "number", text:
                return self._node("literal", token, value=float(text))
            case "text", text:
                return self._node("literal", token, value=_text(token))
            case "name", text if text in WORDS:
                return self._node("literal", token, value=WORDS[text])
            case "name", text if text != "in":
                if self._take("("):
                    return self._node("call", token, *self._items(")"), value=text)
                return self._node("name", token, value=text)
            case "sign", "(":
                node = self._ternary()
                self._need(")")
                return node
            case "sign", "[":
                return self._node("list", token, *self._items("]"))
        raise ExpressionError(token.column, f"a value is wanted here, not {token.text!r}")

    def _name(self) -> _Token:
        token = self._token
        if token.kind != "name":
            raise ExpressionError(token.column, f"a name is wanted here, not {token.text!r}")
        self._at += 1
        return token

    def _items(self, end: str) -> list[Node]:
        items: list[Node] = []
        while not self._take(end):
            if items:
                self._need(",")
            items.append(self._ternary())
        return items


def _text(token: _Token) -> str:
    def escape(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise ExpressionError(token.column, f"\\{match[1]} is not known in a text")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", escape, token.text[1:-1])
