"""Logging in and being recognised: the users file, the open sessions and the throttle."""

import asyncio
from pathlib import Path

from gateway.api.auth import FILE, NAME, Users, read_users, write_users
from gateway.api.sessions import FILE as LOGINS
from gateway.api.sessions import Caller, Sessions
from gateway.api.spec import ConsoleSpec
from gateway.api.throttle import Throttle
from gateway.model import Millis
from gateway.passwords import LONGEST
from gateway.ports import Clock, Health

PART = "users"


TOLD = frozenset({1, 5, 10, 50, 100, 500, 1000, 5000, 10_000})
"""So many wrong passwords in a row from one address are told in the audit log, and not each:
who guesses shall not fill it."""


class Wrong(Exception):
    """Name or password is wrong; it is not told which. `told`: to be put into the audit log."""

    def __init__(self, tries: int) -> None:
        super().__init__(f"{tries} wrong passwords")
        self.told = tries in TOLD


class Slower(Exception):
    """Too many wrong passwords from there. `wait` is in milliseconds."""

    def __init__(self, wait: Millis) -> None:
        super().__init__(f"wait {wait} ms")
        self.wait = wait


class Accounts:
    """Reads the users file again when it has changed, so a new password needs no restart."""

    def __init__(self, root: Path, spec: ConsoleSpec, clock: Clock, health: Health) -> None:
        self.sessions = Sessions(spec.session, spec.idle, root / LOGINS)
        self._path, self._clock, self._health = root / FILE, clock, health
        self._throttle = Throttle()
        self._one_at_a_time = asyncio.Semaphore(1)
        self.changing = asyncio.Lock()
        """Held while the users file is read, changed and written."""
        self._stamp: tuple[int, int] | None = None
        self._users = Users()

    async def login(self, name: str, password: str, address: str) -> str:
        """The session's cookie. Raises `Wrong`, and `Slower` when that address has guessed wrong
        too often."""
        async with self._one_at_a_time:  # 16 MiB and a tenth of a second each
            if wait := self._throttle.wait(address, self._clock.now()):
                raise Slower(wait)
            role = None
            if NAME.fullmatch(name) and len(password) <= LONGEST:
                role = await asyncio.to_thread(self.users().login, name, password)
            if role is None:
                self._health.count("logins", why="refused")
                raise Wrong(self._throttle.failed(address, self._clock.now()))
        self._throttle.succeeded(address)
        self._health.count("logins", why="accepted")
        cookie = self.sessions.start(name, role, address, self._clock.now())
        await self.keep()
        return cookie

    def by_cookie(self, cookie: str) -> Caller | None:
        self.users()  # whoever was taken out of the file has no login any more
        return self.sessions.caller(cookie, self._clock.now())

    def by_token(self, token: str) -> Caller | None:
        found = self.users().token(token)
        return Caller(found[0], found[1]) if found else None

    def alive(self, caller: Caller) -> bool:
        """Whether an open page may go on being served."""
        self.users()
        return not caller.session or self.sessions.alive(caller.session, self._clock.now())

    def users(self) -> Users:
        """The users file as it is now; as it was, while it cannot be read."""
        try:
            stat = self._path.stat()
            stamp = stat.st_mtime_ns, stat.st_ino
            if stamp != self._stamp:
                self._take(read_users(self._path))
                self._stamp = stamp
                self._health.report(PART, "ok")
        except (OSError, ValueError) as e:
            self._health.report(PART, "failed", str(e))
        return self._users

    async def keep(self) -> None:
        """Make durable which logins are open and which are not."""
        await asyncio.to_thread(self.sessions.save)

    async def change(self, users: Users) -> None:
        """Replace the users file; whoever changed is logged out everywhere. Raises OSError."""
        await asyncio.to_thread(write_users, self._path, users)
        self.users()
        await self.keep()

    def _take(self, users: Users) -> None:
        self.sessions.suit(users.users)
        self._users = users
