"""POST, GET and DELETE /api/v1/backtests, with the real worker over a real store."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.api.client import Answer, Client, serving
from tests.gateway.api.desk_fixture import keep_past, make_desk

PATH = "/api/v1/backtests"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with serving(await keep_past(make_desk(tmp_path, devices=42))) as client:
        yield client


async def begin(client: Client, who: str = "omar", **body: Any) -> Answer:
    return await client.ask("POST", PATH, who, data=json.dumps({"rule": "too-warm"} | body))


async def ended(client: Client, id: str) -> Any:
    async with asyncio.timeout(60):
        while found := (await client.ask("GET", f"{PATH}/{id}", "vera")).json():
            assert 0 <= found["progress"] <= 1
            if found["state"] != "running":
                return found
            await asyncio.sleep(0.05)


async def test_a_sweep_is_run_beside_the_gateway(client: Client) -> None:
    answer = await begin(client, set={"above": "60:70:5", "for": ["5m", "10m"]})
    assert answer.status == 202
    assert answer.headers["Location"] == f"{PATH}/{answer.json()['id']}"
    found = await ended(client, answer.json()["id"])
    assert (found["state"], found["progress"], found["rule"]) == ("done", 1.0, "too-warm")
    told = {v["label"]: v["incidents"] for v in found["result"]["variants"]}
    assert len(told) == 7
    # The course of `desk_fixture` rises above 66 on each of three days, at two sensors.
    assert told["as it is"] == told["above=65 for=10m"] == 6
    assert found["result"]["readings"] == 2 * 3 * 288


async def test_one_at_a_time_and_it_can_be_cancelled(client: Client) -> None:
    first = (await begin(client, set={"above": "61:70:0.1"})).json()["id"]
    assert (await begin(client)).status == 409
    assert (await client.ask("DELETE", f"{PATH}/{first}", "omar")).status == 204
    assert (await ended(client, first))["state"] == "cancelled"
    second = await begin(client)
    assert (await ended(client, second.json()["id"]))["state"] == "done"
    assert (await client.ask("DELETE", f"{PATH}/{second.json()['id']}", "omar")).status == 204
    assert (await client.ask("GET", f"{PATH}/{second.json()['id']}", "vera")).status == 404


async def test_a_server_that_stops_ends_what_runs(tmp_path: Path) -> None:
    async with serving(await keep_past(make_desk(tmp_path, devices=42))) as client:
        id = (await begin(client, set={"above": "61:70:0.1"})).json()["id"]
        jobs = client.app.state.backtests
    assert jobs.find(id).state == "cancelled"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"rule": "none"}, 404, "no such rule"),
        ({"set": {"abov": 3}}, 400, "'abov' is not known"),
        ({"set": {"above": "1:9999999:1"}}, 400, "step must be greater"),
        ({"from": 20, "to": 10}, 400, "before"),
        ({"sett": {}}, 400, "sett"),
    ],
)
async def test_what_cannot_be_judged_is_said(
    client: Client, body: dict[str, Any], status: int, words: str
) -> None:
    answer = await begin(client, **body)
    assert answer.status == status
    assert words in answer.json()["detail"]


async def test_viewers_look_and_do_not_begin(client: Client) -> None:
    assert (await begin(client, "vera")).status == 403
    assert (await client.ask("GET", f"{PATH}/none", "vera")).status == 404
    assert (await client.ask("DELETE", f"{PATH}/none", "omar")).status == 404
