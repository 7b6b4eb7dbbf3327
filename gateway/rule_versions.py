"""What a rule was: each differing text of it among the changes of a site."""

from collections.abc import Mapping

import msgspec

from gateway.model import Millis
from gateway.rule_text import Unwritten, own_text
from gateway.store.revisions import Revision, Texts

SHADOW = "shadow.yaml"
"""The file of the forms that are on trial."""
RULES = "rules/"
BY_HAND = "disk"
MOST = 50


class Version(msgspec.Struct, frozen=True):
    """A rule's text since the revision `id`; 0, and no time: before the first recorded change."""

    id: int
    at: Millis | None
    who: str
    why: str
    yaml: str


class Versions:
    """Told the changes of a site, the newest first."""

    def __init__(self, rule: str) -> None:
        self._rule, self._first = rule, ""
        self._found: list[Version] = []

    @property
    def enough(self) -> bool:
        return len(self._found) >= MOST

    def add(self, made: Revision, texts: Texts) -> None:
        before, after = (own(files, self._rule, RULES) for files in (texts.before, texts.after))
        if before != after:
            self._found.append(Version(made.id, made.at, made.who, made.why, after))
            self._first = before

    def all(self) -> list[Version]:
        """The newest first, and what was before the first recorded change."""
        if self.enough or not self._first:
            return self._found
        return [*self._found, Version(0, None, BY_HAND, "", self._first)]


def before(versions: list[Version], now: str) -> str:
    """The text before the one that is in force; '' where there is none."""
    return next((version.yaml for version in versions if version.yaml != now), "")


def own(files: Mapping[str, str], rule: str, where: str) -> str:
    """The rule's own text in those of *files* whose names begin with *where*; '' too where one of
    them cannot be read."""
    for file, text in sorted(files.items()):
        if file.startswith(where) and rule in text:
            try:
                if found := own_text(text, rule):
                    return found
            except Unwritten:
                continue
    return ""
