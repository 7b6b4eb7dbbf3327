"""Rules on trial by HTTP: begun, looked at, put in force, let go."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.api.desk import Desk
from gateway.model import Reason, Signal
from tests.gateway.api.client import Answer, Client, serving
from tests.gateway.api.desk_fixture import MINUTE, NOW, make_desk
from tests.gateway.api.rule_shop import RULES, Shop, with_shop


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return with_shop(make_desk(tmp_path))[0]


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    async with serving(desk) as client:
        yield client


async def ask(client: Client, method: str, path: str, who: str = "omar", **body: Any) -> Answer:
    data = json.dumps(body).encode() if method != "GET" else None
    return await client.ask(method, f"/api/v1/rules/too-warm{path}", who, data=data)


def shop(desk: Desk) -> Shop:
    assert isinstance(desk.workshop, Shop)
    return desk.workshop


async def begin(client: Client, above: int = 70) -> None:
    made = await ask(client, "PUT", "", set={"above": above}, why="try it", shadow=True)
    assert (made.status, made.json()["files"]) == (200, ["shadow.yaml"])


async def test_a_trial_changes_nothing_of_the_rule(client: Client, desk: Desk) -> None:
    await begin(client)
    assert await shop(desk).text("rules/climate.yaml") == RULES
    assert "    above: 70  # since May\n" in await shop(desk).text("shadow.yaml")
    await begin(client, 75)
    text = await shop(desk).text("shadow.yaml")
    assert (text.count("too-warm"), text.count("above: 75")) == (1, 1)


async def test_both_are_shown_since_the_trial_began(client: Client, desk: Desk) -> None:
    assert (await ask(client, "GET", "/shadow")).json() == {
        "since": None,
        "live": [],
        "shadow": [],
    }
    await begin(client)
    store: Any = desk.store
    at = NOW + MINUTE
    store.shadows.signals = [
        Signal("too-warm", "air-01", True, NOW - MINUTE, NOW),
        Signal("too-warm", "air-01", True, at, at, (Reason("71 °C"),)),
        Signal("too-warm", "air-02", True, at + 1, at),
        Signal("too-warm", "air-01", False, at + MINUTE, at),
    ]
    found = (await ask(client, "GET", "/shadow")).json()
    assert found["since"] == NOW + 1
    assert found["shadow"] == [
        {"key": "air-02", "opened": at + 1, "closed": None, "why": ""},
        {"key": "air-01", "opened": at, "closed": at + MINUTE, "why": "71 °C"},
    ]


async def test_the_form_on_trial_takes_the_rules_place_in_one_change(
    client: Client, desk: Desk
) -> None:
    await begin(client)
    made = await ask(client, "POST", "/promote", why="it is better")
    assert made.json()["files"] == ["rules/climate.yaml", "shadow.yaml"]
    assert await shop(desk).text("rules/climate.yaml") == RULES.replace("66 ", "70 ")
    assert await shop(desk).text("shadow.yaml") == ""
    assert (await ask(client, "POST", "/promote")).status == 409
    audit: Any = desk.audit
    assert [e.what for e in await audit.entries()] == ["rule.promote", "rule.shadow"]
    versions = (await ask(client, "GET", "/versions")).json()
    assert [v["why"] for v in versions] == ["it is better", ""]


async def test_a_trial_that_is_let_go_leaves_the_rule(client: Client, desk: Desk) -> None:
    assert (await ask(client, "POST", "/discard")).status == 409
    await begin(client)
    assert (await ask(client, "POST", "/discard", why="no better")).status == 200
    assert await shop(desk).text("shadow.yaml") == ""
    assert await shop(desk).text("rules/climate.yaml") == RULES


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/shadow"), ("POST", "/promote"), ("POST", "/discard")]
)
async def test_who_may_only_look_may_not(client: Client, method: str, path: str) -> None:
    assert (await ask(client, method, path, "vera")).status == 403
