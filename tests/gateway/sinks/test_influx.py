"""What is particular to InfluxDB; what holds for every sink of readings is in tests/contracts."""

import asyncio
import gzip
import math
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from aiohttp import web

from gateway.clock import SystemClock
from gateway.model import Batch, Duration, Reading
from gateway.ports import Barred, Retry
from gateway.projection import project
from gateway.sinks.influx import Influx, detect
from gateway.store import Store, StoreSpec
from gateway.uplink import uplink
from tests.contracts.facts import surroundings
from tests.contracts.servers import INFLUXD, Process, influxd
from tests.contracts.test_reading_sinks import influxql

START = 1_760_000_000_000
needs_influxd = pytest.mark.skipif(not INFLUXD, reason="no influxd here (Debian: influxdb)")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Process]:
    with influxd(tmp_path) as process:
        yield process


def readings(quantity: str, n: int, start: int = START) -> list[Reading]:
    return [Reading("bin-3", quantity, float(i), start + i) for i in range(n)]


async def write(spec: Influx, batch: list[Reading]) -> list[tuple[Reading, str]]:
    async with spec.open(surroundings(Path())) as sink:
        return list(await sink.write(batch))


def ask(url: str, body: str) -> None:
    urlopen(Request(url, data=body.encode(), method="POST"), timeout=5).close()


@needs_influxd
async def test_only_the_guilty_lines_are_given_up(server: Process) -> None:
    spec = Influx(id="influx", url=server.url)
    await write(spec, readings("noise", 1))  # makes the database
    ask(f"{server.url}/write?db=linli", f"opened value=true {START}000000")
    bad = [Reading("bin-3", "opened", 1.0, START + i) for i in range(3)]
    batch = readings("noise", 500)
    batch[100:100], batch[300:300], batch[-1:] = bad[:1], bad[1:2], bad[2:]
    refused = await write(spec, batch)
    assert [reading for reading, _ in refused] == bad
    assert {reason for _, reason in refused} == {
        'field type conflict: input field "value" on measurement "opened" is type float, '
        "already exists as type boolean"
    }
    (series,) = await influxql(spec, 'SELECT count(value) FROM "noise"')
    assert series["values"][0][1] == 499


@needs_influxd
async def test_what_is_older_than_the_database_keeps_is_refused_with_that_reason(
    server: Process,
) -> None:
    ask(f"{server.url}/query", 'q=CREATE DATABASE "linli" WITH DURATION 1d')
    refused = await write(Influx(id="influx", url=server.url), readings("noise", 50))
    assert [reason for _, reason in refused] == ["points beyond retention policy"] * 50


@needs_influxd
async def test_a_server_with_accounts_wants_ours(tmp_path: Path) -> None:
    with influxd(tmp_path, auth=True) as server:
        ask(f"{server.url}/query", "q=CREATE USER admin WITH PASSWORD 'secret' WITH ALL PRIVILEGES")
        with pytest.raises(Barred, match="401"):
            await write(Influx(id="influx", url=server.url), readings("noise", 1))
        with pytest.raises(Barred, match="401"):
            await write(
                Influx(id="influx", url=server.url, user="admin", password="wrong"),
                readings("noise", 1),
            )
        ours = Influx(id="influx", url=server.url, user="admin", password="secret")
        assert await write(ours, readings("noise", 1)) == []


Handler = Callable[[web.Request, bytes], web.Response]


@asynccontextmanager
async def stand_in(handler: Handler, version: str | None = "v2.7.1") -> AsyncIterator[str]:
    """Answers as the documentation of 2.7 and 3 says, where no such server can be installed."""

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        return handler(request, gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)

    async def ping(request: web.Request) -> web.Response:
        return web.Response(status=204, headers={"X-Influxdb-Version": version} if version else {})

    app = web.Application()
    app.router.add_get("/ping", ping)
    app.router.add_post("/api/v2/write", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def refusing(status: int, message: str, **headers: str) -> Handler:
    def handler(request: web.Request, body: bytes) -> web.Response:
        return web.json_response({"code": "x", "message": message}, status=status, headers=headers)

    return handler


async def test_2_x_is_written_as_its_documentation_says() -> None:
    seen: list[tuple[dict[str, str], str | None, bytes]] = []

    def handler(request: web.Request, body: bytes) -> web.Response:
        seen.append((dict(request.query), request.headers.get("Authorization"), body))
        return web.Response(status=204)

    async with stand_in(handler) as url:
        spec = Influx(id="influx", url=url, org="linli", bucket="east", token="t0ken")
        assert await write(spec, readings("noise", 2)) == []
    ((query, authorization, body),) = seen
    assert query == {"org": "linli", "bucket": "east", "precision": "ns"}
    assert authorization == "Token t0ken"
    assert body == (
        b"noise,device=bin-3 value=0.0 1760000000000000000\n"
        b"noise,device=bin-3 value=1.0 1760000000001001000"
    )


async def test_a_line_that_2_x_refuses_is_found_by_halving() -> None:
    requests = [0]

    def handler(request: web.Request, body: bytes) -> web.Response:
        requests[0] += 1
        if b"value=77.0" in body:
            return web.json_response(
                {"code": "unprocessable entity", "message": "partial write: too odd dropped=1"},
                status=422,
            )
        return web.Response(status=204)

    async with stand_in(handler) as url:
        batch = readings("noise", 1000)
        refused = await write(Influx(id="influx", url=url), batch)
    assert refused == [(batch[77], "too odd")]
    assert requests[0] <= 21, "1 + 2 for each halving of a thousand"


async def test_too_large_a_body_is_halved_until_it_fits() -> None:
    taken = []

    def handler(request: web.Request, body: bytes) -> web.Response:
        if len(body) > 2000:
            return web.Response(status=413)
        taken.append(body.count(b"\n") + 1)
        return web.Response(status=204)

    async with stand_in(handler) as url:
        assert await write(Influx(id="influx", url=url), readings("noise", 300)) == []
    assert sum(taken) == 300


@pytest.mark.parametrize(
    ("handler", "failure", "after", "words"),
    [
        (refusing(401, "unauthorized access"), Barred, None, "401"),
        (refusing(403, "insufficient permissions"), Barred, None, "403"),
        (refusing(404, 'bucket "linli" not found'), Barred, None, "make the database or bucket"),
        (refusing(307, "elsewhere", Location="http://192.0.2.1/"), Barred, None, "307"),
        (refusing(429, "limit", **{"Retry-After": "17"}), Retry, 17, "429"),
        (refusing(503, "unavailable"), Retry, None, "503"),
        (refusing(500, "no space left on device"), Retry, None, "no space left"),
    ],
)
async def test_what_2_x_says_of_the_whole(
    handler: Handler, failure: type[Retry], after: float | None, words: str
) -> None:
    async with stand_in(handler) as url:
        with pytest.raises(failure, match=words) as raised:
            await write(Influx(id="influx", url=url), readings("noise", 3))
    assert raised.value.after == after


async def test_a_server_that_hangs_is_left_after_the_time_out() -> None:
    gate = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        for api in ("v1", "v2"):
            spec = Influx(
                id="influx",
                url=f"http://127.0.0.1:{port}",
                api=api,
                timeout=Duration.parse("300ms"),
            )
            with pytest.raises(Retry):
                await write(spec, readings("noise", 1))
        gate.set()


@pytest.mark.parametrize(
    ("version", "api"),
    [("1.6.7", "v1"), ("v1.8.10", "v1"), ("v2.7.1", "v2"), ("3.0.1", "v2"), (None, "v2")],
)
async def test_the_server_is_asked_what_it_speaks(version: str | None, api: str) -> None:
    async with (
        stand_in(refusing(400, "bucket is missing"), version) as url,
        uplink(Influx(id="i", url=url).way, surroundings(Path())) as http,
    ):
        assert await detect(http, url) == api


@needs_influxd
async def test_the_real_1_x_is_recognised_even_behind_a_proxy_that_hides_it(
    server: Process,
) -> None:
    async with uplink(Influx(id="i", url=server.url).way, surroundings(Path())) as http:
        assert await detect(http, server.url) == "v1"
        hidden = _Hidden(http)
        assert await detect(hidden, server.url) == "v1"  # type: ignore[arg-type]  # a wrapper


class _Hidden:
    """Takes the version away from every answer."""

    def __init__(self, http: object) -> None:
        self._http = http

    async def request(self, *args: object) -> object:
        answer = await self._http.request(*args)  # type: ignore[attr-defined]  # an Uplink
        return answer._replace(headers={})


@needs_influxd
async def test_what_is_refused_for_good_is_kept_on_disk_until_a_person_decides(
    server: Process, tmp_path: Path
) -> None:
    """A type conflict, a time out of retention, and not a number, among good readings."""
    spec, now = Influx(id="influx", url=server.url), SystemClock().now()
    await write(spec, readings("noise", 1, now))  # makes the database
    ask(f"{server.url}/write?db=linli", f"opened value=true {now}000000")
    ask(
        f"{server.url}/query",
        "q=ALTER RETENTION POLICY autogen ON linli DURATION 24h SHARD DURATION 1h",
    )
    bad = [
        Reading("bin-3", "opened", 1.0, now),
        Reading("bin-3", "noise", 2.0, now - 10 * 86_400_000),
        Reading("bin-3", "noise", math.nan, now),
    ]
    good = readings("noise", 50, now)
    with closing(Store.open(tmp_path / "linli.db", StoreSpec())) as store:
        await store.journal.keep(["influx"])
        batch = Batch(at=now, readings=(*good[:9], *bad, *good[9:]))
        await store.commit(batch)
        await copied(spec, store)
        letters = await store.refused.dead("influx")
        assert sorted(letter.reason for letter in letters) == [
            'field type conflict: input field "value" on measurement "opened" is type float, '
            "already exists as type boolean",
            "not a finite number",
            "points beyond retention policy",
        ]
        ask(f"{server.url}/query", "db=linli&q=DROP MEASUREMENT opened")
        assert await store.refused.retry("influx") == 3
        await copied(spec, store)
        assert sorted(letter.reason for letter in await store.refused.dead("influx")) == [
            "not a finite number",
            "points beyond retention policy",
        ]
    (series,) = await influxql(spec, 'SELECT count(value) FROM "noise"')
    assert series["values"][0][1] == 50
    (series,) = await influxql(spec, 'SELECT value FROM "opened"')
    assert series["values"] == [[now * 1_000_000 + 1000, 1.0]]


async def copied(spec: Influx, store: Store) -> None:
    """Until the cursor stands at the end, and nothing waits to be tried again."""
    around = surroundings(Path())
    copying = asyncio.create_task(
        project(spec, around, store.journal, store.refused, asyncio.Event())
    )
    while (await store.journal.waiting())["influx"] or await store.refused.again("influx", 1):  # noqa: ASYNC110 - it is on disk
        await asyncio.sleep(0.02)
    copying.cancel()
    with suppress(asyncio.CancelledError):
        await copying
