"""GET, POST and DELETE /api/v1/silences, on a site that remembers what it is told."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config.located import Problem, parse
from gateway import silencing
from gateway.api.desk import Desk
from gateway.revising import Unfit
from tests.gateway.api.client import Answer, Client, serving
from tests.gateway.api.desk_fixture import NOW, make_desk

HOUR = 3_600_000


class Shop:
    """Applies what is saved to the desk's configuration, as the workshop does."""

    def __init__(self, config: SimpleNamespace) -> None:
        self.config, self.file, self.saved = config, "", list[tuple[str, str]]()
        self.problems: list[str] = []

    async def text(self, file: str) -> str:
        assert file == silencing.FILE
        return self.file

    async def check(self, files: Mapping[str, str]) -> Sequence[object]:
        return self.problems

    async def save(
        self, files: Mapping[str, str], who: str, why: str, expect: int | None = None
    ) -> object:
        if self.problems:
            raise Unfit([Problem(silencing.FILE, 1, what) for what in self.problems])
        (self.file,) = files.values()
        self.saved.append((who, why))
        listed = parse(self.file, silencing.FILE).value["silences"]
        self.config.silences = tuple(map(silencing.spec, listed))
        return None


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = make_desk(tmp_path)
    return replace(made, workshop=Shop(made.config))  # type: ignore[arg-type]  # its own config


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    async with serving(desk) as client:
        yield client


async def post(client: Client, who: str = "omar", **body: Any) -> Answer:
    data = json.dumps({"id": "works", "reason": "道路施工"} | body).encode()
    return await client.ask("POST", "/api/v1/silences", who, data=data)


async def listed(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.ask("GET", "/api/v1/silences", "vera")).json()
    return found


async def test_a_silence_is_laid_shown_and_lifted(client: Client, desk: Desk) -> None:
    made = await post(client, rules=["hot*"], until=NOW + HOUR)
    assert made.status == 201
    (one,) = await listed(client)
    assert one == made.json()
    assert (one["owner"], one["active"], one["ends"]) == ("omar", True, NOW + HOUR)
    assert (one["rules"], one["from"], one["until"]) == (["hot*"], None, NOW + HOUR)
    assert (await client.ask("DELETE", "/api/v1/silences/works", "omar")).status == 204
    assert await listed(client) == []
    assert (await client.ask("DELETE", "/api/v1/silences/works", "omar")).status == 404
    shop: Any = desk.workshop
    assert [who for who, _ in shop.saved] == ["omar", "omar"]


async def test_maintenance_comes_again_in_local_time(client: Client) -> None:
    assert (
        await post(client, every="sun 02:00-04:00", **{"from": "2026-01-01 08:00"})
    ).status == 201
    (one,) = await listed(client)
    assert one["hours"]
    assert one["until"] is None
    assert one["from"] == 1_767_225_600_000


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "until: say when it ends"),
        ({"until": "soon"}, "is no time"),
        ({"until": NOW, "reason": ""}, "length >= 1"),
        ({"every": "25:00"}, "are no hours"),
        ({"until": NOW, "id": "a b"}, "matching regex"),
        ({"until": NOW, "colour": "red"}, "unknown field"),
    ],
)
async def test_what_is_wrong_is_said(client: Client, body: dict[str, Any], said: str) -> None:
    answer = await post(client, **body)
    assert answer.status == 400
    assert said in answer.json()["detail"]


async def test_one_of_that_id_is_not_written_over(client: Client) -> None:
    assert (await post(client, until=NOW + HOUR)).status == 201
    assert (await post(client, until=NOW + 2 * HOUR)).status == 409


async def test_what_the_site_would_refuse_is_not_saved(client: Client, desk: Desk) -> None:
    shop: Any = desk.workshop
    shop.problems = ["there is no rule 'hot'"]
    answer = await post(client, until=NOW + HOUR, rules=["hot"])
    assert (answer.status, shop.saved) == (422, [])
    assert "there is no rule" in answer.json()["detail"]


async def test_who_may_only_look_may_not_silence(client: Client) -> None:
    assert (await post(client, "vera", until=NOW + HOUR)).status == 403


def test_the_file_is_read_as_the_site_reads_it() -> None:
    entry = {"id": "a", "until": "2026-05-01T22:00:00", "owner": "no", "reason": "22:00"}
    text = silencing.added("", entry)
    (found,) = parse(text, "silences.yaml").value["silences"]
    assert found == entry
    assert silencing.entries(silencing.removed(text, "a")) == []
