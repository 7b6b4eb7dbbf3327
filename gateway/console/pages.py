"""The console's pages: one frame for all of them, which draws itself from the HTTP API."""

import posixpath
import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from gateway.api.access import LOST, needs
from gateway.api.asking import MaybeCaller, TheDesk, TheSpec
from gateway.api.desk import Desk
from gateway.api.problem import Problem
from gateway.api.spec import ConsoleSpec
from gateway.console.files import Files, load

PATHS = {
    "/": "now",
    "/incidents": "incidents",
    "/incidents/{id}": "incident",
    "/devices": "devices",
    "/devices/{id}": "device",
    "/cameras": "cameras",
    "/cameras/{id}": "camera",
    "/rules": "rules",
    "/rules/{id}": "rule",
    "/silences": "silences",
    "/numbers": "numbers",
    "/system": "system",
}
"""Addresses of pages, and the screen (`static/screens/<name>.js`) that draws each."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
"""No inline script or style, no eval, nothing from elsewhere (docs/adr: console)."""
IMPORT = re.compile(r'^import .*?from "([^"]+)";$', re.MULTILINE)
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}

PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="linli" content="{about}">
<title>{site}</title>
<link rel="icon" href="{base}/mark.svg" type="image/svg+xml">
{styles}
<script src="{base}/theme.js"></script>
{modules}
<script type="module" src="{base}/{script}"></script>
</head>
<body><div id="app"></div><noscript>The console needs JavaScript.</noscript></body>
</html>
"""


def router() -> APIRouter:
    """Reads the files; call it off the loop."""
    pages, files = APIRouter(include_in_schema=False), load()

    @needs("viewer")
    async def page(request: Request, desk: TheDesk, spec: TheSpec, caller: MaybeCaller) -> Response:
        who = {"user": caller.name, "role": caller.role} if caller else {}
        screen = PATHS.get(request.scope["route"].path, "lost")
        return _page(files, ["app.js", f"screens/{screen}.js"], desk, spec, who)

    @needs()
    async def login(desk: TheDesk, spec: TheSpec) -> Response:
        return _page(files, ["login.js"], desk, spec, {})

    @needs()
    async def file(version: str, path: str, request: Request) -> Response:
        return _file(files, version, path, request)

    @needs("viewer")
    async def lost(request: Request, desk: TheDesk, spec: TheSpec, caller: MaybeCaller) -> Response:
        answer = await page(request, desk, spec, caller)
        answer.status_code = 404
        return answer

    pages.add_api_route(LOST, lost, methods=["GET"])
    for path in PATHS:
        pages.add_api_route(path, page, methods=["GET"])
    pages.add_api_route("/login", login, methods=["GET"])
    pages.add_api_route("/console/{version}/{path:path}", file, methods=["GET"])
    return pages


def _page(
    files: Files, scripts: Sequence[str], desk: Desk, spec: ConsoleSpec, who: dict[str, Any]
) -> Response:
    about = {
        "site": desk.site,
        "language": desk.config.site.language,
        "zone": desk.config.site.time_zone,
        "base": files.base,
        "open": not (spec.secure or spec.listen.local),
        **who,
    }
    styles = (f'<link rel="stylesheet" href="{files.base}/{p}">' for p in files.paths(".css"))
    modules = (
        f'<link rel="modulepreload" href="{files.base}/{p}">' for p in imported(files, scripts)
    )
    body = PAGE.format(
        language=escape(desk.config.site.language),
        about=escape(msgspec.json.encode(about).decode()),
        site=escape(desk.site),
        base=files.base,
        styles="\n".join(styles),
        modules="\n".join(modules),
        script=scripts[0],
    )
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return Response(body, headers=headers, media_type="text/html; charset=utf-8")


def imported(files: Files, scripts: Iterable[str]) -> list[str]:
    """*scripts* and all that they import: what a page needs at once. The other screens are
    fetched when the browser has nothing to do."""
    found: dict[str, None] = {}
    todo = list(scripts)
    while todo:
        path = todo.pop(0)
        if path not in found:
            found[path] = None
            todo += [
                posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
                for name in IMPORT.findall(files.files[path].body.decode())
            ]
    return list(found)


def _file(files: Files, version: str, path: str, request: Request) -> Response:
    found = files.files.get(path)
    if found is None or version != files.version:
        raise Problem(404)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers = FOR_EVER | {"Content-Encoding": "gzip"}
        return Response(found.zipped, headers=headers, media_type=found.type)
    return Response(found.body, headers=FOR_EVER, media_type=found.type)
