import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.json_text import MAX_BYTES, Malformed, read

FINITE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


@given(FINITE)
def test_reads_what_json_writes(document: object) -> None:
    for text in (json.dumps(document), json.dumps(document, ensure_ascii=False, indent=1)):
        assert read(text.encode("utf-8", "surrogatepass")).value == document


@given(st.binary(max_size=60))
def test_any_bytes(payload: bytes) -> None:
    with suppress(Malformed):
        read(payload)


@pytest.mark.parametrize("word", ["NaN", "nan", "-nan", "Infinity", "-Infinity", "inf", "1e999"])
def test_a_number_that_is_none_spoils_only_itself(word: str) -> None:
    value = read(b'{"a":%s,"b":"nan, inf","c":[1]}' % word.encode()).value
    assert not math.isfinite(value.pop("a"))
    assert value == {"b": "nan, inf", "c": [1]}


def test_keys_that_come_twice_are_told() -> None:
    document = read(b'{"a":1,"b":{"x":1,"x":2},"a":3,"s":"\\":"}')
    assert document.value == {"a": 3, "b": {"x": 2}, "s": '":'}
    assert document.notes == (
        "came_twice: x, the last one counts",
        "came_twice: a, the last one counts",
    )


def test_a_quote_and_colon_in_a_text_is_no_key() -> None:
    assert read(b'{"a":"x\\":y"}') == ({"a": 'x":y'}, ())


def test_texts_can_be_encoded_again() -> None:
    for escape in (r"\ud800", r"\udc00\ud800", r"\\ud800", r"\ud83d\ude00"):
        value = read(b'{"a":"%s"}' % escape.encode()).value
        value["a"].encode()


@pytest.mark.parametrize(
    "payload",
    [b"", b"nope", b"{} {}", b"[1,]", b"{'a':1}", b'{"a":"\xff"}', b"[" * 100_000, b'{"a":' * 2000],
)
def test_refuses(payload: bytes) -> None:
    with pytest.raises(Malformed):
        read(payload)


def test_refuses_unread_what_is_too_long() -> None:
    with pytest.raises(Malformed, match="more than"):
        read(b" " * (MAX_BYTES + 1))
