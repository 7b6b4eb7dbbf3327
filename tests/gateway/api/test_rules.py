"""GET and POST /api/v1/rules, over a real store with three days in it."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from gateway import trial_desk
from gateway.api.desk import Desk
from gateway.trials import Outcome, Trial
from rules.expression import Expression
from rules.kinds.when import When
from tests.gateway.api.client import Answer, Client, serving
from tests.gateway.api.desk_fixture import DAY, NOW, FakeStore, keep_past, make_desk


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    return await keep_past(make_desk(tmp_path, devices=42))


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    async with serving(desk) as client:
        yield client


async def tried(client: Client, body: Any, rule: str = "too-warm", who: str = "omar") -> Answer:
    data = json.dumps(body).encode()
    return await client.ask("POST", f"/api/v1/rules/{rule}/try", who, data=data)


async def test_rules_are_told_in_the_language_that_is_asked_for(client: Client) -> None:
    listed = (await client.ask("GET", "/api/v1/rules", "vera")).json()
    assert [rule["id"] for rule in listed] == [
        "too-warm",
        "device_silent-rule",
        "waste_dumped-rule",
    ]
    assert listed[0]["sentence"] == (
        "Devices tagged air: temperature above 66 °C, for 10 min. Over once below 60 °C."
    )
    assert listed[0]["for"] == 600_000
    chinese = (await client.ask("GET", "/api/v1/rules?language=zh", "vera")).json()
    assert chinese[0]["sentence"].startswith("标签为 air 的设备：温度高于 66 °C，持续 10 分钟。")
    assert (await client.ask("GET", "/api/v1/rules?language=xx", "vera")).status == 400


async def test_last_weeks_incidents_and_false_alarms_are_counted(
    client: Client, desk: Desk
) -> None:
    async def week() -> dict[str, Any]:
        listed = (await client.ask("GET", "/api/v1/rules", "vera")).json()
        return {rule["id"]: rule["week"] for rule in listed}

    assert (await week())["waste_dumped-rule"] == {"incidents": 2, "false_alarms": 1}
    assert isinstance(desk.store, FakeStore)
    versions = desk.store.versions["inc-0050"]
    versions[-1] = replace(versions[-1], opened_at=NOW - 8 * DAY)
    assert (await week())["waste_dumped-rule"] == {"incidents": 1, "false_alarms": 0}


async def test_a_rule_tells_what_can_be_tried_and_on_whom(client: Client) -> None:
    page = (await client.ask("GET", "/api/v1/rules/too-warm", "vera")).json()
    assert [p["name"] for p in page["parameters"]] == [
        "above", "clear_below", "for", "keep_for", "cooldown",
    ]  # fmt: skip
    assert page["quantities"] == ["temperature"]
    assert page["units"] == {"temperature": "Cel"}
    assert "air-01" in page["devices"]
    assert "bin-01" not in page["devices"]
    seen = (await client.ask("GET", "/api/v1/rules/waste_dumped-rule", "vera")).json()
    assert seen["devices"] == []
    assert (await client.ask("GET", "/api/v1/rules/none", "vera")).status == 404


async def test_old_and_new_values_are_judged_over_the_same_past(client: Client) -> None:
    span = {"from": NOW - 3 * DAY, "to": NOW, "device": "air-01"}
    answer = await tried(client, {"set": {"above": 200}, **span})
    assert answer.status == 200
    found = answer.json()
    assert found["readings"] == 3 * 288
    assert found["old"]["incidents"] == len(found["old"]["spans"]) == sum(found["old"]["per_day"])
    assert found["old"]["incidents"] >= 3
    assert found["new"]["incidents"] == 0
    assert len(found["days"]) == len(found["old"]["per_day"]) == 4, "three times midnight"
    same = (await tried(client, {"set": {}, **span})).json()
    assert same["old"] == same["new"] == found["old"]
    both = (await tried(client, {"set": {}, **span, "device": ""})).json()
    assert both["old"]["incidents"] == 2 * found["old"]["incidents"]


async def test_values_that_belong_together_can_be_moved_past_each_other(client: Client) -> None:
    assert (
        await tried(client, {"set": {"above": 50, "clear_below": 40, "for": "1m"}})
    ).status == 200


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"set": {"above": 50}}, "clear_below must not be greater than above"),
        ({"set": {"title": 1}}, "title cannot be tried"),
        ({"set": {"for": "soon"}}, "is not a duration"),
        ({"set": {}, "device": "bin-01"}, "does not judge that device"),
        ({"set": {}, "from": NOW - 40 * DAY}, "at most 31 days"),
        ({"set": {}, "from": NOW, "to": NOW}, "from has to be before to"),
        ({"set": {"above": None}}, "Expected"),
        ({}, "missing required field"),
    ],
)
async def test_what_cannot_be_tried_is_said(client: Client, body: Any, told: str) -> None:
    answer = await tried(client, body)
    assert answer.status == 400
    assert told in answer.json()["detail"]


async def test_without_a_past_nothing_can_be_tried(tmp_path: Path) -> None:
    async with serving(make_desk(tmp_path, devices=42)) as client:
        assert (await tried(client, {"set": {}})).status == 409


async def test_one_trial_at_a_time(client: Client) -> None:
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(tried(client, {"set": {}})) for _ in range(3)]
    answers = [task.result() for task in asked]
    assert sorted(a.status for a in answers) == [200, 429, 429]
    assert (await tried(client, {"set": {}})).status == 200


async def test_a_trial_that_takes_too_long_is_given_up(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(trial_desk, "SECONDS", 0.0)
        assert (await tried(client, {"set": {}})).status == 504
    assert (await tried(client, {"set": {}})).status == 200


async def test_a_process_that_dies_is_started_again(client: Client) -> None:
    assert (await tried(client, {"set": {}})).status == 200
    client.app.state.trials._process.kill()
    await client.app.state.trials._process.wait()
    assert (await tried(client, {"set": {}})).status == 200


async def test_a_past_that_cannot_be_read_is_said(client: Client, desk: Desk) -> None:
    assert desk.history
    desk.history.write_bytes(b"no database" * 1000)
    assert (await tried(client, {"set": {}})).status == 503


async def test_expressions_reach_the_other_process(client: Client, desk: Desk) -> None:
    rule = When(id="hot", incident="climate", when=Expression("temperature > 66.0"))
    zone = ZoneInfo("Asia/Shanghai")
    past = desk.history or Path()
    trial = Trial(past, rule, rule, [], {}, zone, NOW - DAY, NOW, "air-01")
    outcome = await client.app.state.trials.judge(trial)
    assert isinstance(outcome, Outcome)
    assert outcome.old.incidents > 0
