"""POST /api/v1/rules/{id}/explain, over a site that the command reads itself."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.api.desk import Desk
from gateway.api.routes import explanations
from tests.gateway.api.client import Answer, Client, serving
from tests.gateway.api.desk_fixture import DAY, NOW, keep_past, make_desk
from tests.gateway.api.rule_shop import RULES

DEVICES = """
devices:
  - {id: air-01, dialect: flat_json, tags: [air]}
  - {id: air-02, dialect: flat_json, tags: [air]}
"""


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "climate.yaml").write_text(RULES)
    (tmp_path / "gateway.yaml").write_text("site: {id: yard}\nsources: []\n")
    (tmp_path / "devices.yaml").write_text(DEVICES)
    (tmp_path / "cameras.yaml").write_text("cameras: []\n")
    return await keep_past(make_desk(tmp_path))


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    async with serving(desk) as client:
        yield client


async def ask(client: Client, rule: str = "too-warm", who: str = "omar", **body: Any) -> Answer:
    data = json.dumps(body).encode()
    return await client.ask("POST", f"/api/v1/rules/{rule}/explain", who, data=data)


async def test_what_kept_a_rule_from_firing_is_told_for_each_key(client: Client) -> None:
    found = await ask(client, at=NOW - DAY)
    assert [one["key"] for one in found.json()] == ["air-01", "air-02"]
    (one,) = (await ask(client, at=NOW - DAY, key="air-02")).json()
    assert (one["rule"], one["open"]) == ("too-warm", False)
    assert one["reasons"][0]["code"] == "none_open"
    assert "last_heard" in [reason["code"] for reason in one["devices"][0]["reasons"]]
    assert (await ask(client, at=NOW - DAY, key="--json")).json() == []


async def test_what_cannot_be_told_is_said(client: Client, desk: Desk) -> None:
    assert (await ask(client, "nobody")).status == 404
    assert (await ask(client, at=-1)).status == 400
    assert (await ask(client, who="vera")).status == 403
    async with explanations._turn:
        assert (await ask(client)).status == 429
    async with serving(replace(desk, history=None)) as without:
        assert (await ask(without)).status == 409


async def test_it_is_given_up_when_it_takes_too_long(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explanations, "SECONDS", 0.01)
    assert (await ask(client)).status == 504
    assert not explanations._turn.locked()
