"""What a platform with an interface of its own posts back, read by a map.

callback:
  token: !secret city_calls        # it sends this in the header Authorization
  incident: workordercode          # where our id stands, with dots
  state: state
  states: {"1": assigned, "2": closed}
  text: handlerid
  thanks: {success: true, code: 10000}
"""

import hmac
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import msgspec
from msgspec import Meta

from gateway.callbacks import Forged, Letter, State, Thanks, Told, Unreadable, answer
from gateway.model import Answer
from gateway.template import as_text
from gateway.webhooks import WebhookSecret

DEEPEST = 20
"""Levels of elements, and of documents that stand as text in others."""


class CallbackMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to read what a platform posts to /api/v1/platforms/<id>/answers."""

    incident: Annotated[str, Meta(min_length=1)]
    """Where our id of the incident stands, with dots."""
    state: Annotated[str, Meta(min_length=1)]
    """Where it says what became of it."""
    states: Annotated[dict[str, State], Meta(min_length=1)]
    """Its word -> accepted, assigned, rejected or closed. Others are passed over."""
    reference: str = ""
    """Where its own number stands."""
    text: str = ""
    """Where it says why, or who."""
    body: Literal["json", "form", "xml"] = "json"
    """How it writes."""
    token: str = ""
    """What it proves itself with, where it cannot sign; write `!secret name`. Without it only
    letters signed with `answers` are believed."""
    header: str = "Authorization"
    """Where it sends the token."""
    thanks: dict[str, Any] = msgspec.field(default_factory=dict)
    """What it wants to hear as JSON; else 204 without a body."""

    def __post_init__(self) -> None:
        if self.token and len(self.token) < 16:
            raise ValueError("token: whoever guesses it can close incidents; take 16 signs or more")

    def read(self, letter: Letter, sink: str, secret: WebhookSecret | None) -> list[Answer]:
        """The answers in *letter*. Raises Forged or Unreadable."""
        if not (self._by_token(letter) or _by_signature(letter, secret)):
            raise Forged
        told = _PARSERS[self.body](letter.body)
        state = self.states.get(_at(told, self.state))
        if state is None:
            return []
        reference, text = _at(told, self.reference), _at(told, self.text)
        incident = _at(told, self.incident)[:200]
        return [answer(Told(state, incident, reference[:200], text), sink)]

    @property
    def answered(self) -> Thanks | None:
        if not self.thanks:
            return None
        return Thanks(msgspec.json.encode(self.thanks), 200, {"Content-Type": "application/json"})

    def _by_token(self, letter: Letter) -> bool:
        given = letter.headers.get(self.header.lower(), "").removeprefix("Bearer ")
        return bool(self.token) and hmac.compare_digest(given.encode(), self.token.encode())


def _by_signature(letter: Letter, secret: WebhookSecret | None) -> bool:
    return secret is not None and secret.verifies(letter.headers, letter.body, letter.at)


def _at(told: Any, path: str) -> str:
    found = told
    for part in path.split(".") if path else ():
        if isinstance(found, list) and found:
            (found, *_) = found
        found = found.get(part) if isinstance(found, Mapping) else None
    return "" if not path or isinstance(found, Mapping | list) else as_text(found).strip()


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise Unreadable(f"{problem}") from problem


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=200))
    except ValueError as problem:
        raise Unreadable(f"{problem}") from problem


def _xml(body: bytes) -> Any:
    if b"<!" in body.replace(b"<![CDATA[", b""):  # a document type can blow up or fetch files
        raise Unreadable("XML with a document type is not read")
    try:
        return _document(ElementTree.fromstring(body), DEEPEST)  # noqa: S314 - checked above
    except (ElementTree.ParseError, ValueError, LookupError) as problem:
        raise Unreadable(f"{problem}") from problem


def _document(root: ElementTree.Element, depth: int) -> dict[str, Any]:
    return {_local(root): _tree(root, depth)}


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _tree(element: ElementTree.Element, depth: int) -> Any:
    """Local names -> what is in them; of equal names, the first. A document that stands as text
    within another is read as if it were part of it."""
    if not depth:
        raise Unreadable("its XML is nested too deeply")
    inside: dict[str, Any] = {}
    for child in element:
        inside.setdefault(_local(child), _tree(child, depth - 1))
    if inside:
        return inside
    text = (element.text or "").strip()
    if not text.startswith("<") or "<!" in text:
        return text
    try:
        within = ElementTree.fromstring(text)  # noqa: S314 - without a document type, as above
    except (ElementTree.ParseError, ValueError):
        return text
    return _document(within, depth - 1)


_PARSERS = {"json": _json, "form": _form, "xml": _xml}
