"""Logging in and out, and guessing, on the real server."""

import json

import pytest

from gateway.api.auth import FILE, read_users, write_users
from gateway.api.desk import Desk
from gateway.api.guard import cookie_name
from tests.gateway.api.client import Answer, Client
from tests.gateway.api.desk_fixture import PASSWORDS, FakeClock


async def login(client: Client, name: str, password: str) -> Answer:
    return await client.ask("POST", "/login", json={"name": name, "password": password})


def cookie_of(client: Client, answer: Answer) -> dict[str, str]:
    name = cookie_name(client.app.state.spec)
    return {"Cookie": f"{name}={answer.headers['Set-Cookie'].split(';')[0].partition('=')[2]}"}


async def test_in_and_out(client: Client) -> None:
    answer = await login(client, "omar", PASSWORDS["omar"])
    assert answer.status == 204
    for word in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"):
        assert word in answer.headers["Set-Cookie"]
    headers = cookie_of(client, answer)
    me = await client.ask("GET", "/api/v1/me", headers=headers)
    assert me.json() == {"name": "omar", "role": "operator"}
    assert (await client.ask("POST", "/logout", headers=headers)).status == 204
    assert (await client.ask("GET", "/api/v1/me", headers=headers)).status == 401


async def test_wrong_name_and_wrong_password_are_told_alike(client: Client) -> None:
    one, two = await login(client, "omar", "x"), await login(client, "nobody", "x")
    assert (one.status, one.body) == (two.status, two.body)
    assert one.status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"name":"omar"}',
        b'{"name":"omar","password":1}',
        b'{"name":"omar","password":"x","role":"admin"}',
        b"\xff\xfe",
        b"[" * 4000,
    ],
)
async def test_strange_bodies_are_told_what_is_wrong(client: Client, body: bytes) -> None:
    answer = await client.ask("POST", "/login", data=body)
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]


async def test_a_huge_body_is_not_read(client: Client) -> None:
    assert (await client.ask("POST", "/login", data=b"x" * 100_000)).status == 413


async def test_guessing_is_slowed_down_and_told_when_to_come_back(
    client: Client, desk: Desk
) -> None:
    for _ in range(5):
        assert (await login(client, "omar", "guess")).status == 401
    answer = await login(client, "omar", PASSWORDS["omar"])
    assert answer.status == 429, "even with the right one"
    assert answer.headers["Retry-After"] == "2"
    clock = desk.clock
    assert isinstance(clock, FakeClock)
    clock.time += 2000
    assert (await login(client, "omar", PASSWORDS["omar"])).status == 204
    assert desk.health.counters["logins", "", "refused"] == 5


async def test_a_new_password_works_at_once_and_ends_old_logins(client: Client, desk: Desk) -> None:
    headers = cookie_of(client, await login(client, "omar", PASSWORDS["omar"]))
    users = read_users(desk.root / FILE)
    users.users["omar"] = users.users["vera"]
    write_users(desk.root / FILE, users)
    assert (await login(client, "omar", PASSWORDS["vera"])).status == 204
    assert (await client.ask("GET", "/api/v1/me", headers=headers)).status == 401


async def test_who_is_taken_out_of_the_file_is_logged_out_at_once(
    client: Client, desk: Desk
) -> None:
    headers = cookie_of(client, await login(client, "omar", PASSWORDS["omar"]))
    users = read_users(desk.root / FILE)
    del users.users["omar"]
    write_users(desk.root / FILE, users)
    assert (await client.ask("GET", "/api/v1/me", headers=headers)).status == 401


async def test_a_users_file_that_breaks_keeps_the_old_one_and_is_shown(
    client: Client, desk: Desk
) -> None:
    assert (await login(client, "omar", PASSWORDS["omar"])).status == 204
    (desk.root / FILE).write_text("users: [")
    assert (await login(client, "omar", PASSWORDS["omar"])).status == 204
    assert desk.health.parts["users"].state == "failed"


async def test_an_admin_sees_and_ends_logins(client: Client) -> None:
    headers = cookie_of(client, await login(client, "omar", PASSWORDS["omar"]))
    listed = json.loads((await client.ask("GET", "/api/v1/sessions", "ada")).body)
    (id,) = (s["id"] for s in listed if s["name"] == "omar")
    assert (await client.ask("DELETE", f"/api/v1/sessions/{id}", "ada")).status == 204
    assert (await client.ask("GET", "/api/v1/me", headers=headers)).status == 401
    assert (await client.ask("DELETE", f"/api/v1/sessions/{id}", "ada")).status == 404
