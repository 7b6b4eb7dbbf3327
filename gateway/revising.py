"""Why a change of the site is not made."""

from collections.abc import Sequence
from typing import Protocol

from gateway.store.revisions import Revision


class Wrong(Protocol):
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def what(self) -> str: ...


class Unfit(Exception):
    """The site would not run; every problem with its file and line."""

    def __init__(self, problems: Sequence[Wrong]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Conflict(Exception):
    """Somebody else changed the site meanwhile: `newest` is their revision."""

    def __init__(self, newest: Revision) -> None:
        super().__init__(f"revision {newest.id} by {newest.who} came in between")
        self.newest = newest
