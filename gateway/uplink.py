"""HTTP towards platforms that may be slow, broken, hostile or gone, and what their answers mean.

Nothing is followed, unpacked or believed: redirects stay where they are, bodies are read up to a
limit, compressed ones are not asked for, each request has one deadline for everything.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, NoReturn

import msgspec

from gateway.exchange import step
from gateway.model import Duration, Millis
from gateway.ports import Barred, Choked, Reject, Retry, SinkSpec, Surroundings

if TYPE_CHECKING:
    import aiohttp

ANSWER_LIMIT = 64 * 1024
"""Bytes of an answer that are read; the rest is not worth the uplink."""

LONGEST_NUMBER = 200
"""Characters of a case's number."""

Verdict = Literal["done", "retry", "barred", "choked", "reject"]

VERDICTS: Mapping[int, Verdict] = {
    400: "reject",
    401: "barred",
    402: "barred",
    403: "barred",
    404: "barred",  # the address is wrong: true of every event, so none may be thrown away
    405: "barred",
    407: "barred",
    408: "retry",
    409: "done",  # already there
    410: "barred",
    415: "barred",
    421: "retry",
    423: "retry",
    425: "retry",
    426: "barred",
    429: "retry",
    500: "choked",
    501: "barred",
    505: "barred",
    511: "barred",
}
"""What single statuses mean; the others follow from their class."""

_CLASSES: Mapping[int, Verdict] = {2: "done", 3: "barred", 4: "reject", 5: "retry"}

_ADVICE = {
    3: "redirects are not followed; put the final address into the configuration",
    401: "check the token or password",
    403: "check the rights of this gateway's account",
    404: "check the address",
    410: "the platform has closed this address",
}


class HttpSinkSpec(SinkSpec, frozen=True, kw_only=True):
    """What every destination that is reached by HTTP can be told."""

    url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s/]+\S*$")]
    """Where to send; the final address, since redirects are not followed."""
    token: str = ""
    """Sent as `Authorization: Bearer …`; write `!secret name`."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """More headers for every request, as the platform wishes."""
    timeout: Duration = Duration.parse("20s")
    """For one whole request and its answer."""
    ca: str = ""
    """PEM file with the authorities to trust instead of the system's."""
    certificate: str = ""
    """PEM file with this gateway's certificate, where the platform asks for one."""
    private_key: str = ""
    """PEM file with its key, if it is not in the same file."""

    @property
    def way(self) -> "Way":
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return Way(
            self.url,
            self.timeout,
            {**self.headers, **bearer},
            Tls(self.ca, self.certificate, self.private_key),
        )


class Tls(NamedTuple):
    """Names of PEM files, '' for none."""

    ca: str = ""
    certificate: str = ""
    private_key: str = ""


class Way(NamedTuple):
    """How a platform is reached."""

    url: str
    timeout: Duration
    headers: Mapping[str, str]
    tls: Tls


class Answer(NamedTuple):
    """What came back. `body`: up to `ANSWER_LIMIT` bytes, if no other limit was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __str__(self) -> str:
        try:
            name = f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            name = str(self.status)
        text = " ".join(self.body[:300].decode(errors="replace").split())
        said = "".join(c for c in text if c.isprintable())
        return f"{name}: {said}" if said else name

    def json(self) -> Any:
        """The body, None when it is no JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def text_at(self, path: str) -> str:
        """What stands at *path*, with dots, in a body that is JSON; '' for nothing and for what
        is no text or number.

        >>> Answer(201, {}, b'{"case": {"no": 7}}').text_at("case.no")
        '7'
        """
        found = self.json()
        for part in path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        plain = isinstance(found, str | int) and not isinstance(found, bool)
        return str(found)[:LONGEST_NUMBER] if plain else ""


class Uplink:
    """A few connections to one platform."""

    def __init__(self, session: "aiohttp.ClientSession") -> None:
        self._session = session

    async def request(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        limit: int = ANSWER_LIMIT,
    ) -> Answer:
        """The answer, whatever it says; *limit*: bytes of its body. Raises `Retry` when nobody
        is there, and `Choked` when somebody is and gives none, or half of one."""
        asked = f"{method} {url.partition('?')[0]} ({len(body)} bytes)"
        try:
            answer = await self._answered(method, url, body, headers, limit)
        except Retry as failure:
            step(f"{asked} -> {failure}", body)
            raise
        step(f"{asked} -> {answer}", body)
        return answer

    async def _answered(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str] | None, limit: int
    ) -> Answer:
        import aiohttp  # 9 MB that a box without such a destination does without

        try:
            async with self._session.request(
                method, url, data=body, headers=headers, allow_redirects=False
            ) as response:
                return Answer(response.status, response.headers, await _body(response, limit))
        except (aiohttp.ClientSSLError, ssl.SSLError, aiohttp.InvalidURL) as failure:
            raise Barred(f"no safe connection: {failure}") from failure
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as failure:
            raise Retry(str(failure) or "no connection in time") from failure
        except TimeoutError as failure:
            raise Choked("no answer in time", sure=False) from failure
        except (aiohttp.ClientError, OSError) as failure:
            raise Choked(str(failure) or type(failure).__name__, sure=False) from failure


@asynccontextmanager
async def uplink(way: Way, around: Surroundings) -> AsyncIterator[Uplink]:
    """Connections as *way* says. Certificates are read here, anew at each opening."""
    import aiohttp  # as in `Uplink.request`

    trust: ssl.SSLContext | bool = True
    if way.url.startswith("https:"):
        trust = await asyncio.to_thread(trust_of, way.tls, around.root)
    headers = {"User-Agent": "linli-gateway", "Accept-Encoding": "identity", **way.headers}
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust, limit=4),
        timeout=aiohttp.ClientTimeout(
            total=way.timeout.seconds, sock_connect=way.timeout.seconds / 2
        ),
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    ) as session:
        yield Uplink(session)


def settle(answer: Answer, now: Millis) -> None:
    """Return when *answer* says that the thing has arrived; raise what it says else."""
    verdict = verdict_on(answer.status)
    if verdict != "done":
        _fail(verdict, answer, now)


def verdict_on(status: int) -> Verdict:
    """
    >>> verdict_on(201), verdict_on(302), verdict_on(422), verdict_on(503)
    ('done', 'barred', 'reject', 'retry')
    """
    return VERDICTS.get(status) or _CLASSES.get(status // 100, "retry")


def retry_after(text: str | None, now: Millis) -> float | None:
    """Seconds of a Retry-After header: a number or a date; None for nothing and for nonsense.

    >>> retry_after("120", 0), retry_after("Thu, 01 Jan 1970 00:02:00 GMT", 60_000)
    (120.0, 60.0)
    >>> retry_after("soon", 0), retry_after("-5", 0)
    (None, None)
    """
    if not text:
        return None
    if text.strip().isdecimal():
        return float(text[:12])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now / 1000)
    except (ValueError, OverflowError):
        return None


def _fail(verdict: Verdict, answer: Answer, now: Millis) -> NoReturn:
    if verdict == "reject":
        raise Reject(str(answer))
    after = retry_after(answer.headers.get("Retry-After"), now)
    advice = _ADVICE.get(answer.status) or _ADVICE.get(answer.status // 100)
    why = f"{answer}; {advice}" if advice else str(answer)
    kinds: dict[Verdict, type[Retry]] = {"barred": Barred, "choked": Choked}
    raise kinds.get(verdict, Retry)(why, after)


async def _body(response: "aiohttp.ClientResponse", limit: int) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > limit:
            response.close()
            break
    return bytes(body[:limit])


def trust_of(tls: Tls, root: Path) -> ssl.SSLContext:
    """Whom to trust and who we are; *root* is where relative names begin. Reads files."""
    try:
        context = ssl.create_default_context(cafile=str(root / tls.ca) if tls.ca else None)
        if tls.certificate:
            key = str(root / tls.private_key) if tls.private_key else None
            context.load_cert_chain(str(root / tls.certificate), key)
    except OSError as failure:
        raise Barred(f"the certificates cannot be read: {failure}") from failure
    return context
