"""Who may call what, on the real server; a route that is not in the table fails the test."""

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

import gateway.api.routes
from gateway.api.app import build
from gateway.api.desk import Desk
from gateway.api.spec import ConsoleSpec
from gateway.console import pages
from gateway.plugins import modules
from tests.gateway.api.client import Client, serving

CALLERS = ("nobody", "station", "platform", "vera", "omar", "ada")
"""Nobody; a device's token; a viewer's token; a viewer, an operator, an admin in a browser."""
ANYBODY = set(CALLERS)
VIEWERS = ANYBODY - {"nobody", "station"}
OPERATORS = {"omar", "ada"}
ADMINS = {"ada"}

EXPECTED: dict[tuple[str, str], set[str]] = {
    ("GET", "/health"): ANYBODY,
    ("GET", "/metrics"): VIEWERS,
    ("POST", "/login"): ANYBODY,
    ("POST", "/logout"): VIEWERS,
    ("GET", "/api/docs"): VIEWERS,
    ("GET", "/api/openapi.json"): VIEWERS,
    ("GET", "/api/v1/me"): VIEWERS,
    ("GET", "/api/v1/sessions"): ADMINS,
    ("DELETE", "/api/v1/sessions"): ADMINS,
    ("DELETE", "/api/v1/sessions/{id}"): ADMINS,
    ("GET", "/api/v1/users"): ADMINS,
    ("POST", "/api/v1/users"): ADMINS,
    ("PATCH", "/api/v1/users/{name}"): ADMINS,
    ("DELETE", "/api/v1/users/{name}"): ADMINS,
    ("POST", "/api/v1/me/password"): VIEWERS,
    ("GET", "/api/v1/storage"): OPERATORS,
    ("GET", "/api/v1/losses"): OPERATORS,
    ("GET", "/api/v1/audit"): ADMINS,
    ("GET", "/api/v1/log"): ADMINS,
    ("POST", "/api/v1/backup"): ADMINS,
    ("GET", "/api/v1/digest"): VIEWERS,
    ("GET", "/api/v1/digest.csv"): VIEWERS,
    ("GET", "/api/v1/changes"): VIEWERS,
    ("GET", "/api/v1/devices"): VIEWERS,
    ("GET", "/api/v1/devices/{id}"): VIEWERS,
    ("GET", "/api/v1/devices/{id}/series"): VIEWERS,
    ("GET", "/api/v1/discovered"): VIEWERS,
    ("POST", "/api/v1/discovered/{id}/admit"): OPERATORS,
    ("POST", "/api/v1/discovered/{id}/ignore"): OPERATORS,
    ("GET", "/api/v1/devices/{id}/label.svg"): VIEWERS,
    ("GET", "/api/v1/labels.pdf"): VIEWERS,
    ("GET", "/api/v1/grids"): VIEWERS,
    ("GET", "/api/v1/cameras"): VIEWERS,
    ("GET", "/api/v1/cameras/{id}/picture.jpg"): VIEWERS,
    ("GET", "/api/v1/incidents"): VIEWERS,
    ("GET", "/api/v1/incidents.csv"): VIEWERS,
    ("GET", "/api/v1/incidents/{id}"): VIEWERS,
    ("GET", "/api/v1/incidents/{id}/bundle.zip"): OPERATORS,
    ("POST", "/api/v1/incidents/{id}/note"): OPERATORS,
    ("POST", "/api/v1/incidents/{id}/photo"): OPERATORS,
    ("POST", "/api/v1/incidents/{id}/{deed}"): OPERATORS,
    ("GET", "/api/v1/silences"): VIEWERS,
    ("POST", "/api/v1/silences"): OPERATORS,
    ("DELETE", "/api/v1/silences/{id}"): OPERATORS,
    ("GET", "/api/v1/calendar"): VIEWERS,
    ("GET", "/api/v1/cameras/{id}"): VIEWERS,
    ("PUT", "/api/v1/cameras/{id}"): OPERATORS,
    ("POST", "/api/v1/cameras/{id}/try"): OPERATORS,
    ("GET", "/api/v1/cameras/{id}/tried/{at}.jpg"): OPERATORS,
    ("GET", "/api/v1/rule-forms/{id}"): OPERATORS,
    ("POST", "/api/v1/rules/{id}/test"): OPERATORS,
    ("GET", "/api/v1/site/files/{path:path}"): OPERATORS,
    ("PUT", "/api/v1/site/files/{path:path}"): OPERATORS,
    ("POST", "/api/v1/site/check"): OPERATORS,
    ("GET", "/api/v1/revisions"): OPERATORS,
    ("GET", "/api/v1/revisions/{id}"): OPERATORS,
    ("POST", "/api/v1/revisions/{id}/rollback"): OPERATORS,
    ("GET", "/api/v1/rules"): VIEWERS,
    ("GET", "/api/v1/rules/{id}"): VIEWERS,
    ("POST", "/api/v1/rules/{id}/try"): OPERATORS,
    ("POST", "/api/v1/rules"): OPERATORS,
    ("PUT", "/api/v1/rules/{id}"): OPERATORS,
    ("POST", "/api/v1/rules/check"): OPERATORS,
    ("GET", "/api/v1/rules/{id}/yaml"): OPERATORS,
    ("GET", "/api/v1/rules/{id}/versions"): OPERATORS,
    ("POST", "/api/v1/rules/{id}/rollback"): OPERATORS,
    ("GET", "/api/v1/rules/{id}/shadow"): OPERATORS,
    ("POST", "/api/v1/rules/{id}/promote"): OPERATORS,
    ("POST", "/api/v1/rules/{id}/discard"): OPERATORS,
    ("POST", "/api/v1/rules/{id}/explain"): OPERATORS,
    ("POST", "/api/v1/backtests"): OPERATORS,
    ("GET", "/api/v1/backtests/{id}"): VIEWERS,
    ("DELETE", "/api/v1/backtests/{id}"): OPERATORS,
    ("GET", "/api/v1/sinks"): VIEWERS,
    ("GET", "/api/v1/sinks/{id}/dead"): OPERATORS,
    ("POST", "/api/v1/sinks/{id}/dead/{letter}/{deed}"): OPERATORS,
    ("POST", "/api/v1/sinks/{id}/dead/{deed}"): OPERATORS,
    ("POST", "/api/v1/platforms/{sink}/answers"): ANYBODY,  # its own test: a signature
    ("GET", "/api/v1/platforms/refused"): VIEWERS,
    ("POST", "/api/v1/platforms/{sink}/incidents/{id}/resend"): OPERATORS,
    ("GET", "/api/v1/quarantine"): OPERATORS,
    ("POST", "/api/v1/readings"): OPERATORS | {"station"},
    ("GET", "/evidence/{sha256}.jpg"): ANYBODY,  # its own test: a login or a signature
    ("GET", "/lost"): VIEWERS,
    ("GET", "/login"): ANYBODY,
    ("GET", "/console/{version}/{path:path}"): ANYBODY,
    **{("GET", path): VIEWERS for path in pages.PATHS},
}
FILL = {"{id}": "nothing", "{deed}": "resolve", "{letter}": "x", "{sha256}": "0" * 64}
FILL |= {"{sink}": "nothing", "{name}": "nobody"}
FILL |= {"{version}": "0", "{path:path}": "a.js"}


def routes() -> Iterator[tuple[str, str]]:
    routers = [*(m.router for m in modules(gateway.api.routes)), pages.router()]
    for route in (route for router in routers for route in router.routes):
        assert isinstance(route, APIRoute)
        for method in route.methods or ():
            yield method, route.path


def test_every_route_is_in_the_table() -> None:
    assert set(routes()) == set(EXPECTED)


@pytest.mark.parametrize("who", CALLERS)
async def test_matrix(client: Client, who: str) -> None:
    """Whoever is not in the table's row is refused, whoever is gets through."""
    wrong = []
    for (method, path), allowed in EXPECTED.items():
        if path in ("/api/v1/changes", "/evidence/{sha256}.jpg") and who in allowed:
            continue  # the one never ends, the other has a check of its own
        real = path
        for name, value in FILL.items():
            real = real.replace(name, value)
        if real.endswith("dead/x/resolve"):
            real = real.replace("resolve", "retry")
        status = (
            await client.ask(method, real, who, data=b"" if method == "POST" else None)
        ).status
        refused = status == (401 if who == "nobody" else 403)
        if path == "/login" and method == "POST":
            refused = False  # 400: an empty body is no login
        if refused == (who in allowed):
            wrong.append((method, path, status))
    assert not wrong


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/v1/nothing", "/docs", "/redoc", "/openapi.json"]
)
async def test_unknown_paths_tell_nothing_without_a_login(client: Client, path: str) -> None:
    assert (await client.ask("GET", path)).status == 401
    assert (await client.ask("GET", path, "ada")).status == 404


async def test_methods_that_nobody_declared_are_refused(client: Client) -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        assert (await client.ask(method, "/api/v1/devices", "ada")).status == 404


async def test_browsers_without_a_login_are_sent_to_it(client: Client) -> None:
    answer = await client.ask("GET", "/incidents/inc-0001", headers={"Accept": "text/html"})
    assert answer.status == 303
    assert answer.headers["Location"] == "/login?next=/incidents/inc-0001"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": None},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "://"},
        {"Origin": "evil://HOST"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Content-Type": "text/plain"},
        {"Origin": None, "Content-Type": "application/x-www-form-urlencoded"},
    ],
)
async def test_other_sites_cannot_use_the_cookie(
    client: Client, desk: Desk, headers: dict[str, str]
) -> None:
    path = "/api/v1/incidents/inc-0000/acknowledge"
    host = client.base.removeprefix("http://")
    headers = {name: value and value.replace("HOST", host) for name, value in headers.items()}
    answer = await client.ask("POST", path, "omar", headers, data=b"{}")
    assert answer.status == 403
    assert desk.inbox.items == []  # type: ignore[attr-defined] - the fake
    assert (await client.ask("POST", path, "omar", data=b"{}")).status == 200


async def test_a_token_needs_no_origin(client: Client) -> None:
    body = b'{"device":"bin-01","quantity":"fill_level","value":1}'
    answer = await client.ask("POST", "/api/v1/readings", "station", {"Origin": None}, data=body)
    assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic b3BlcmF0b3I6eA=="},
        {"Authorization": "Bearer \xff\xfe"},
        {"Cookie": "linli=wrong"},
        {"Cookie": "linli="},
        {"Cookie": 'linli="\\"; =;;='},
        {"Cookie": "linli=" + "a" * 4000},
    ],
)
async def test_false_credentials_are_nobodys(client: Client, headers: dict[str, str]) -> None:
    assert (await client.ask("GET", "/api/v1/me", headers=headers)).status == 401


async def test_answers_carry_the_security_headers(client: Client) -> None:
    for path, who in (
        ("/health", ""),
        ("/api/v1/devices", "vera"),
        ("/nothing", ""),
        ("/", "vera"),
    ):
        headers = (await client.ask("GET", path, who)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert "Server" not in headers


async def test_cookie_over_tls_is_bound_to_the_host(desk: Desk) -> None:
    async with serving(desk, ConsoleSpec(public_url="https://box.example")) as client:
        body = b'{"name":"omar","password":"operator-pass"}'
        headers = {"Origin": "https://box.example"}
        answer = await client.ask("POST", "/login", headers=headers, data=body)
        assert answer.status == 204
        cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-linli=")
    for word in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"):
        assert word in cookie


def test_a_route_without_roles_stops_the_start(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.api.routes import health

    monkeypatch.delitem(health.health.__dict__, "needs")
    with pytest.raises(TypeError, match="/health does not say who may call it"):
        build(desk, ConsoleSpec())
