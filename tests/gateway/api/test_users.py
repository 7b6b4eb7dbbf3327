"""Who may come in, changed from the console: told once, logged out everywhere, written down."""

from pathlib import Path

from gateway.api.auth import FILE, read_users
from gateway.api.desk import Desk
from gateway.api.sessions import Sessions
from gateway.model import Duration
from tests.gateway.api.client import Client, serving
from tests.gateway.api.desk_fixture import PASSWORDS, FakeAudit, make_desk


async def _login(client: Client, name: str, password: str) -> int:
    return (await client.ask("POST", "/login", json={"name": name, "password": password})).status


def _kept(desk: Desk) -> list[tuple[str, ...]]:
    assert isinstance(desk.audit, FakeAudit)
    return desk.audit.kept


async def test_a_new_user_gets_a_password_that_works(client: Client, desk: Desk) -> None:
    wish = {"name": "mei", "role": "operator"}
    made = await client.ask("POST", "/api/v1/users", "ada", json=wish)
    assert made.status == 201
    assert await _login(client, "mei", made.json()["secret"]) == 204
    assert made.json()["secret"] not in (desk.root / FILE).read_text()
    (mei,) = [
        u for u in (await client.ask("GET", "/api/v1/users", "ada")).json() if u["name"] == "mei"
    ]
    assert (mei["role"], mei["logins"]) == ("operator", 1)
    assert ("ada", "user.add", "mei", "", "person operator") in _kept(desk)
    again = await client.ask("POST", "/api/v1/users", "ada", json=wish)
    assert (again.status, again.json()["detail"]) == (409, "mei is there already.")


async def test_a_machine_gets_a_token_that_works(client: Client) -> None:
    wish = {"name": "pump", "role": "viewer", "kind": "machine"}
    token = (await client.ask("POST", "/api/v1/users", "ada", json=wish)).json()["secret"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.ask("GET", "/api/v1/me", headers=headers)).json()["name"] == "pump"
    assert (await client.ask("DELETE", "/api/v1/users/pump", "ada")).status == 204
    assert (await client.ask("GET", "/api/v1/me", headers=headers)).status == 401


async def test_who_is_disabled_is_out_and_stays_out(client: Client) -> None:
    cookie = client.credentials("omar")
    off = await client.ask("PATCH", "/api/v1/users/omar", "ada", json={"disabled": True})
    assert off.status == 200
    assert (await client.ask("GET", "/api/v1/me", headers=cookie)).status == 401
    assert await _login(client, "omar", PASSWORDS["omar"]) == 401
    await client.ask("PATCH", "/api/v1/users/omar", "ada", json={"disabled": False})
    assert await _login(client, "omar", PASSWORDS["omar"]) == 204


async def test_the_last_administrator_stays_one(client: Client) -> None:
    for wish in ({"role": "viewer"}, {"disabled": True}):
        assert (await client.ask("PATCH", "/api/v1/users/ada", "ada", json=wish)).status == 409
    assert (await client.ask("DELETE", "/api/v1/users/ada", "ada")).status == 409
    await client.ask("PATCH", "/api/v1/users/omar", "ada", json={"role": "admin"})
    assert (await client.ask("DELETE", "/api/v1/users/ada", "ada")).status == 204


async def test_one_changes_the_own_password_knowing_it(client: Client, desk: Desk) -> None:
    path, new = "/api/v1/me/password", "correct horse battery"
    wrong = await client.ask("POST", path, "vera", json={"old": "guess", "new": new})
    assert wrong.status == 409
    short = await client.ask("POST", path, "vera", json={"old": PASSWORDS["vera"], "new": "short"})
    assert short.status == 409
    good = await client.ask("POST", path, "vera", json={"old": PASSWORDS["vera"], "new": new})
    assert good.status == 204
    assert await _login(client, "vera", new) == 204
    assert read_users(desk.root / FILE).users["vera"].role == "viewer"


async def test_all_logins_of_one_are_ended(client: Client) -> None:
    cookies = [client.credentials("vera") for _ in range(3)]
    assert (await client.ask("DELETE", "/api/v1/sessions?name=vera", "ada")).status == 204
    for cookie in cookies:
        assert (await client.ask("GET", "/api/v1/me", headers=cookie)).status == 401


async def test_guesses_are_summed_up_in_the_audit_log(client: Client, desk: Desk) -> None:
    for _ in range(4):
        await _login(client, "omar", "guess")
    assert await _login(client, "my-secret-password", "guess") == 401
    refused = [entry for entry in _kept(desk) if entry[1] == "login.refused"]
    assert [entry[0] for entry in refused] == ["omar", "somebody"]
    assert refused[-1][-1] == "5 wrong passwords"


async def test_a_login_outlives_a_restart_and_not_a_new_password(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, devices=42)
    async with serving(desk) as client:
        answers = [
            await client.ask("POST", "/login", json={"name": who, "password": PASSWORDS[who]})
            for who in ("vera", "omar")
        ]
        cookies = [{"Cookie": a.headers["Set-Cookie"].partition(";")[0]} for a in answers]
    make_desk(tmp_path, devices=42)  # writes the users file anew, with the same people
    users = (tmp_path / FILE).read_text().replace("role: viewer", "role: operator", 1)
    (tmp_path / FILE).write_text(users)  # vera, while the gateway was down
    async with serving(desk) as client:
        assert (await client.ask("GET", "/api/v1/me", headers=cookies[1])).status == 200
        assert (await client.ask("GET", "/api/v1/me", headers=cookies[0])).status == 401


def test_the_file_of_logins_is_nobody_elses_and_opens_nothing(tmp_path: Path) -> None:
    file = tmp_path / "data" / "logins.msgpack"
    sessions = Sessions(Duration.parse("12h"), Duration.parse("2h"), file)
    cookie = sessions.start("mei", "operator", "192.0.2.1", 1000)
    sessions.save()
    assert file.stat().st_mode & 0o077 == 0
    assert cookie.encode() not in file.read_bytes()
    restored = Sessions(Duration.parse("12h"), Duration.parse("2h"), file)
    caller = restored.caller(cookie, 2000)
    assert caller is not None
    assert caller.name == "mei"
    file.write_bytes(b"torn")
    assert Sessions(Duration.parse("12h"), Duration.parse("2h"), file).caller(cookie, 2000) is None
