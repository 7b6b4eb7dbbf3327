"""Rules as text by HTTP, on a site that remembers what it was."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.api.desk import Desk
from tests.gateway.api.client import Answer, Client, serving
from tests.gateway.api.desk_fixture import NOW, make_desk
from tests.gateway.api.rule_shop import OWN, RULES, Shop, with_shop


@pytest.fixture
def both(tmp_path: Path) -> tuple[Desk, Shop]:
    return with_shop(make_desk(tmp_path))


@pytest.fixture
def desk(both: tuple[Desk, Shop]) -> Desk:
    return both[0]


@pytest.fixture
def shop(both: tuple[Desk, Shop]) -> Shop:
    return both[1]


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    async with serving(desk) as client:
        yield client


async def ask(
    client: Client, method: str, path: str, body: Any = None, who: str = "omar"
) -> Answer:
    data = None if body is None else json.dumps(body).encode()
    return await client.ask(method, f"/api/v1/rules{path}", who, data=data)


async def test_a_rule_is_read_as_it_is_written(client: Client) -> None:
    assert (await ask(client, "GET", "/too-warm/yaml")).json() == {"yaml": OWN}
    assert (await ask(client, "GET", "/nobody/yaml")).status == 404
    assert (await ask(client, "GET", "/device_silent-rule/yaml")).status == 409


async def test_fields_change_and_everything_else_of_the_file_stays(
    client: Client, desk: Desk
) -> None:
    body = {"set": {"above": 70, "for": "1200000ms"}, "why": "summer", "shadow": False}
    made = await ask(client, "PUT", "/too-warm", body)
    assert (made.status, made.json()["files"]) == (200, ["rules/climate.yaml"])
    text = (desk.root / "rules" / "climate.yaml").read_text()
    assert text == RULES.replace("66 ", "70 ").replace("10m", "20m")
    audit: Any = desk.audit
    (entry,) = [entry for entry in await audit.entries() if entry.what == "rule.change"]
    assert (entry.who, entry.target, entry.before) == ("omar", "too-warm", OWN)
    assert "above: 70" in entry.after


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"yaml": OWN.replace("66 ", "none ")}, 422, "above: a number"),
        ({"set": {"above": "none"}}, 422, "above: a number"),
        ({"yaml": OWN.replace("too-warm", "new")}, 422, "keeps its id"),
        ({"yaml": "- id: too-warm\n"}, 422, "without a dash"),
        ({"yaml": "id: [\n"}, 422, "no YAML"),
        ({}, 400, "either"),
        ({"yaml": OWN, "set": {}}, 400, "either"),
    ],
)
async def test_what_is_wrong_is_not_written(
    client: Client, shop: Shop, body: Any, status: int, said: str
) -> None:
    answer = await ask(client, "PUT", "/too-warm", body)
    assert (answer.status, shop.made) == (status, [])
    assert said in answer.json()["detail"]


async def test_a_new_rule_gets_a_file_of_its_own(client: Client, shop: Shop) -> None:
    fresh = OWN.replace("too-warm", "hot")
    made = await ask(client, "POST", "", {"yaml": fresh, "why": "asked for"})
    assert (made.status, made.json()["files"]) == (201, ["rules/console.yaml"])
    assert "  - id: hot\n    kind: threshold\n" in await shop.text("rules/console.yaml")
    assert (await ask(client, "POST", "", {"yaml": OWN})).status == 409
    assert (await ask(client, "POST", "", {"yaml": "kind: rate\n"})).status == 422


async def test_problems_are_told_by_the_lines_that_were_sent(client: Client, shop: Shop) -> None:
    async def problems(yaml: str) -> list[dict[str, Any]]:
        answer = await ask(client, "POST", "/check", {"yaml": yaml})
        found: list[dict[str, Any]] = answer.json()["problems"]
        return found

    assert await problems(OWN) == []
    assert await problems(OWN.replace("66 ", "none ")) == [{"line": 5, "text": "above: a number"}]
    fresh = "id: new\nabove: none\n"
    assert await problems(fresh) == [{"line": 2, "text": "above: a number"}]
    (syntax,) = await problems("id: new\nabove: [1\n")
    assert syntax["line"] == 3
    (deep,) = await problems("id: " + "[" * 9000)
    assert "no YAML" in deep["text"]
    assert shop.made == []


async def test_every_text_that_a_rule_had_is_listed_and_the_one_before_comes_back(
    client: Client, shop: Shop
) -> None:
    assert (await ask(client, "GET", "/too-warm/versions")).json() == []
    assert (await ask(client, "POST", "/too-warm/rollback", {})).status == 409
    await ask(client, "PUT", "/too-warm", {"set": {"above": 70}, "why": "summer"})
    await ask(client, "PUT", "/too-warm", {"set": {"above": 75}, "shadow": True})
    await shop.save({"rules/climate.yaml": await shop.text("rules/climate.yaml")}, "x", "same")
    found = (await ask(client, "GET", "/too-warm/versions")).json()
    assert [(v["id"], v["at"], v["who"], v["why"]) for v in found] == [
        (1, NOW + 1, "omar", "summer"),
        (0, None, "disk", ""),
    ]
    assert [v["yaml"] for v in found] == [OWN.replace("66", "70"), OWN]
    assert (await ask(client, "POST", "/too-warm/rollback", {"why": "no"})).status == 200
    assert (await ask(client, "GET", "/too-warm/yaml")).json() == {"yaml": OWN}
    assert len((await ask(client, "GET", "/too-warm/versions")).json()) == 3


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/too-warm/yaml"),
        ("PUT", "/too-warm"),
        ("POST", ""),
        ("POST", "/check"),
        ("GET", "/too-warm/versions"),
        ("POST", "/too-warm/rollback"),
    ],
)
async def test_who_may_only_look_may_not(client: Client, method: str, path: str) -> None:
    assert (await ask(client, method, path, {}, "vera")).status == 403


async def test_a_file_in_brackets_is_changed_as_a_whole(client: Client, desk: Desk) -> None:
    (desk.root / "rules" / "climate.yaml").write_text("rules: [{id: too-warm, above: 1}]\n")
    answer = await ask(client, "PUT", "/too-warm", {"set": {"above": 2}})
    assert answer.status == 422
    assert "as a whole" in answer.json()["detail"]
