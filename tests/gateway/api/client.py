"""The whole server on a free port, and browsers and machines that ask it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import aiohttp
from fastapi import FastAPI
from yarl import URL

from gateway.api.app import build
from gateway.api.desk import Desk
from gateway.api.embedded import host
from gateway.api.guard import cookie_name
from gateway.api.spec import ConsoleSpec
from tests.gateway.api.desk_fixture import ROLES, TOKENS


class Answer(NamedTuple):
    status: int
    headers: Any
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client(NamedTuple):
    """Asks as somebody: as a browser of our own page unless told otherwise."""

    base: str
    app: FastAPI
    http: aiohttp.ClientSession

    async def ask(
        self, method: str, path: str, who: str = "", headers: Any = None, **more: Any
    ) -> Answer:
        """*who*: a user (with a cookie), a machine (with its token), or nobody."""
        sent = {"Origin": self.base} | self.credentials(who) | (headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        # Encoded already: a hostile path must arrive as it is written.
        url = URL(self.base + path, encoded=True)
        async with self.http.request(
            method, url, headers=sent, allow_redirects=False, **more
        ) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    def credentials(self, who: str) -> dict[str, str]:
        if who in TOKENS:
            return {"Authorization": f"Bearer {TOKENS[who]}"}
        if who in ROLES:
            sessions, now = self.app.state.accounts.sessions, self.app.state.desk.clock.now()
            cookie = sessions.start(who, ROLES[who], "127.0.0.1", now)
            return {"Cookie": f"{cookie_name(self.app.state.spec)}={cookie}"}
        return {}


@asynccontextmanager
async def serving(desk: Desk, spec: ConsoleSpec | None = None) -> AsyncIterator[Client]:
    """The real application behind the real server."""
    spec = spec or ConsoleSpec()
    app = build(desk, spec)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        task = asyncio.create_task(host(app, desk, spec, listener))
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
                yield Client(base, app, http)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
