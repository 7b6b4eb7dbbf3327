"""Evidence: with a login, with a link, and never anything else of the disk."""

import pytest

from gateway import links
from gateway.api.desk import Desk
from tests.gateway.api.client import Client
from tests.gateway.api.desk_fixture import NOW, FakeClock, FakeStore


@pytest.fixture
def sha(desk: Desk) -> str:
    assert isinstance(desk.store, FakeStore)
    return desk.store.versions["inc-0000"][-1].evidence[0].sha256


def link(desk: Desk, sha: str, expires: int = NOW + 1000) -> str:
    return links.link("", desk.link_key, sha, expires)


async def test_with_a_login(client: Client, sha: str) -> None:
    answer = await client.ask("GET", f"/evidence/{sha}.jpg", "vera")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.body[:3] == b"\xff\xd8\xff"


async def test_with_a_link_until_it_expires(client: Client, desk: Desk, sha: str) -> None:
    assert (await client.ask("GET", link(desk, sha))).status == 200
    assert isinstance(desk.clock, FakeClock)
    desk.clock.time += 1000
    assert (await client.ask("GET", link(desk, sha))).status == 403


async def test_without_either(client: Client, desk: Desk, sha: str) -> None:
    good = link(desk, sha)
    for path in (
        f"/evidence/{sha}.jpg",
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good.replace(str(NOW + 1000), str(NOW + 9000)),
        link(desk, "0" * 64).replace("0" * 64, sha),
        f"/evidence/{sha}.jpg?expires=9999999999999&signature=",
    ):
        assert (await client.ask("GET", path)).status == 403, path
    assert (await client.ask("GET", f"/evidence/{sha}.jpg", "station")).status == 403


async def test_what_is_gone_is_not_found(client: Client, desk: Desk) -> None:
    assert (await client.ask("GET", link(desk, "0" * 64))).status == 404


HOSTILE = [
    "/evidence/../users.yaml",
    "/evidence/..%2f..%2fusers.yaml",
    "/evidence/..%2f..%2f..%2fusers.yaml.jpg",
    "/evidence/%2e%2e/%2e%2e/users.yaml",
    "/evidence/....//....//users.yaml.jpg",
    "/evidence/..%5c..%5cusers.yaml.jpg",
    "/evidence/%252e%252e%252fusers.yaml.jpg",
    "/evidence//etc/passwd.jpg",
    "/evidence/%00.jpg",
    "/evidence/" + "A" * 64 + ".jpg",
    "/evidence/" + "0" * 63 + ".jpg",
    "/evidence/" + "0" * 65 + ".jpg",
    "/evidence/" + "0" * 64 + "%0a.jpg",
    "/evidence/" + "０" * 64 + ".jpg",
    "/console/../../users.yaml",
    "/console/x/..%2f..%2f..%2fusers.yaml",
    "/console/x/%2e%2e/app.py",
    "/api/v1/cameras/..%2f..%2fusers.yaml/picture.jpg",
]


@pytest.mark.parametrize("path", HOSTILE)
async def test_no_path_leads_elsewhere(client: Client, path: str) -> None:
    answer = await client.ask("GET", path, "ada")
    assert answer.status in (400, 404)
    assert b"scrypt" not in answer.body
    assert b"root:" not in answer.body
