"""What can be done to the users file from the console. Each gives the file as it will be."""

from typing import Literal

from msgspec.structs import replace

from gateway.api.auth import NAME, Token, User, Users, hash_password, hash_token, verify_password
from gateway.passwords import LONGEST

Rank = Literal["viewer", "operator", "admin"]
SHORTEST = 8
"""Characters of a password that people choose (NIST SP 800-63B 3.1.1.2, with throttling)."""


class Impossible(Exception):
    """The text says why, for people."""


def with_person(users: Users, name: str, role: Rank, password: str) -> Users:
    _new(users, name)
    return replace(users, users=users.users | {name: User(role, hash_password(password))})


def with_machine(users: Users, name: str, role: Rank | Literal["device"], token: str) -> Users:
    _new(users, name)
    return replace(users, tokens=users.tokens | {name: Token(role, hash_token(token))})


def without(users: Users, name: str) -> Users:
    _known(users, name)
    return _ruled(
        Users(
            {n: user for n, user in users.users.items() if n != name},
            {n: token for n, token in users.tokens.items() if n != name},
        )
    )


def changed(
    users: Users,
    name: str,
    role: Rank | None = None,
    disabled: bool | None = None,
    password: str | None = None,
) -> Users:
    """A person with what is given, and the rest as it was."""
    if name not in users.users:
        raise Impossible(f"There is no person {name}.")
    user = users.users[name]
    user = User(
        role or user.role,
        hash_password(password) if password else user.password,
        user.disabled if disabled is None else disabled,
    )
    return _ruled(replace(users, users=users.users | {name: user}))


def own_password(users: Users, name: str, old: str, new: str) -> Users:
    """Who is logged in chooses another password, and knows the present one."""
    user = users.users.get(name)
    if user is None or len(old) > LONGEST or not verify_password(old, user.password):
        raise Impossible("The present password is wrong.")
    if not SHORTEST <= len(new) <= LONGEST:
        raise Impossible(f"A password has {SHORTEST} to {LONGEST} characters.")
    return changed(users, name, password=new)


def _new(users: Users, name: str) -> None:
    if not NAME.fullmatch(name):
        raise Impossible("A name has 1 to 64 letters, digits and . _ @ -")
    if name in users.users or name in users.tokens:
        raise Impossible(f"{name} is there already.")


def _known(users: Users, name: str) -> None:
    if name not in users.users and name not in users.tokens:
        raise Impossible(f"There is no {name}.")


def _ruled(users: Users) -> Users:
    """Somebody has to be left who can let others in."""
    if not any(user.role == "admin" and not user.disabled for user in users.users.values()):
        raise Impossible("This is the last administrator; make somebody else one first.")
    return users
