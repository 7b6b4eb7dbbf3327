"""Passwords are kept as salted hashes in the form that the console's users file has too."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.api import auth
from gateway.passwords import hash_password, is_hash, verify_password

STORED = hash_password("小区 s3cret", bytes(16))


def test_the_right_password_fits_and_others_do_not():
    assert verify_password("小区 s3cret", STORED)
    assert verify_password("小区 s3cret".encode(), STORED)
    for wrong in ("", "s3cret", "小区 s3cret ", "小区 s3cret\0", "x" * 2000):
        assert not verify_password(wrong, STORED)


def test_hashes_are_salted_and_of_one_form_in_the_whole_product():
    assert hash_password("a") != hash_password("a")
    assert hash_password("a", bytes(16)) == auth.hash_password("a", bytes(16))
    assert is_hash(STORED)
    assert not is_hash("scrypt")


@pytest.mark.parametrize(
    "broken",
    ["", "x", "scrypt$14$8$5$", "scrypt$99$8$5$AA$AA", "scrypt$a$b$c$d$e", "md5$1$2$3$4$5"],
)
def test_a_broken_hash_lets_nobody_in(broken):
    assert not verify_password("a", broken)


@settings(max_examples=30)
@given(st.text(max_size=80))
def test_any_text_for_a_hash_is_refused_not_raised(stored):
    assert not verify_password("a", stored)
