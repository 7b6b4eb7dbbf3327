"""Who may come in: people with a password, machines with a token."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Request, Response

from gateway.api import people
from gateway.api.access import needs
from gateway.api.accounts import Accounts
from gateway.api.answers import answer, described
from gateway.api.asking import TheAccounts, TheCaller, TheDesk
from gateway.api.auth import Role, Users, new_password, new_token
from gateway.api.bodies import read
from gateway.api.problem import Problem

router = APIRouter(tags=["users"])


class Person(msgspec.Struct, frozen=True):
    """`kind`: person (logs in) or machine (sends a token). `logins`: how many are open."""

    name: str
    role: Role
    kind: Literal["person", "machine"]
    disabled: bool = False
    logins: int = 0


class Secret(msgspec.Struct, frozen=True):
    """Told this once; only its hash is kept. '' where there is no new one."""

    name: str
    secret: str = ""


class Fresh(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(max_length=64)]
    role: Literal["viewer", "operator", "admin", "device"] = "viewer"
    kind: Literal["person", "machine"] = "person"


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays. `new_password`: make one; it is in the answer."""

    role: Literal["viewer", "operator", "admin"] | None = None
    disabled: bool | None = None
    new_password: bool = False


class Passwords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    old: str
    new: str


EXAMPLE = {"name": "mei", "role": "operator", "kind": "person", "disabled": False, "logins": 1}
SECRET = {"name": "mei", "secret": "k7mq-2xwn-p9ta-h4cd"}


def _body(example: Any) -> dict[str, Any]:
    return {
        "requestBody": {"required": True, "content": {"application/json": {"example": example}}}
    }


@router.get("/api/v1/users", summary="All users", responses=described(list[Person], [EXAMPLE]))
@needs("admin")
async def users(accounts: TheAccounts, desk: TheDesk) -> Response:
    known, now = accounts.users(), desk.clock.now()
    open_ = [session.name for session in accounts.sessions.opened(now)]
    people_ = [
        Person(name, user.role, "person", user.disabled, open_.count(name))
        for name, user in known.users.items()
    ]
    machines = [Person(name, token.role, "machine") for name, token in known.tokens.items()]
    return answer(people_ + machines)


@router.post(
    "/api/v1/users",
    summary="Let somebody in",
    openapi_extra=_body({"name": "mei", "role": "operator", "kind": "person"}),
    responses=described(Secret, SECRET, "The password, or the machine's token"),
)
@needs("admin")
async def add(
    request: Request, accounts: TheAccounts, desk: TheDesk, caller: TheCaller
) -> Response:
    fresh = await read(request, Fresh)
    if fresh.kind == "machine":
        secret = new_token()
        await _change(accounts, lambda u: people.with_machine(u, fresh.name, fresh.role, secret))
    elif fresh.role == "device":
        raise Problem(400, "A device has a token and no password: send kind: machine.")
    else:
        role, secret = fresh.role, new_password()
        await _change(accounts, lambda u: people.with_person(u, fresh.name, role, secret))
    await desk.audit.record(caller.name, "user.add", fresh.name, "", f"{fresh.kind} {fresh.role}")
    return answer(Secret(fresh.name, secret), 201)


@router.patch(
    "/api/v1/users/{name}",
    summary="Another role or password; disable",
    openapi_extra=_body({"role": "admin"}),
    responses=described(Secret, SECRET),
)
@needs("admin")
async def change(
    name: str, request: Request, accounts: TheAccounts, desk: TheDesk, caller: TheCaller
) -> Response:
    """Whoever is changed is logged out everywhere. 409 for the last administrator."""
    wish = await read(request, Change)
    before = accounts.users().users.get(name)
    secret = new_password() if wish.new_password else ""
    await _change(
        accounts, lambda u: people.changed(u, name, wish.role, wish.disabled, secret or None)
    )
    after = accounts.users().users[name]
    was = f"{before.role}{' disabled' * before.disabled}" if before else ""
    now = f"{after.role}{' disabled' * after.disabled}{' new password' * wish.new_password}"
    await desk.audit.record(caller.name, "user.change", name, was, now)
    return answer(Secret(name, secret))


@router.delete("/api/v1/users/{name}", summary="Let somebody in no more", status_code=204)
@needs("admin")
async def remove(name: str, accounts: TheAccounts, desk: TheDesk, caller: TheCaller) -> Response:
    await _change(accounts, lambda u: people.without(u, name))
    await desk.audit.record(caller.name, "user.remove", name)
    return Response(status_code=204)


@router.post(
    "/api/v1/me/password",
    summary="Another password of one's own",
    status_code=204,
    openapi_extra=_body({"old": "k7mq-2xwn-p9ta-h4cd", "new": "a long one of my own"}),
)
@needs("viewer")
async def password(
    request: Request, accounts: TheAccounts, desk: TheDesk, caller: TheCaller
) -> Response:
    """Ends all of one's logins, this one too."""
    said = await read(request, Passwords, most=8192)
    await _change(accounts, lambda u: people.own_password(u, caller.name, said.old, said.new))
    await desk.audit.record(caller.name, "user.password", caller.name)
    return Response(status_code=204)


async def _change(accounts: Accounts, step: Callable[[Users], Users]) -> None:
    """One at a time; hashing takes a tenth of a second and is done off the loop."""
    try:
        async with accounts.changing:
            await accounts.change(await asyncio.to_thread(step, accounts.users()))
    except people.Impossible as why:
        raise Problem(409, str(why)) from None
