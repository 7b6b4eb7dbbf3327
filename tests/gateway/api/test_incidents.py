"""What people decide about incidents, by HTTP."""

import pytest

from gateway.api.desk import Desk
from gateway.model import Action
from tests.gateway.api.client import Client
from tests.gateway.api.desk_fixture import NOW, FakeInbox


async def decide(client: Client, id: str, deed: str, note: str = "", who: str = "omar") -> int:
    answer = await client.ask("POST", f"/api/v1/incidents/{id}/{deed}", who, json={"note": note})
    return answer.status


def actions(desk: Desk) -> list[Action]:
    assert isinstance(desk.inbox, FakeInbox)
    return [item for item in desk.inbox.items if isinstance(item, Action)]


async def test_lists_open_ones_the_newest_first_and_pages_back(client: Client) -> None:
    listed = (await client.ask("GET", "/api/v1/incidents", "vera")).json()
    assert [i["id"] for i in listed] == ["inc-0000", "inc-0001", "inc-0002", "inc-0004"]
    every = (await client.ask("GET", "/api/v1/incidents?all=true&limit=4", "vera")).json()
    before = every[-1]["opened_at"]
    older = await client.ask("GET", f"/api/v1/incidents?all=true&before={before}", "vera")
    assert [i["id"] for i in older.json()] == ["inc-0030", "inc-0050"]
    void = (await client.ask("GET", "/api/v1/incidents?status=void", "vera")).json()
    assert [i["id"] for i in void] == ["inc-0050"]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "status=king", "before=-1"])
async def test_says_what_is_wrong_with_a_question(client: Client, query: str) -> None:
    answer = await client.ask("GET", f"/api/v1/incidents?{query}", "vera")
    assert answer.status == 400
    assert query.partition("=")[0] in answer.json()["detail"]


async def test_a_life(client: Client, desk: Desk) -> None:
    for deed in ("acknowledge", "in_progress", "resolve", "reopen"):
        assert await decide(client, "inc-0000", deed) == 200
    assert await decide(client, "inc-0000", "void", "a shadow") == 200
    history = (await client.ask("GET", "/api/v1/incidents/inc-0000", "vera")).json()
    assert [v["status"] for v in history["versions"]] == [
        "open", "acknowledged", "in_progress", "resolved", "reopened", "void",
    ]  # fmt: skip
    last = actions(desk)[-1]
    assert (last.who, last.note, last.phase, last.at) == ("omar", "a shadow", "void", NOW)


@pytest.mark.parametrize(
    ("id", "deed", "note", "status"),
    [
        ("inc-0000", "reopen", "", 409),
        ("inc-0001", "acknowledge", "", 409),
        ("inc-0030", "resolve", "", 409),
        ("inc-0030", "acknowledge", "", 409),
        ("inc-0000", "void", "", 400),
        ("inc-0000", "void", "   ", 400),
        ("inc-0000", "delete", "", 400),
        ("nothing", "resolve", "", 404),
        ("inc-0000", "acknowledge", "x" * 2001, 400),
    ],
)
async def test_what_cannot_be_is_refused_and_does_nothing(
    client: Client, desk: Desk, id: str, deed: str, note: str, status: int
) -> None:
    assert await decide(client, id, deed, note) == status
    assert actions(desk) == []


async def test_the_name_is_the_callers_whatever_the_body_says(client: Client, desk: Desk) -> None:
    path = "/api/v1/incidents/inc-0000/acknowledge"
    answer = await client.ask("POST", path, "omar", json={"note": "", "who": "ada"})
    assert answer.status == 400
    assert actions(desk) == []
