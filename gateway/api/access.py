"""Which role may call what. A path that nobody declared is nobody's."""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from fastapi import APIRouter
from fastapi.routing import APIRoute

from gateway.api.auth import RANK, Role
from gateway.api.sessions import Caller

F = TypeVar("F", bound=Callable[..., Any])
OPEN: frozenset[Role] = frozenset()
"""Anybody, without a login."""
LOST = "/lost"
"""The page that tells a person that an address does not exist."""


def needs(*roles: Role) -> Callable[[F], F]:
    """Declare who may call an endpoint: the lowest role of people, and `device` for machines
    that only report. `@needs()` is open to everybody."""

    def mark(endpoint: F) -> F:
        endpoint.__dict__["needs"] = frozenset(roles)
        return endpoint

    return mark


def signed(endpoint: F) -> F:
    """Declare that a machine without an account calls this endpoint, and that the endpoint itself
    checks the signature of what it is sent before it believes a word."""
    endpoint.__dict__["signed"] = True
    return needs()(endpoint)


class Entry(NamedTuple):
    methods: frozenset[str]
    path: re.Pattern[str]
    roles: frozenset[Role]
    signed: bool = False


class Access:
    """The table of everything that is served, made from the routers themselves."""

    def __init__(self, routers: Iterable[APIRouter] = ()) -> None:
        self._entries: list[Entry] = []
        for route in (route for router in routers for route in router.routes):
            if not isinstance(route, APIRoute):
                raise TypeError(f"{route} is no API route; declare it with `allow`")
            roles = getattr(route.endpoint, "needs", None)
            if roles is None:
                raise TypeError(f"{route.path} does not say who may call it; add @needs(…)")
            methods, signs = frozenset(route.methods or ()), hasattr(route.endpoint, "signed")
            self._entries.append(Entry(methods, route.path_regex, roles, signs))

    def allow(self, path: str, *roles: Role, methods: Iterable[str] = ("GET", "HEAD")) -> None:
        """Declare what is no API route; *path* is a regular expression of the whole path."""
        self._entries.append(Entry(frozenset(methods), re.compile(path), frozenset(roles)))

    def roles(self, method: str, path: str) -> frozenset[Role] | None:
        """Who may; `OPEN` is everybody, None nobody, for there is no such thing."""
        entry = self._entry(method, path)
        return entry.roles if entry else None

    def signed(self, method: str, path: str) -> bool:
        """Whether the endpoint itself checks who sent it what."""
        entry = self._entry(method, path)
        return entry is not None and entry.signed

    def _entry(self, method: str, path: str) -> Entry | None:
        for entry in self._entries:
            if method in entry.methods and entry.path.fullmatch(path):
                return entry
        return None


def permitted(caller: Caller | None, roles: frozenset[Role]) -> bool:
    if roles == OPEN:
        return True
    if caller is None:
        return False
    if caller.role in roles:
        return True
    rank = RANK.get(caller.role, 0)
    return any(0 < RANK.get(role, 99) <= rank for role in roles)
