import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from aiohttp import web
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from jsonschema import Draft7Validator, FormatChecker, ValidationError
from msgspec.structs import replace

from gateway.clock import SystemClock
from gateway.events import event
from gateway.model import Phase, Severity
from gateway.sinks.cloud_events import CloudEvents
from gateway.webhooks import WebhookSecret
from tests.contracts.facts import EVIDENCE, NOON, envelope, surroundings

SECRET = "whsec_" + b64encode(b"s" * 32).decode()
OLD = "whsec_" + b64encode(b"o" * 32).decode()


class Received:
    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[str, Received]]:
    received = Received()

    async def take(request: web.Request) -> web.Response:
        received.requests.append((dict(request.headers), await request.read()))
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/in", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/in", received
    finally:
        await runner.cleanup()


async def sent(tmp_path: Path, **more: Any) -> tuple[dict[str, str], bytes]:
    async with receiver() as (url, received):
        spec = CloudEvents(id="city", url=url, **more)
        async with spec.open(surroundings(tmp_path)) as sink:
            await sink.send(envelope("i-1", 3, "resolved", evidence=(EVIDENCE,)))
    (request,) = received.requests
    return request


async def test_the_official_library_reads_the_event(tmp_path: Path) -> None:
    headers, body = await sent(tmp_path)
    read = from_http_event(HTTPMessage(headers, body))
    assert read.get_id() == "i-1-3"
    assert read.get_source() == "urn:linli:east"
    assert read.get_type() == "org.linli.incident.resolved.v1"
    assert read.get_subject() == "i-1"
    assert read.get_time() == datetime.fromtimestamp(NOON / 1000 + 0.003, UTC)
    assert read.get_extension("severitytext") == "WARN"
    assert read.get_extension("severitynumber") == 13
    data = read.get_data()
    assert data["title"] == "3 号桶满了 <Bin 3 is full>"
    assert data["place"]["codes"] == [{"scheme": "cn-unit-grid", "value": "110101001001001"}]
    assert data["reasons"][0]["value"] == 0.97
    assert data["evidence"][0]["sha256"] == EVIDENCE.sha256


SCHEMA = Path(__file__).parents[4] / "shared" / "data" / "schemas" / "cloudevents.json"


@pytest.mark.parametrize("phase", get_args(Phase))
@pytest.mark.parametrize("severity", get_args(Severity))
def test_the_official_schema_takes_every_event(phase: Phase, severity: Severity) -> None:
    if not SCHEMA.exists():
        pytest.skip("the schema of CloudEvents lies beside the repository, in shared/data/schemas")
    told = envelope("i-1", 3, phase, evidence=(EVIDENCE,))
    told = replace(told, incident=replace(told.incident, severity=severity))
    schema = Draft7Validator(json.loads(SCHEMA.read_text()), format_checker=FormatChecker())
    made = event(told, surroundings(Path()))
    schema.validate(json.loads(json.dumps(made)))
    with pytest.raises(ValidationError):
        schema.validate({**made, "source": ""})
    assert all(name.islower() and name.isalnum() and len(name) <= 20 for name in made)


async def test_the_signature_is_what_standard_webhooks_say(tmp_path: Path) -> None:
    headers, body = await sent(tmp_path, secret=WebhookSecret.parse(f"{SECRET} {OLD}"))
    assert headers["webhook-id"] == "i-1-3"
    assert headers["webhook-timestamp"] == str(NOON // 1000)
    signed = b"i-1-3." + str(NOON // 1000).encode() + b"." + body
    wanted = [
        "v1," + b64encode(hmac.new(b64decode(s[6:]), signed, hashlib.sha256).digest()).decode()
        for s in (SECRET, OLD)
    ]
    assert headers["webhook-signature"].split(" ") == wanted


async def test_the_official_webhook_library_accepts_it(tmp_path: Path) -> None:
    standardwebhooks = pytest.importorskip(
        "standardwebhooks", reason="the reference library is not installed"
    )
    around = surroundings(tmp_path)
    around.clock.at = SystemClock().now()  # the library asks the wall clock
    async with receiver() as (url, received):
        spec = CloudEvents(id="city", url=url, secret=WebhookSecret.parse(SECRET))
        async with spec.open(around) as sink:
            await sink.send(envelope())
    ((headers, body),) = received.requests
    assert standardwebhooks.Webhook(SECRET).verify(body, headers)["id"] == "i-1-0"
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(OLD).verify(body, headers)


async def test_token_and_headers_go_with_each_event(tmp_path: Path) -> None:
    headers, _ = await sent(tmp_path, token="t0ken", headers={"X-Tenant": "east"})
    assert headers["Authorization"] == "Bearer t0ken"
    assert headers["X-Tenant"] == "east"
    assert headers["Content-Type"] == "application/cloudevents+json; charset=utf-8"
    assert headers["Accept-Encoding"] == "identity"


def test_the_documented_event_is_what_is_sent(tmp_path: Path) -> None:
    told = event(envelope(evidence=(EVIDENCE,)), surroundings(tmp_path))
    docs = (Path(__file__).parents[3] / "docs/platforms.md").read_text()
    shown = docs.split("```json\n")[1].split("```")[0]
    assert json.loads(shown) == json.loads(json.dumps(told))


def test_an_event_stays_below_64_kib(tmp_path: Path) -> None:
    large = envelope(evidence=(EVIDENCE,) * 12)
    incident = type(large.incident)(
        **{name: getattr(large.incident, name) for name in large.incident.__struct_fields__}
        | {"reasons": large.incident.reasons * 500, "devices": ("d" * 64,) * 5000}
    )
    huge = type(large)(large.id, large.sink, large.phase, incident)
    body = json.dumps(event(huge, surroundings(tmp_path)))
    assert len(body) < 64 * 1024


@pytest.mark.parametrize("text", ["", "hunter2", "whsec_", "whsec_%%%", "whsec_c2hvcnQ=", 7, None])
def test_a_secret_that_is_none_is_told_at_once(text: object) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        WebhookSecret.parse(text)


def test_a_secret_is_not_shown_by_accident() -> None:
    assert "s" * 8 not in repr(WebhookSecret.parse(SECRET))


def test_a_secret_that_is_read_again_is_the_same() -> None:
    assert WebhookSecret.parse(SECRET) == WebhookSecret.parse(SECRET)
    assert WebhookSecret.parse(SECRET) != WebhookSecret.parse(OLD)
