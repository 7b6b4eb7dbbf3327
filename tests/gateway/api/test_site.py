"""The site's files over HTTP, on a real workshop with a real store and a real site on disk."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.load import load
from config.schema import Config
from gateway.store import Store, StoreSpec
from gateway.workshop import Workshop
from tests.gateway.api.client import Answer, Client, serving
from tests.gateway.api.desk_fixture import make_desk

RULES = """rules:
  # bins fill faster in summer
  - id: bin-full
    kind: threshold
    incident: overflowing_bin
    select: {quantity: fill_level}
    above: 90
"""
FILE = "/api/v1/site/files/rules/waste.yaml"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    site = tmp_path / "site"
    (site / "rules").mkdir(parents=True)
    (site / "gateway.yaml").write_text("site: {id: demo}\n")
    (site / "devices.yaml").write_text("devices: []\n")
    (site / "cameras.yaml").write_text("cameras: []\n")
    (site / "rules/waste.yaml").write_text(RULES)

    async def apply(config: Config) -> tuple[str, ...]:
        return ()

    desk, store = make_desk(tmp_path), Store.open(tmp_path / "linli.db", StoreSpec())
    try:
        shop = Workshop(load(site), store.revisions, desk.clock, desk.health, apply)
        async with serving(replace(desk, workshop=shop)) as client:
            yield client
    finally:
        store.close()


async def put(client: Client, text: str, who: str = "omar", **more: Any) -> Answer:
    return await client.ask("PUT", FILE, who, data=json.dumps({"text": text} | more).encode())


async def test_a_change_is_in_the_file_and_among_the_revisions(client: Client) -> None:
    was = (await client.ask("GET", FILE, "omar")).json()
    assert was == {"file": "rules/waste.yaml", "text": RULES, "revision": 0}
    made = await put(client, RULES.replace("90", "80"), why="summer")
    assert made.status == 200, made.json()
    assert (made.json()["who"], made.json()["why"], made.json()["restart"]) == (
        "omar",
        "summer",
        [],
    )
    now = (await client.ask("GET", FILE, "omar")).json()
    assert (now["text"], now["revision"]) == (RULES.replace("90", "80"), made.json()["id"])
    (one,) = (await client.ask("GET", "/api/v1/revisions", "omar")).json()
    opened = (await client.ask("GET", f"/api/v1/revisions/{one['id']}", "omar")).json()
    assert opened["before"] == {"rules/waste.yaml": RULES}
    assert opened["after"] == {"rules/waste.yaml": now["text"]}


async def test_a_wrong_text_changes_nothing_and_names_its_line(client: Client) -> None:
    refused = await put(client, RULES.replace("90", "high"))
    assert refused.status == 422
    (problem,) = refused.json()["problems"]
    assert (problem["file"], problem["line"]) == ("rules/waste.yaml", 7)
    assert (await client.ask("GET", FILE, "omar")).json()["text"] == RULES
    asked = json.dumps({"files": {"rules/waste.yaml": RULES.replace("90", "high")}}).encode()
    found = await client.ask("POST", "/api/v1/site/check", "omar", data=asked)
    assert found.json()["problems"] == [problem]


async def test_who_has_not_seen_the_last_change_is_told_so(client: Client) -> None:
    first = (await put(client, RULES.replace("90", "80"))).json()["id"]
    await put(client, RULES.replace("90", "70"), expect=first)
    late = await put(client, RULES.replace("90", "60"), expect=first)
    assert late.status == 409
    assert "omar" in late.json()["detail"]


async def test_a_change_is_brought_back(client: Client) -> None:
    made = (await put(client, RULES.replace("90", "80"))).json()["id"]
    back = await client.ask("POST", f"/api/v1/revisions/{made}/rollback", "omar", data=b"{}")
    assert back.status == 200
    assert (await client.ask("GET", FILE, "omar")).json()["text"] == RULES
    gone = await client.ask("POST", "/api/v1/revisions/999/rollback", "omar", data=b"{}")
    assert gone.status == 404


@pytest.mark.parametrize(
    "path", ["secrets.yaml", "users.yaml", "data/box.key", "rules/../users.yaml"]
)
async def test_files_with_secrets_are_neither_shown_nor_written(client: Client, path: str) -> None:
    shown = await client.ask("GET", f"/api/v1/site/files/{path.replace('/', '%2F')}", "ada")
    assert shown.status in (404, 422)
    body = json.dumps({"files": {path: "x"}}).encode()
    found = await client.ask("POST", "/api/v1/site/check", "ada", data=body)
    assert "not changed from here" in found.json()["problems"][0]["text"]


async def test_the_gateways_own_file_is_for_administrators(client: Client) -> None:
    body = json.dumps({"text": "site: {id: other}\n"}).encode()
    path = "/api/v1/site/files/gateway.yaml"
    assert (await client.ask("PUT", path, "omar", data=body)).status == 403
    assert (await client.ask("PUT", path, "ada", data=body)).status == 200
