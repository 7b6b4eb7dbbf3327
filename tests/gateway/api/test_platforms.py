"""The way back: what platforms post, and what an operator does with what they refused."""

import dataclasses
import json
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.api.desk import Desk
from gateway.model import Answer
from gateway.sinks.cloud_events import CloudEvents
from gateway.webhooks import WebhookSecret
from tests.gateway.api.client import Client

SECRET = "whsec_" + "c2VjcmV0" * 4
PATH = "/api/v1/platforms/city/answers"
SAID = {"incident": "inc-0000", "state": "assigned", "reference": "SR-17", "text": "street 7"}


@pytest.fixture
def desk(desk: Desk) -> Desk:
    def sink(id: str, secret: WebhookSecret | None) -> CloudEvents:
        return CloudEvents(id=id, url="http://platform.invalid/", answers=secret)

    sinks = [sink("city", WebhookSecret.parse(SECRET)), sink("webhook", None)]
    return dataclasses.replace(
        desk, config=SimpleNamespace(**{**vars(desk.config), "sinks": sinks})
    )


def post(desk: Desk, said: Any, *, id: str = "msg-1", late: int = 0) -> dict[str, Any]:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    headers = WebhookSecret.parse(SECRET).headers(id, desk.clock.now() - late, body)
    return {"headers": headers | {"Origin": None}, "data": body}


def answers(desk: Desk) -> list[Answer]:
    items = desk.inbox.items  # type: ignore[attr-defined] - the fake
    return [item for item in items if isinstance(item, Answer)]


async def test_a_signed_answer_reaches_the_spine(client: Client, desk: Desk) -> None:
    assert (await client.ask("POST", PATH, **post(desk, SAID))).status == 204
    assert answers(desk) == [Answer("inc-0000", "city", "assigned", "SR-17", "street 7")]


async def test_it_may_be_a_cloud_event(client: Client, desk: Desk) -> None:
    event = {
        "specversion": "1.0",
        "id": "7",
        "source": "city",
        "type": "org.example.incident.status.v1",
        "subject": "inc-0000",
        "data": {"state": "closed", "text": "emptied"},
    }
    assert (await client.ask("POST", PATH, **post(desk, event))).status == 204
    assert answers(desk) == [Answer("inc-0000", "city", "closed", text="emptied")]


async def test_a_copy_of_a_letter_is_read_once(client: Client, desk: Desk) -> None:
    letter = post(desk, SAID)
    for _ in range(3):
        assert (await client.ask("POST", PATH, **letter)).status == 204
    assert len(answers(desk)) == 1


@pytest.mark.parametrize("late", [-600_000, 600_000])
async def test_an_old_signature_is_none(client: Client, desk: Desk, late: int) -> None:
    assert (await client.ask("POST", PATH, **post(desk, SAID, late=late))).status == 401
    assert answers(desk) == []


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": None},
        {"webhook-id": "msg-2"},
        {"webhook-timestamp": None},
        {"webhook-timestamp": "²"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": None},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,é"},
    ],
)
async def test_what_nobody_signed_is_not_believed(
    client: Client, desk: Desk, change: dict[str, Any]
) -> None:
    letter = post(desk, SAID)
    letter["headers"] |= change
    assert (await client.ask("POST", PATH, **letter)).status == 401
    assert answers(desk) == []


async def test_a_changed_body_is_not_believed(client: Client, desk: Desk) -> None:
    letter = post(desk, SAID)
    letter["data"] = letter["data"].replace(b"street 7", b"street 8")
    assert (await client.ask("POST", PATH, **letter)).status == 401


async def test_a_destination_without_a_secret_hears_nobody(client: Client, desk: Desk) -> None:
    path = "/api/v1/platforms/webhook/answers"
    assert (await client.ask("POST", path, **post(desk, SAID))).status == 401
    assert (await client.ask("POST", path, "ada", data=json.dumps(SAID))).status == 401


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 100_00,
        {"state": "assigned"},
        {"incident": "inc-0000"},
        {"incident": "inc-0000", "state": "resent"},
        {"incident": "inc-0000", "state": "failed"},
        {"incident": "x" * 300, "state": "closed"},
        {"specversion": "1.0", "data": {"state": "closed"}},
    ],
)
async def test_what_cannot_be_read_is_said_so(client: Client, desk: Desk, said: Any) -> None:
    assert (await client.ask("POST", PATH, **post(desk, said))).status == 400
    assert answers(desk) == []


async def test_an_answer_to_nothing_is_told_so(client: Client, desk: Desk) -> None:
    said = SAID | {"incident": "inc-9999"}
    assert (await client.ask("POST", PATH, **post(desk, said))).status == 404


async def test_a_huge_letter_is_not_read(client: Client, desk: Desk) -> None:
    said = SAID | {"text": "x" * 100_000}
    assert (await client.ask("POST", PATH, **post(desk, said))).status == 413


def refuse(desk: Desk, *answers: Answer) -> None:
    versions = desk.store.versions["inc-0030"]  # type: ignore[attr-defined] - the fake
    versions[-1] = replace(versions[-1], answers=answers)


async def test_what_was_refused_is_listed_and_sent_again(client: Client, desk: Desk) -> None:
    no = Answer("inc-0030", "city", "failed", text="400: unknown grid", at=5)
    refuse(desk, Answer("inc-0030", "webhook", "accepted"), no)
    listed = (await client.ask("GET", "/api/v1/platforms/refused", "vera")).json()
    assert [(one["incident"]["id"], one["answer"]["text"]) for one in listed] == [
        ("inc-0030", "400: unknown grid")
    ]
    path = "/api/v1/platforms/city/incidents/inc-0030/resend"
    body = b'{"note":"grid corrected"}'
    assert (await client.ask("POST", path, "omar", data=body)).status == 204
    assert answers(desk) == [Answer("inc-0030", "city", "resent", text="omar: grid corrected")]
    assert await desk.store.outbox.dead("city") == []


async def test_only_what_was_refused_is_sent_again(client: Client, desk: Desk) -> None:
    refuse(desk, Answer("inc-0030", "city", "rejected"), Answer("inc-0030", "city", "resent"))
    for id, status in (("inc-0030", 409), ("inc-0000", 409), ("inc-9999", 404)):
        path = f"/api/v1/platforms/city/incidents/{id}/resend"
        assert (await client.ask("POST", path, "omar", data=b"{}")).status == status
    assert (await client.ask("GET", "/api/v1/platforms/refused", "vera")).json() == []
