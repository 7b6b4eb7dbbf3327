"""Log in, log out, and see who is logged in."""

import msgspec
from fastapi import APIRouter, Request, Response

from gateway.api.access import needs
from gateway.api.accounts import Slower, Wrong
from gateway.api.answers import answer, described
from gateway.api.asking import TheAccounts, TheCaller, TheDesk, TheSpec
from gateway.api.auth import Role
from gateway.api.bodies import read
from gateway.api.guard import cookie_name
from gateway.api.problem import Problem
from gateway.api.sessions import Session

router = APIRouter(tags=["session"])


class Login(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    password: str


LOGIN_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": msgspec.json.schema(Login)["$defs"]["Login"],
                "example": {"name": "operator", "password": "k7mq-2xwn-p9ta-h4cd"},
            }
        },
    }
}


@router.post("/login", summary="Log in", status_code=204, openapi_extra=LOGIN_BODY)
@needs()
async def login(request: Request, desk: TheDesk, accounts: TheAccounts, spec: TheSpec) -> Response:
    """Sets a cookie. After five wrong passwords an address has to wait: 429 and Retry-After."""
    body = await read(request, Login, most=4096)
    address = request.client.host if request.client else ""
    try:
        cookie = await accounts.login(body.name, body.password, address)
    except Slower as slower:
        wait = str(-(-slower.wait // 1000))
        raise Problem(429, f"Wait {wait} seconds.", {"Retry-After": wait}) from slower
    except Wrong as wrong:
        if wrong.told:  # the name may be a password, typed one field too high
            who = body.name if body.name in accounts.users().users else "somebody"
            await desk.audit.record(who, "login.refused", address, "", str(wrong))
        raise Problem(401, "Name or password is wrong.") from None
    await desk.audit.record(body.name, "login", address)
    response = Response(status_code=204)
    response.set_cookie(
        cookie_name(spec),
        cookie,
        max_age=int(spec.session.seconds),
        path="/",
        secure=spec.secure,
        httponly=True,
        samesite="strict",
    )
    return response


@router.post("/logout", summary="Log out", status_code=204)
@needs("viewer")
async def logout(
    desk: TheDesk, caller: TheCaller, accounts: TheAccounts, spec: TheSpec
) -> Response:
    accounts.sessions.end(caller.session)
    await accounts.keep()
    await desk.audit.record(caller.name, "logout", caller.name)
    response = Response(status_code=204, headers={"Clear-Site-Data": '"cache"'})
    response.delete_cookie(
        cookie_name(spec), path="/", secure=spec.secure, httponly=True, samesite="strict"
    )
    return response


class Me(msgspec.Struct, frozen=True):
    name: str
    role: Role


LOGIN = {
    "id": "9f3a5c1e7b2d4f60",
    "name": "operator",
    "role": "operator",
    "address": "192.0.2.7",
    "since": 1790000000000,
    "seen": 1790000600000,
}


@router.get(
    "/api/v1/me",
    summary="Who am I?",
    responses=described(Me, {"name": "operator", "role": "operator"}),
)
@needs("viewer")
async def me(caller: TheCaller) -> Response:
    return answer(Me(caller.name, caller.role))


@router.get(
    "/api/v1/sessions",
    summary="Who is logged in",
    responses=described(list[Session], [LOGIN]),
)
@needs("admin")
async def sessions(desk: TheDesk, accounts: TheAccounts) -> Response:
    return answer(list(accounts.sessions.opened(desk.clock.now())))


@router.delete("/api/v1/sessions/{id}", summary="End a login", status_code=204)
@needs("admin")
async def end(id: str, desk: TheDesk, accounts: TheAccounts, caller: TheCaller) -> Response:
    found = next((s for s in accounts.sessions.opened(desk.clock.now()) if s.id == id), None)
    if found is None or not accounts.sessions.end(id):
        raise Problem(404, "There is no such login.")
    await accounts.keep()
    await desk.audit.record(caller.name, "login.end", found.name, found.address)
    return Response(status_code=204)


@router.delete("/api/v1/sessions", summary="End all logins of a user", status_code=204)
@needs("admin")
async def end_all(name: str, desk: TheDesk, accounts: TheAccounts, caller: TheCaller) -> Response:
    ended = accounts.sessions.end_all(name)
    await accounts.keep()
    await desk.audit.record(caller.name, "login.end", name, f"{ended} logins")
    return Response(status_code=204)
