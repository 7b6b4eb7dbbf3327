"""Who may connect, and what each may publish to."""

import hmac
import os
from collections.abc import Iterable, Sequence
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from gateway.passwords import is_hash, verify_password


class MqttUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device, or a bridge that speaks for many."""

    name: str
    """User name, or the common name (CN) of the client certificate."""
    topics: tuple[str, ...]
    """What it may publish to: topic filters with + and #; `%u` stands for its name. Topics
    that begin with $ are meant only by filters that begin with $."""
    password: str = ""
    """As `!secret`, or its hash (`scrypt$…`). Empty: by certificate only."""
    max_rate: Annotated[float, Meta(ge=0)] | None = None
    """Messages per second of each of its clients, instead of the listener's `max_rate`."""

    def __post_init__(self) -> None:
        if not self.name or any(c in self.name for c in "/+#\0"):
            raise ValueError(f"a user may not be called {self.name!r}: no / + # in it, not empty")
        check_filters(self.topics)
        if self.password.startswith("$"):
            raise ValueError(f"the password hash of {self.name} must be of the form scrypt$…")


class Credentials(NamedTuple):
    """What a client showed. `certificate` is the common name that TLS has verified."""

    user: str | None
    password: bytes | None
    certificate: str


def check_filters(filters: Iterable[str]) -> None:
    """ValueError when one of them is not a topic filter (MQTT 5, section 4.7.1)."""
    for each in filters:
        levels = each.split("/")
        wild = [level for level in levels if "+" in level or "#" in level]
        if not each or "#" in levels[:-1] or any(level not in ("+", "#") for level in wild):
            raise ValueError(
                f"{each!r} is not a topic filter; + stands for one level, # for the rest, "
                "as in sensors/+/state or site/#"
            )


def matches(wanted: str, topic: str) -> bool:
    """Whether the filter *wanted* means *topic*.

    >>> matches("a/+/c", "a/b/c"), matches("a/#", "a"), matches("#", "$SYS/load")
    (True, True, False)
    """
    if topic.startswith("$") != wanted.startswith("$"):
        return False
    asked, given = wanted.split("/"), topic.split("/")
    if asked[-1] == "#":
        asked.pop()
        given = given[: len(asked)]
    return len(asked) == len(given) and all(
        a in ("+", g) for a, g in zip(asked, given, strict=True)
    )


class Access:
    """The users of one endpoint. `anonymous` holds what may be published without a name."""

    def __init__(self, users: Sequence[MqttUser], anonymous: Sequence[str] = ()) -> None:
        self._users = {user.name: user for user in users}
        self._topics = {
            user.name: tuple(each.replace("%u", user.name) for each in user.topics)
            for user in users
        }
        self._anonymous = tuple(anonymous)
        self._key = os.urandom(32)
        self._proved: dict[str, bytes] = {}

    def quick(self, shown: Credentials) -> str | None:
        """The user that *shown* proves without hashing ('' is anonymous), or None."""
        if shown.certificate in self._users and shown.user in (None, shown.certificate):
            return shown.certificate
        if shown.user is None:
            return "" if self._anonymous else None
        user, given = self._users.get(shown.user), shown.password or b""
        if user is None or not user.password:
            return None
        if is_hash(user.password):
            proved = self._proved.get(user.name, b"")
            return user.name if hmac.compare_digest(proved, self._digest(given)) else None
        return user.name if hmac.compare_digest(user.password.encode(), given) else None

    def slow(self, shown: Credentials) -> str | None:
        """The user whose password hash fits, or None. Call it in a thread. What it proved once is
        quick from then on."""
        user, given = self._users.get(shown.user or ""), shown.password or b""
        if user is None or not is_hash(user.password):
            return None
        if not verify_password(given, user.password):
            return None
        self._proved[user.name] = self._digest(given)
        return user.name

    def may_publish(self, user: str, topic: str) -> bool:
        allowed = self._topics[user] if user else self._anonymous
        return any(matches(each, topic) for each in allowed)

    def rate(self, user: str) -> float | None:
        """Messages per second that were allowed to *user* in particular."""
        return self._users[user].max_rate if user else None

    def _digest(self, password: bytes) -> bytes:
        return hmac.digest(self._key, password, "sha256")
