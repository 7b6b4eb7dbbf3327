from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.links import link, sign, verify

KEY, PICTURE, NOON = b"k" * 32, "ab" * 32, 1_800_000_000_000


def test_a_link_is_good_until_it_expires() -> None:
    signature = sign(KEY, PICTURE, NOON)
    assert verify(KEY, PICTURE, NOON, signature, NOON - 1)
    assert not verify(KEY, PICTURE, NOON, signature, NOON)


def test_a_link_opens_one_picture_for_one_time_with_one_key() -> None:
    signature = sign(KEY, PICTURE, NOON)
    assert not verify(KEY, "cd" * 32, NOON, signature, 0)
    assert not verify(KEY, PICTURE, NOON + 1, signature, 0)
    assert not verify(b"x" * 32, PICTURE, NOON, signature, 0)


@given(st.text())
def test_no_made_up_signature_passes_nor_fails_loudly(text: str) -> None:
    assert not verify(KEY, PICTURE, NOON, text, 0)


@given(st.text(max_size=63) | st.text(min_size=64, alphabet="/.%gG\n"))
def test_what_is_no_hash_is_never_served(text: str) -> None:
    assert not verify(KEY, text, NOON, sign(KEY, text, NOON), 0)


def test_an_empty_key_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="empty key"):
        sign(b"", PICTURE, NOON)


def test_the_address_carries_what_is_needed_to_check_it() -> None:
    parts = urlsplit(link("http://gate:8080/", KEY, PICTURE, NOON))
    query = parse_qs(parts.query)
    assert parts.path == f"/evidence/{PICTURE}.jpg"
    assert verify(KEY, PICTURE, int(query["expires"][0]), query["signature"][0], NOON - 1)
