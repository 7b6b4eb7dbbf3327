"""Logins of people: who, since when, and until when. A restart of the gateway ends none."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from gateway import durable
from gateway.api.auth import Role, User
from gateway.model import Duration, Millis

FILE = "data/logins.msgpack"

MOST = 500
"""Logins kept; the one that was idle the longest makes room."""


class Caller(msgspec.Struct, frozen=True):
    """Who is asking. `session` is '' for a machine with a token."""

    name: str
    role: Role
    session: str = ""


class Session(msgspec.Struct):
    """A login. `id` may be shown to people; it is not what the cookie holds."""

    id: str
    name: str
    role: Role
    address: str
    since: Millis
    seen: Millis


class _Kept(msgspec.Struct):
    """The file. `marks`: how each user was (`User.mark`) when it was written."""

    open: dict[str, Session] = {}
    marks: dict[str, str] = {}


class Sessions:
    """Keyed by the hash of the cookie: who reads this memory, the file or a log cannot become a
    user."""

    def __init__(self, length: Duration, idle: Duration, file: Path | None = None) -> None:
        """Reads *file*; a damaged one costs everybody a login and nothing more."""
        self._length, self._idle, self._file = length, idle, file
        try:
            kept = msgspec.msgpack.decode(file.read_bytes(), type=_Kept) if file else _Kept()
        except (FileNotFoundError, msgspec.DecodeError):
            kept = _Kept()
        self._open, self._marks = kept.open, kept.marks

    def start(self, name: str, role: Role, address: str, now: Millis) -> str:
        """Returns what goes into the cookie: 256 random bits."""
        self._sweep(now)
        while len(self._open) >= MOST:
            del self._open[min(self._open, key=lambda key: self._open[key].seen)]
        cookie = secrets.token_urlsafe(32)
        key = _key(cookie)
        self._open[key] = Session(key[:16], name, role, address, now, now)
        return cookie

    def caller(self, cookie: str, now: Millis) -> Caller | None:
        """Who holds *cookie*, if the login is still good; counts as a sign of life."""
        session = self._open.get(_key(cookie))
        if session is None or self._over(session, now):
            return None
        session.seen = now
        return Caller(session.name, session.role, session.id)

    def alive(self, id: str, now: Millis) -> bool:
        """Whether a login still stands: asked by open pages, which count as a sign of life."""
        found = next((s for s in self._open.values() if s.id == id), None)
        if found is None or self._over(found, now):
            return False
        found.seen = now
        return True

    def end(self, id: str) -> bool:
        """Log out, or be logged out by an admin."""
        keys = [key for key, session in self._open.items() if session.id == id]
        for key in keys:
            del self._open[key]
        return bool(keys)

    def suit(self, users: Mapping[str, User]) -> None:
        """End every login of whoever has changed, or is not among *users* any more: another role,
        another password, disabled."""
        marks = {name: user.mark for name, user in users.items()}
        for session in list(self._open.values()):
            if marks.get(session.name) != self._marks.get(session.name, marks.get(session.name)):
                self.end(session.id)
        self._marks = marks

    def end_all(self, name: str) -> int:
        """Every login of one user; how many there were."""
        found = [s for s in self._open.values() if s.name == name]
        return sum(self.end(session.id) for session in found)

    def save(self) -> None:
        """Write the file, durably and for nobody else to read. Blocks. Raises OSError."""
        if self._file is None:
            return
        durable.write(self._file, msgspec.msgpack.encode(_Kept(self._open, self._marks)), 0o600)

    def opened(self, now: Millis) -> Iterable[Session]:
        self._sweep(now)
        return sorted(self._open.values(), key=lambda s: -s.seen)

    def _over(self, session: Session, now: Millis) -> bool:
        return now - session.since >= self._length or now - session.seen >= self._idle

    def _sweep(self, now: Millis) -> None:
        self._open = {k: s for k, s in self._open.items() if not self._over(s, now)}


def _key(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()
