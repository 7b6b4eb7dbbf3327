"""`linli users`: who may come in."""

import argparse
import sys
from pathlib import Path

from msgspec.structs import replace

from gateway.api.auth import (
    FILE,
    NAME,
    RANK,
    Role,
    Token,
    User,
    Users,
    hash_password,
    hash_token,
    new_password,
    new_token,
    read_users,
    write_users,
)

HELP = "add, change or remove who may log in, and tokens of machines"
EXAMPLE = """  linli users list ./site
  linli users add ./site mei --role operator     prints a new password, once
  linli users password ./site mei                a new password; ends all of her logins
  linli users token ./site station --role device prints a new token, once
  linli users remove ./site mei"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("deed", choices=("list", "add", "password", "token", "remove"))
    parser.add_argument("dir", type=Path, metavar="DIR", help="the site")
    parser.add_argument("name", nargs="?", default="", help="of the user or machine")
    parser.add_argument("--role", choices=(*RANK, "device"), help="viewer when left out")


def run(args: argparse.Namespace) -> int:
    path = args.dir / FILE
    try:
        users = read_users(path) if path.exists() else Users()
        if args.deed == "list":
            return _list(users)
        if not NAME.fullmatch(args.name):
            raise ValueError("give a name of letters, digits and . _ @ -")
        changed, secret = _change(users, args.deed, args.name, args.role)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    write_users(path, changed)
    if secret:
        print(secret)
    return 0


def _list(users: Users) -> int:
    for name, user in users.users.items():
        print(f"{name}\t{user.role}")
    for name, token in users.tokens.items():
        print(f"{name}\t{token.role}\ttoken")
    return 0


def _change(users: Users, deed: str, name: str, role: Role | None) -> tuple[Users, str]:
    """The users as they will be, and the secret to be shown once."""
    people, tokens = dict(users.users), dict(users.tokens)
    if deed == "remove":
        if people.pop(name, None) is None and tokens.pop(name, None) is None:
            raise ValueError(f"there is no {name}")
        return Users(people, tokens), ""
    if deed == "token":
        secret = new_token()
        tokens[name] = Token(role or "device", hash_token(secret))
        return Users(people, tokens), secret
    if deed == "add" and name in people:
        raise ValueError(f"{name} is there already; for a new password: linli users password")
    if deed == "password" and name not in people:
        raise ValueError(f"there is no {name}; linli users list shows who is")
    if role == "device":
        raise ValueError("a device has a token and no password: linli users token")
    secret = new_password()
    before = people.get(name) or User("viewer", "")
    people[name] = replace(before, role=role or before.role, password=hash_password(secret))
    return Users(people, tokens), secret
