"""Who may come in: the users file, passwords, tokens of machines.

# users.yaml, mode 0600
users:
  operator:
    role: operator
    password: scrypt$14$8$5$<salt>$<hash>
tokens:
  weather-station:
    role: device
    hash: <SHA-256 of the token>
"""

import hashlib
import hmac
import re
import secrets
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from gateway import durable
from gateway.passwords import hash_password as hash_password
from gateway.passwords import verify_password as verify_password

Role = Literal["viewer", "operator", "admin", "device"]
RANK: dict[Role, int] = {"viewer": 1, "operator": 2, "admin": 3}
"""Who has a higher rank may do everything that a lower one may. A device has none: it may do
what is said to be for devices."""

FILE = "users.yaml"
NAME = re.compile(r"[\w.@-]{1,64}")
_NOBODY = f"scrypt$14$8$5${'A' * 22}==${'A' * 43}="
"""A hash that no password has, as dear to check as a real one."""
_WORDS = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letters that look like another one: people type this from a piece of paper."""


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person. `password` is what `hash_password` returned."""

    role: Literal["viewer", "operator", "admin"]
    password: str
    disabled: bool = False
    """True: may not come in, until somebody says otherwise."""

    @property
    def mark(self) -> str:
        """Another one when the person may do other things than before, or has another password."""
        return hashlib.sha256(msgspec.msgpack.encode(self)).hexdigest()


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A machine. `hash` is what `hash_token` returned."""

    role: Role
    hash: str


class Users(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The users file, `<site>/users.yaml`."""

    users: dict[str, User] = {}
    tokens: dict[str, Token] = {}

    def login(self, name: str, password: str) -> Role | None:
        """The role of *name* when the password is right. Takes the same time when there is
        no such user, about 0.1 s and 16 MiB: call it in a thread, one at a time."""
        user = self.users.get(name)
        good = verify_password(password, user.password if user else _NOBODY)
        return user.role if user and good and not user.disabled else None

    def token(self, token: str) -> tuple[str, Role] | None:
        """Name and role of the machine that holds *token*."""
        digest = hash_token(token)
        found = None
        for name, known in self.tokens.items():  # all of them: time tells nothing
            if hmac.compare_digest(known.hash, digest):
                found = name, known.role
        return found


def new_password() -> str:
    """Four groups of four, 79 bits: `k7mq-2xwn-p9ta-h4cd`."""
    word = "".join(secrets.choice(_WORDS) for _ in range(16))
    return "-".join(word[i : i + 4] for i in range(0, 16, 4))


def new_token() -> str:
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Plain SHA-256 is right here: a token has 256 random bits, there is nothing to guess."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def read_users(path: Path) -> Users:
    """Raises `FileNotFoundError`, or `ValueError` that says what is wrong and what to do."""
    if path.stat().st_mode & 0o077:
        raise ValueError(f"{path} can be read by other users of this machine: chmod 600 {path}")
    try:
        raw = yaml.safe_load(path.read_text("utf-8")) or {}
        users = msgspec.convert(raw, Users)
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as e:
        raise ValueError(f"{path}: {e}") from e
    for name in (*users.users, *users.tokens):
        if not NAME.fullmatch(name):
            raise ValueError(f"{path}: {name!r} is no name; letters, digits and . _ @ - are")
    return users


def write_users(path: Path, users: Users) -> None:
    """Replace the file in one step; nobody else can read it at any moment."""
    head = "# Who may come in. Made by `linli init`; passwords and tokens are hashes.\n"
    body = yaml.safe_dump(msgspec.to_builtins(users), allow_unicode=True, sort_keys=False)
    durable.write(path, (head + body).encode(), 0o600)
