"""A city platform to deliver to: takes CloudEvents, checks signatures, fetches the evidence,
shows what it has. It can be told to be down, slow, busy, broken or forgetful. With an office
(simulators.office) it also answers: assigns, rejects and closes what it was told.

    POST /events     an incident event; the same source and id a second time changes nothing
    GET /            the incidents as a page;   GET /incidents   the same as JSON
    GET /stats       counts as JSON;            GET /evidence/<sha256>   a picture it fetched

    async with Platform(secret="whsec_…", faults=[Fault("down", at=20, lasts=15)]) as city:
        ... city.events, city.url, city.register.cases

Its checks are its own: nothing of the gateway's delivery is imported here.
"""

import asyncio
import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections import OrderedDict, deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, Literal, NamedTuple, Self

import aiohttp
from aiohttp import web

from gateway.clock import SystemClock
from gateway.ports import Clock
from simulators.office import Office
from simulators.platform_page import render
from simulators.register import Case, Register

TOLERANCE = 300
"""Seconds by which a signature's time may differ from ours."""
MOST_PICTURES = 500
PICTURE_LIMIT = 8 * 1024 * 1024
"""Bytes; a larger picture is not taken."""

FaultKind = Literal[
    "down", "error", "unavailable", "busy", "slow", "lost_answer", "denied", "moved", "cut"
]


class Fault(NamedTuple):
    """From second `at` for `lasts` seconds, again each `every` seconds unless that is 0."""

    kind: FaultKind
    at: float
    lasts: float
    every: float = 0.0

    def on(self, second: float) -> bool:
        into = second - self.at
        if self.every and into >= 0:
            into %= self.every
        return 0 <= into < self.lasts


class Platform:
    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        secret: str = "",
        faults: Sequence[Fault] = (),
        clock: Clock | None = None,
        office: Office | None = None,
    ) -> None:
        self._host, self._port, self._secret, self._faults = host, port, secret, faults
        self._clock: Clock = clock or SystemClock()
        self._office = office
        self.register = Register()
        self.script: deque[FaultKind] = deque()
        """Faults for the next events, one each; before those of the schedule."""
        self.pictures: OrderedDict[str, bytes] = OrderedDict()
        self.url = ""
        self._started = 0.0
        self._stack = AsyncExitStack()

    @property
    def events(self) -> str:
        """Where the gateway's sink sends to."""
        return f"{self.url}events"

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self._fetches = await stack.enter_async_context(_Fetches(self.register, self.pictures))
            if self._office:
                await stack.enter_async_context(self._office)
            app = web.Application(client_max_size=256 * 1024)
            app.router.add_post("/events", self._take)
            app.router.add_get("/", self._page)
            app.router.add_get("/incidents", self._incidents)
            app.router.add_get("/stats", self._stats)
            app.router.add_get("/evidence/{sha256}", self._picture)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, self._host, self._port)
            await site.start()
            self._port = runner.addresses[0][1]
            self.url = f"http://{self._host}:{self._port}/"
            self._started = asyncio.get_running_loop().time()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.register.counts["requests"] += 1
        fault = self._fault()
        if fault:
            self.register.counts[f"fault_{fault}"] += 1
        if fault == "slow":
            await asyncio.sleep(3)
        elif fault in ("down", "cut"):
            return _hang_up(request)
        elif fault and fault != "lost_answer":
            return _ANSWERS[fault]()
        answer = self._answer(request, await request.read())
        return _hang_up(request) if fault == "lost_answer" else answer

    def _fault(self) -> FaultKind | None:
        if self.script:
            return self.script.popleft()
        second = asyncio.get_running_loop().time() - self._started
        return next((fault.kind for fault in self._faults if fault.on(second)), None)

    def _answer(self, request: web.Request, body: bytes) -> web.Response:
        if self._secret and not self._signed(request, body):
            self.register.counts["bad_signatures"] += 1
            return web.json_response({"error": "the signature is wrong or too old"}, status=401)
        try:
            event = _checked(json.loads(body))
        except (ValueError, KeyError, TypeError) as problem:
            self.register.counts["malformed"] += 1
            return web.json_response({"error": f"no event: {problem!r}"}, status=400)
        case = self.register.receive(event)
        if case is None:
            return web.json_response({"status": "known"})
        self._fetches.want(case)
        if self._office:
            self._office.take(case)
        return web.json_response({"status": "filed", "case": case.number}, status=201)

    def _signed(self, request: web.Request, body: bytes) -> bool:
        id, stamp = (
            request.headers.get("webhook-id", ""),
            request.headers.get("webhook-timestamp", ""),
        )
        if not stamp.isdecimal() or abs(int(stamp) - self._clock.now() / 1000) > TOLERANCE:
            return False
        key = b64decode(self._secret.removeprefix("whsec_"))
        digest = hmac.new(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()
        wanted = f"v1,{b64encode(digest).decode()}"
        given = request.headers.get("webhook-signature", "").split(" ")
        return any(hmac.compare_digest(wanted.encode(), one.encode()) for one in given)

    async def _page(self, request: web.Request) -> web.Response:
        page = render(list(reversed(self.register.cases.values())), self.register.counts)
        return web.Response(text=page, content_type="text/html")

    async def _incidents(self, request: web.Request) -> web.Response:
        cases = self.register.cases.values()
        return web.json_response([case._asdict() for case in cases])

    async def _stats(self, request: web.Request) -> web.Response:
        return web.json_response(dict(self.register.counts))

    async def _picture(self, request: web.Request) -> web.Response:
        picture = self.pictures.get(request.match_info["sha256"])
        if picture is None:
            raise web.HTTPNotFound
        return web.Response(body=picture, content_type="image/jpeg")


class _Fetches:
    """Fetches the pictures that cases name, one after the other, and checks their hashes."""

    def __init__(self, register: Register, pictures: OrderedDict[str, bytes]) -> None:
        self._register, self._pictures = register, pictures
        self._queue: asyncio.Queue[tuple[Case, str, str]] = asyncio.Queue(1000)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        self._task = asyncio.create_task(self._run(), name="platform:evidence")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._session.close()

    def want(self, case: Case) -> None:
        for picture in case.data["evidence"]:
            if case.pictures[picture["sha256"]] == "waiting" and not self._queue.full():
                self._queue.put_nowait((case, picture["uri"], picture["sha256"]))

    async def _run(self) -> None:
        while True:
            case, uri, sha256 = await self._queue.get()
            case.pictures[sha256] = verdict = await self._fetch(uri, sha256)
            kept = self._register.cases.get(case.data["id"])
            if kept and sha256 in kept.pictures:  # a later version may have come meanwhile
                kept.pictures[sha256] = verdict
            self._register.counts["evidence_ok" if verdict == "ok" else "evidence_bad"] += 1

    async def _fetch(self, uri: str, sha256: str) -> str:
        if sha256 in self._pictures:
            return "ok"
        try:
            async with self._session.get(uri) as response:
                response.raise_for_status()
                picture = await response.content.read(PICTURE_LIMIT)
        except (aiohttp.ClientError, TimeoutError) as problem:
            return f"not fetched: {problem or type(problem).__name__}"
        if hashlib.sha256(picture).hexdigest() != sha256:
            return "its hash is not what the event says"
        self._pictures[sha256] = picture
        if len(self._pictures) > MOST_PICTURES:
            self._pictures.popitem(last=False)
        return "ok"


_SHOWN = frozenset(
    ["title", "severity", "status", "kind", "rule", "since", "place", "reasons", "devices"]
)


def _checked(event: dict[str, Any]) -> dict[str, Any]:
    """*event*, if it has what this platform needs of one."""
    if event["specversion"] != "1.0":
        raise ValueError("not CloudEvents 1.0")
    for attribute in ("id", "source", "type", "subject"):
        if not event[attribute] or not isinstance(event[attribute], str):
            raise ValueError(f"{attribute} is missing")
    data = event["data"]
    if missing := _SHOWN - data.keys():
        raise ValueError(f"data has no {', '.join(sorted(missing))}")
    if data["id"] != event["subject"] or not isinstance(data["seq"], int):
        raise ValueError("data is of another incident than subject")
    if not all(isinstance(p["uri"], str) and len(p["sha256"]) == 64 for p in data["evidence"]):
        raise ValueError("evidence needs uri and sha256")
    return event


def _hang_up(request: web.Request) -> web.StreamResponse:
    if request.transport:
        request.transport.abort()
    return web.Response()


_ANSWERS = {
    "error": lambda: web.Response(status=500, text="internal error"),
    "unavailable": lambda: web.Response(status=503, text="under maintenance"),
    "busy": lambda: web.Response(status=429, headers={"Retry-After": "2"}),
    "denied": lambda: web.Response(status=401, text="unknown gateway"),
    "moved": lambda: web.Response(status=301, headers={"Location": "http://192.0.2.1/"}),
}
