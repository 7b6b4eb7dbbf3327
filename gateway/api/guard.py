"""The door: every request passes here before anything else sees it.

Who asks (cookie or bearer token), may he (default: no), did his own browser page mean it
(ASVS 5.0 3.5.1), and what may the browser do with the answer (security headers).
"""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.access import LOST, OPEN, Access, permitted
from gateway.api.accounts import Accounts
from gateway.api.problem import problem
from gateway.api.sessions import Caller
from gateway.api.spec import ConsoleSpec
from gateway.ports import Health

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def cookie_name(spec: ConsoleSpec) -> str:
    """`__Host-`: browsers then take it only over TLS, for this host and the whole of it."""
    return "__Host-linli" if spec.secure else "linli"


class Guard:
    """ASGI middleware; leaves the `Caller`, or None, in `scope["state"]["caller"]`."""

    def __init__(
        self, app: ASGIApp, access: Access, accounts: Accounts, spec: ConsoleSpec, health: Health
    ) -> None:
        self._app, self._access, self._accounts = app, access, accounts
        self._spec, self._health, self._cookie = spec, health, cookie_name(spec)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        send = self._with_headers(scope, send)
        caller = self._caller(headers)
        if self._lost(scope, headers, caller):
            scope = {**scope, "path": LOST, "raw_path": LOST.encode()}
        refusal = self._refusal(scope, headers, caller)
        if refusal is None:
            scope.setdefault("state", {})["caller"] = caller
            return await self._app(scope, receive, send)
        self._health.count("requests_refused", why=str(refusal.status_code))
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})
        await refusal(scope, receive, send)

    def _lost(self, scope: Scope, headers: Headers, caller: Caller | None) -> bool:
        """A person's browser asks for a page that there is not: the console says so in words."""
        roles = self._access.roles("GET", LOST)
        return (
            scope.get("method") == "GET"
            and "text/html" in headers.get("accept", "")
            and roles is not None
            and permitted(caller, roles)
            and self._access.roles("GET", scope["path"]) is None
        )

    def _caller(self, headers: Headers) -> Caller | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._accounts.by_token(token.strip())
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return None
        return self._accounts.by_cookie(cookie.value) if cookie else None

    def _refusal(self, scope: Scope, headers: Headers, caller: Caller | None) -> Response | None:
        method = scope.get("method", "GET")
        roles = self._access.roles(method, scope["path"])
        if roles is not None and permitted(caller, roles):
            return self._foreign(scope, method, headers, caller)
        if caller is None and roles != OPEN:
            if "text/html" in headers.get("accept", "") and method == "GET":
                there = scope["path"] if scope["path"] != "/" else ""
                return RedirectResponse(f"/login?next={quote(there)}" if there else "/login", 303)
            return problem(401, "Log in first.", {"WWW-Authenticate": "Bearer"})
        if roles is None:
            return problem(404)
        return problem(403, "Your role does not allow this.")

    def _foreign(
        self, scope: Scope, method: str, headers: Headers, caller: Caller | None
    ) -> Response | None:
        """A browser sends cookies along on behalf of any page; only our own may change things.
        A machine with a token, or one that signs, has no cookies that could be abused."""
        changes = scope["type"] == "websocket" or method not in SAFE
        machine = caller is not None and not caller.session
        machine = machine or self._access.signed(method, scope["path"])
        if not changes or machine or self._ours(headers):
            return None
        return problem(403, "This request came from another site.")

    def _ours(self, headers: Headers) -> bool:
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return False
        scheme, _, origin = headers.get("origin", "").partition("://")
        public = urlsplit(self._spec.public_url).netloc
        return scheme in ("http", "https") and origin in (headers.get("host"), public or None)

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", API_POLICY)
                headers.setdefault("Cache-Control", "no-store")
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Frame-Options"] = "DENY"
                headers["Referrer-Policy"] = "same-origin"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
                headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
                if self._spec.tls_cert:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        return sending
