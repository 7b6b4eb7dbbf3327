"""Readings to InfluxDB: 1.x by its `/write`, 2.x and 3 by `influxdb-client` with ready-made lines.

The journal is the truth and InfluxDB a projection of it: `gateway.delivery.project` keeps the
cursor and does all retrying (the client's own gives up after three minutes), and what is written
twice overwrites itself. Lines: gateway.line_protocol.

A line that the server refuses (a type conflict, out of retention) makes it answer 400 for all;
the batch is halved until the guilty ones are alone, and only these are given up.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal, Protocol
from urllib.parse import urlencode

import msgspec

from gateway.line_protocol import Refused, packed, writer
from gateway.model import Duration, Reading
from gateway.ports import Barred, ReadingSink, ReadingSinkSpec, Retry, Surroundings
from gateway.uplink import Answer, Tls, Uplink, Way, retry_after, uplink, verdict_on

NO_DATABASE = re.compile(rb"database not found|bucket .*not found", re.IGNORECASE)


class Influx(ReadingSinkSpec, frozen=True, kw_only=True):
    """A database that takes line protocol: InfluxDB 1.x, 2.x, 3, VictoriaMetrics."""

    url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s/]+\S*$")]
    """The server's address, like http://influx:8086."""
    bucket: Annotated[str, msgspec.Meta(min_length=1)] = "linli"
    """2.x: the bucket; 1.x and 3: the database."""
    api: Literal["auto", "v1", "v2"] = "auto"
    """Which write API; `auto` asks the server."""
    org: str = ""
    """2.x: the organisation."""
    token: str = ""
    """2.x and 3: a token that may write; write `!secret name`."""
    user: str = ""
    """1.x with authentication: the user."""
    password: str = ""
    """1.x with authentication; write `!secret name`."""
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    """Fixed tags of every line, like `site: east`."""
    timeout: Duration = Duration.parse("30s")
    """For one whole batch."""
    ca: str = ""
    """PEM file with the authorities to trust instead of the system's."""

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[ReadingSink]:
        return _opened(self, around)

    @property
    def way(self) -> Way:
        token = {"Authorization": f"Token {self.token}"} if self.token else {}
        return Way(self.url.rstrip("/"), self.timeout, token, Tls(self.ca))


class _Server(Protocol):
    async def post(self, lines: bytes) -> Answer: ...


def _ca(spec: Influx, root: Path) -> str | None:
    return str(root / spec.ca) if spec.ca else None


@asynccontextmanager
async def _opened(spec: Influx, around: Surroundings) -> AsyncIterator[ReadingSink]:
    async with uplink(spec.way, around) as http:
        api = await detect(http, spec.way.url) if spec.api == "auto" else spec.api
        if api == "v1":
            yield _Writer(spec, around, _V1(spec, http))
            return
        # 50 MB and a second that a box without InfluxDB 2 or 3 does without
        influx_client = await asyncio.to_thread(import_module, "gateway.influx_client")
        account = influx_client.Account(
            spec.way.url, spec.org, spec.bucket, spec.token, spec.timeout, _ca(spec, around.root)
        )
        with influx_client.connected(account) as server:
            yield _Writer(spec, around, server)


async def detect(http: Uplink, url: str) -> Literal["v1", "v2"]:
    """Which write API the server at *url* has."""
    ping = await http.request("GET", f"{url}/ping")
    version = ping.headers.get("X-Influxdb-Version", "").removeprefix("v")
    if version[:2] in ("0.", "1."):
        return "v1"
    if version:
        return "v2"
    tried = await http.request("POST", f"{url}/api/v2/write?bucket=&org=")
    unknown_path = tried.status == 404 and not tried.body.lstrip().startswith(b"{")
    return "v1" if unknown_path else "v2"


class _Refusal(Exception):
    """The server does not take these lines. `dropped`: how many of them, if it says so."""

    def __init__(self, reason: str, dropped: int | None) -> None:
        super().__init__(reason)
        self.reason, self.dropped = reason, dropped


class _Writer:
    def __init__(self, spec: Influx, around: Surroundings, server: _Server) -> None:
        self._around, self._server = around, server
        self._line = writer(spec.tags)

    async def write(self, readings: Sequence[Reading]) -> Sequence[tuple[Reading, str]]:
        lines, sound, refused = list[str](), list[Reading](), list[tuple[Reading, str]]()
        for reading in readings:
            try:
                lines.append(self._line(reading))
            except Refused as problem:
                refused.append((reading, str(problem)))
            else:
                sound.append(reading)
        if lines:
            refused += await self._isolate(lines, sound)
        return refused

    async def _isolate(
        self, lines: Sequence[str], readings: Sequence[Reading]
    ) -> list[tuple[Reading, str]]:
        """Write *lines*, which say *readings*; returns those that cannot be, with the reason."""
        try:
            answer = await self._server.post("\n".join(lines).encode())
            _settle(answer, self._around.clock.now())
        except _Refusal as refusal:
            if len(lines) == 1 or refusal.dropped == len(lines):
                return [(reading, refusal.reason) for reading in readings]
            half = len(lines) // 2
            return [
                *await self._isolate(lines[:half], readings[:half]),
                *await self._isolate(lines[half:], readings[half:]),
            ]
        return []


class _V1:
    """InfluxDB 1.x, which `influxdb-client` does not speak."""

    def __init__(self, spec: Influx, http: Uplink) -> None:
        account = {"u": spec.user, "p": spec.password} if spec.user else {}
        self._url, self._http, self._bucket = spec.way.url, http, spec.bucket
        self._account = urlencode(account)
        self._write = urlencode({"db": spec.bucket, "precision": "ns", **account})

    async def post(self, lines: bytes) -> Answer:
        body = packed(lines)
        answer = await self._send(body)
        if answer.status == 404 and NO_DATABASE.search(answer.body) and await self._create():
            answer = await self._send(body)
        return answer

    async def _send(self, body: bytes) -> Answer:
        headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}
        return await self._http.request("POST", f"{self._url}/write?{self._write}", body, headers)

    async def _create(self) -> bool:
        """Make the database, if we may."""
        name = self._bucket.replace("\\", r"\\").replace('"', r"\"")
        answer = await self._http.request(
            "POST",
            f"{self._url}/query?{self._account}",
            urlencode({"q": f'CREATE DATABASE "{name}"'}).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        return answer.status == 200 and b'"error"' not in answer.body


def _settle(answer: Answer, now: int) -> None:
    """Return when all is written; raise what *answer* says else."""
    verdict = verdict_on(answer.status)
    if verdict == "done":
        return
    if verdict == "reject":
        text = _said(answer.body)
        dropped = re.search(r"dropped=(\d+)", text)
        raise _Refusal(_reason(text), int(dropped[1]) if dropped else None)
    if NO_DATABASE.search(answer.body):
        raise Barred(f"{answer}; make the database or bucket, or correct its name")
    after = retry_after(answer.headers.get("Retry-After"), now)
    raise (Barred if verdict == "barred" else Retry)(str(answer), after)


def _said(body: bytes) -> str:
    """The message in an error's body: `{"error": …}` of 1.x, `{"message": …}` of 2.x, or text."""
    try:
        told = msgspec.json.decode(body)
    except msgspec.DecodeError:
        told = None
    if isinstance(told, dict):
        return str(told.get("error") or told.get("message") or told)
    return body.decode(errors="replace")


def _reason(text: str) -> str:
    """*text* without the quoted line and the numbers, so that equal problems read equal."""
    bare = re.sub(r"'.*': |\s*dropped=\d+|^.*partial write: |\"-?\d+\"", "", text, flags=re.DOTALL)
    return " ".join(bare.split())[:200]
