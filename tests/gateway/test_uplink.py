"""What Linli does with each answer of a platform. The table in docs/platforms.md is made here."""

import asyncio
import re
import ssl
import subprocess
import zlib
from pathlib import Path
from typing import Any

import pytest

from gateway.model import Duration
from gateway.ports import Barred, Choked, Reject, Retry
from gateway.sinks.cloud_events import CloudEvents
from gateway.uplink import ANSWER_LIMIT, Verdict, verdict_on
from tests.contracts.facts import NOON, envelope, surroundings
from tests.contracts.odd_server import (
    Answer,
    drips,
    odd_server,
    resets,
    says,
    status,
)

OK = b"HTTP/1.1 200 OK\r\n"
BOMB = zlib.compress(bytes(50_000_000), wbits=31)

DONE = "delivered"
AGAIN = "waits and tries again"
PERSON = "waits for a person, tries every 5 minutes"
OTHERS = "lets others pass, tries again; dead letter when only this one fails 8 times"
FOR_EVER = "lets others pass, tries again"
DEAD = "dead letter, the next one goes"

MEANS: dict[Verdict, str] = {
    "done": DONE,
    "retry": AGAIN,
    "barred": PERSON,
    "choked": OTHERS,
    "reject": DEAD,
}

CASES: list[tuple[str, Answer, str]] = [
    ("200", status("200 OK"), DONE),
    ("200 with a body that is not asked for", status("200 OK", body=b"<html>hello"), DONE),
    ("201, 202, 204", status("204 No Content"), DONE),
    ("200 and a body of 10 MB", says(OK + b"\r\n" + b"x" * 10_000_000), DONE),
    (
        "200 and a gzip bomb (never unpacked)",
        says(OK + f"Content-Encoding: gzip\r\nContent-Length: {len(BOMB)}\r\n\r\n".encode() + BOMB),
        DONE,
    ),
    ("200, then the body breaks off", says(OK + b"Content-Length: 50\r\n\r\nhalf"), FOR_EVER),
    (
        "200 and broken chunks",
        says(OK + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n"),
        FOR_EVER,
    ),
    (
        "301, 302, 307, 308 (never followed)",
        status("301 Moved", "Location: http://x.test/"),
        PERSON,
    ),
    ("400", status("400 Bad Request", body=b'{"error": "no grid"}'), DEAD),
    ("401", status("401 Unauthorized"), PERSON),
    ("403", status("403 Forbidden"), PERSON),
    ("404", status("404 Not Found"), PERSON),
    ("405, 415", status("415 Unsupported Media Type"), PERSON),
    ("408, 425", status("425 Too Early"), AGAIN),
    ("409 (it is there already)", status("409 Conflict"), DONE),
    ("410", status("410 Gone"), PERSON),
    ("413", status("413 Content Too Large"), DEAD),
    ("422", status("422 Unprocessable Content", body=b"unknown kind"), DEAD),
    ("429 with `Retry-After: 7`", status("429 Too Many Requests", "Retry-After: 7"), AGAIN),
    ("500", status("500 Internal Server Error"), OTHERS),
    ("501", status("501 Not Implemented"), PERSON),
    ("502, 503, 504", status("503 Service Unavailable"), AGAIN),
    ("a status nobody knows (799)", status("799 What"), AGAIN),
    ("no HTTP at all", says(b"SSH-2.0-OpenSSH_9.2\r\n"), FOR_EVER),
    ("headers without end", says(OK + b"X: " + b"y" * 500_000), FOR_EVER),
    ("one byte per second", drips(0.2), FOR_EVER),
    ("nothing, for ever", says(b"", then=30), FOR_EVER),
    ("a hang-up instead of an answer", says(b""), FOR_EVER),
    ("a reset in the middle of the upload", resets, FOR_EVER),
    ("an answer after the time-out", says(b"", then=1), FOR_EVER),
]


async def send(url: str, root: Path, **more: Any) -> None:
    spec = CloudEvents(id="city", url=url, timeout=Duration.parse("500ms"), **more)
    async with spec.open(surroundings(root)) as sink:
        await sink.send(envelope())


async def outcome(url: str, root: Path, **more: Any) -> tuple[str, Exception | None]:
    try:
        await send(url, root, **more)
    except Exception as failure:  # noqa: BLE001 - which one it is, is the question
        kinds = {Barred: PERSON, Choked: OTHERS, Retry: AGAIN, Reject: DEAD}
        doubtful = isinstance(failure, Choked) and not failure.sure
        return FOR_EVER if doubtful else kinds[type(failure)], failure
    return DONE, None


@pytest.mark.parametrize(("name", "answer", "wanted"), CASES, ids=[case[0] for case in CASES])
async def test_what_is_done(name: str, answer: Answer, wanted: str, tmp_path: Path) -> None:
    async with odd_server(answer) as url:
        before = asyncio.get_running_loop().time()
        done, _ = await outcome(url, tmp_path)
        assert done == wanted
        assert asyncio.get_running_loop().time() - before < 3, "one deadline for everything"


def test_every_status_of_a_row_means_the_same() -> None:
    for name, _, wanted in CASES:
        verdicts = {verdict_on(int(code)) for code in re.findall(r"\b\d{3}\b", name.split("(")[0])}
        if verdicts and wanted not in (AGAIN, FOR_EVER):
            assert {MEANS[verdict] for verdict in verdicts} == {wanted}, name


def test_the_documented_table_is_this_one() -> None:
    docs = (Path(__file__).parents[2] / "docs/platforms.md").read_text()
    rows = [f"| {name} | {wanted} |" for name, _, wanted in CASES]
    table = "\n".join(["| the platform answers | Linli |", "|---|---|", *rows])
    assert table in docs, f"put this into docs/platforms.md:\n{table}"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 7", 7),
        ("Retry-After: Fri, 15 Jan 2027 08:00:30 GMT", 30),
        ("Retry-After: Fri, 15 Jan 2027 07:00:00 GMT", 0),
        ("Retry-After: soon", None),
        ("Retry-After: -1", None),
        ("Retry-After: 99999999999999999999999999", 999999999999),
    ],
)
async def test_the_wish_to_wait_is_read(header: str, seconds: float | None, tmp_path: Path) -> None:
    assert NOON == 1_800_000_000_000, "2027-01-15T08:00:00Z"
    async with odd_server(status("429 Busy", header)) as url:
        _, failure = await outcome(url, tmp_path)
        assert isinstance(failure, Retry)
        assert failure.after == seconds


async def test_what_the_platform_says_reaches_the_person_in_one_line(tmp_path: Path) -> None:
    said = '{"error":\n "网格\x1b[31m未知"}'.encode()
    async with odd_server(status("422 No", body=said)) as url:
        _, failure = await outcome(url, tmp_path)
        assert str(failure) == '422 Unprocessable Entity: {"error": "网格[31m未知"}'


async def test_an_answer_without_end_is_cut_off(tmp_path: Path) -> None:
    sent = [0]

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"\r\n")
        while sent[0] < 500 * ANSWER_LIMIT:
            writer.write(b"x" * ANSWER_LIMIT)
            await writer.drain()
            sent[0] += ANSWER_LIMIT

    async with odd_server(endless) as url:
        assert await outcome(url, tmp_path) == (DONE, None)
    assert sent[0] < 500 * ANSWER_LIMIT


async def test_nobody_there_is_an_outage(tmp_path: Path) -> None:
    assert (await outcome("http://127.0.0.1:9/in", tmp_path))[0] == AGAIN
    assert (await outcome("http://no-such-host.invalid/in", tmp_path))[0] == AGAIN


def certificate(folder: Path, name: str, *, days: int = 2) -> Path:
    """A self-signed certificate and its key in one file."""
    path = folder / f"{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", f"{path}.key", "-out", path, "-days", str(days),
         "-subj", f"/CN={name}", "-addext", f"subjectAltName={name}"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_bytes(path.read_bytes() + Path(f"{path}.key").read_bytes())
    return path


async def tls_outcome(
    root: Path, served: Path, trusted: Path, client: Path | None = None, ask: Path | None = None
) -> tuple[str, int]:
    """What is done, and how many bytes of the event the server saw."""
    seen = [0]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(served)
    if ask:
        context.load_verify_locations(ask)
        context.verify_mode = ssl.CERT_REQUIRED

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen[0] += len(await reader.read(10_000))
        writer.write(OK + b"Content-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/in"
        more = {"ca": trusted.name, "certificate": client.name if client else ""}
        done, _ = await outcome(url, root, **more)
    return done, seen[0]


async def test_tls_with_a_known_authority_delivers(tmp_path: Path) -> None:
    good = certificate(tmp_path, "IP:127.0.0.1")
    done, seen = await tls_outcome(tmp_path, good, good)
    assert done == DONE
    assert seen > 0


async def test_tls_that_cannot_be_trusted_fails_closed(tmp_path: Path) -> None:
    good, wrong = certificate(tmp_path, "IP:127.0.0.1"), certificate(tmp_path, "IP:127.0.0.2")
    assert await tls_outcome(tmp_path, good, wrong) == (PERSON, 0), "unknown authority"
    assert await tls_outcome(tmp_path, wrong, wrong) == (PERSON, 0), "another's name"


async def test_a_platform_may_ask_for_our_certificate(tmp_path: Path) -> None:
    good, ours = certificate(tmp_path, "IP:127.0.0.1"), certificate(tmp_path, "DNS:gateway")
    done, seen = await tls_outcome(tmp_path, good, good, client=ours, ask=ours)
    assert done == DONE
    assert seen > 0
    done, seen = await tls_outcome(tmp_path, good, good, ask=ours)
    assert done in (FOR_EVER, PERSON)
    assert seen == 0


async def test_a_missing_certificate_file_is_told_and_stops_nobody(tmp_path: Path) -> None:
    done, failure = await outcome("https://127.0.0.1:9/in", tmp_path, ca="none.pem")
    assert done == PERSON
    assert "certificates cannot be read" in str(failure)
