import stat
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.api.auth import (
    FILE,
    Token,
    User,
    Users,
    hash_password,
    hash_token,
    new_password,
    new_token,
    read_users,
    verify_password,
    write_users,
)

HASH = hash_password("right")


def test_a_hash_knows_its_password_and_no_other() -> None:
    assert verify_password("right", HASH)
    for wrong in ("", "Right", "right ", "righ", "right\0", "x" * 5000, "\ud800"):
        assert not verify_password(wrong, HASH)


def test_new_secrets_differ_and_can_be_typed() -> None:
    assert len({new_password() for _ in range(50)}) == len({new_token() for _ in range(50)}) == 50
    assert not set(new_password()) & set("0o1il")


def test_an_unknown_name_is_checked_as_long_as_a_known_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not measured with a clock: the same work has to be asked for."""
    work: list[tuple[int, ...]] = []

    def counting(password: bytes, salt: bytes, *cost: int) -> bytes:
        work.append(cost)
        return b"\1" * 32

    monkeypatch.setattr("gateway.passwords._scrypt", counting)
    users = Users({"mei": User("viewer", HASH)})
    assert users.login("mei", "wrong") is None
    assert users.login("nobody", "wrong") is None
    assert work[0] == work[1]


def test_tokens() -> None:
    token = new_token()
    users = Users(
        tokens={"a": Token("viewer", hash_token("x")), "b": Token("device", hash_token(token))}
    )
    assert users.token(token) == ("b", "device")
    assert users.token("") is None
    assert users.token("\ud800") is None


def test_the_file_comes_back_and_is_private(tmp_path: Path) -> None:
    users = Users({"mei": User("operator", HASH)}, {"station": Token("device", "ab")})
    write_users(tmp_path / FILE, users)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert read_users(tmp_path / FILE) == users
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("users: [", "users.yaml"),
        ("users: {mei: {role: king, password: x}}", "king"),
        ("users: {mei: {role: viewer}}", "password"),
        ("users: {'a b': {role: viewer, password: x}}", "'a b' is no name"),
        ("user: {}", "user"),
        ("- 1", "users.yaml"),
        ("a: &a [*a]", "users.yaml"),
        ("users: !!python/object/apply:os.system [id]", "users.yaml"),
    ],
)
def test_a_broken_file_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / FILE
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ValueError, match=said):
        read_users(path)


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    write_users(tmp_path / FILE, Users())
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        read_users(tmp_path / FILE)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_in_the_file_are_users_or_one_kind_of_error(
    tmp_path_factory: pytest.TempPathFactory, body: bytes
) -> None:
    path = tmp_path_factory.mktemp("u") / FILE
    path.write_bytes(body)
    path.chmod(0o600)
    with suppress(ValueError):
        assert isinstance(read_users(path), Users)
