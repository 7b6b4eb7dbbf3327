"""The console's pages: one frame for all of them, which draws itself from the HTTP API."""

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

PATHS = (
    "/",
    "/incidents",
    "/incidents/{id}",
    "/devices",
    "/devices/{id}",
    "/cameras",
    "/rules",
    "/rules/{id}",
    "/system",
)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
"""No inline script or style, no eval, nothing from elsewhere (docs/adr: console)."""
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}

PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="linli" content="{about}">
<title>{site}</title>
<link rel="icon" href="{base}/mark.svg" type="image/svg+xml">
<link rel="preload" href="{base}/texts/{language}.json" as="fetch" crossorigin>
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
    async def page(desk: TheDesk, spec: TheSpec, caller: MaybeCaller) -> Response:
        who = {"user": caller.name, "role": caller.role} if caller else {}
        return _page(files, "app.js", desk, spec, who)

    @needs()
    async def login(desk: TheDesk, spec: TheSpec) -> Response:
        return _page(files, "login.js", desk, spec, {})

    @needs()
    async def file(version: str, path: str, request: Request) -> Response:
        return _file(files, version, path, request)

    @needs("viewer")
    async def lost(desk: TheDesk, spec: TheSpec, caller: MaybeCaller) -> Response:
        answer = await page(desk, spec, caller)
        answer.status_code = 404
        return answer

    pages.add_api_route(LOST, lost, methods=["GET"])
    for path in PATHS:
        pages.add_api_route(path, page, methods=["GET"])
    pages.add_api_route("/login", login, methods=["GET"])
    pages.add_api_route("/console/{version}/{path:path}", file, methods=["GET"])
    return pages


def _page(
    files: Files, script: str, desk: Desk, spec: ConsoleSpec, who: dict[str, Any]
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
        f'<link rel="modulepreload" href="{files.base}/{p}">' for p in _modules(files, script)
    )
    body = PAGE.format(
        language=escape(desk.config.site.language),
        about=escape(msgspec.json.encode(about).decode()),
        site=escape(desk.site),
        base=files.base,
        styles="\n".join(styles),
        modules="\n".join(modules),
        script=script,
    )
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return Response(body, headers=headers, media_type="text/html; charset=utf-8")


def _modules(files: Files, script: str) -> list[str]:
    """What to fetch at once and not only when another module asks for it."""
    if script == "login.js":
        return ["api.js", "view.js", "words.js"]
    return [path for path in files.paths(".js") if path not in ("login.js", "theme.js", script)]


def _file(files: Files, version: str, path: str, request: Request) -> Response:
    found = files.files.get(path)
    if found is None or version != files.version:
        raise Problem(404)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers = FOR_EVER | {"Content-Encoding": "gzip"}
        return Response(found.zipped, headers=headers, media_type=found.type)
    return Response(found.body, headers=FOR_EVER, media_type=found.type)
