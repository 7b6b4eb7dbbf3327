import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gateway.store import chunk
from gateway.store.columns import ABSENT, Columns
from gateway.store.failures import Damaged

KEY = "bin-04", "fill_level", "%"
ANY_TIME = st.integers(-(2**63) + 1, 2**63 - 1)
VALUES = st.one_of(
    st.floats(),
    st.floats(width=32),
    st.integers(-(10**6), 10**6).map(float),
    st.decimals(-1000, 1000, places=2).map(float),
)


@st.composite
def some_columns(draw: st.DrawFn) -> Columns:
    n = draw(st.integers(1, 50))
    at = draw(arrays.arrays(np.int64, n, elements=ANY_TIME))
    value = np.array(draw(st.lists(VALUES, min_size=n, max_size=n)))
    times = arrays.arrays(np.int64, n, elements=ANY_TIME | st.just(ABSENT))
    measured = draw(st.none() | times)
    quality = draw(st.none() | arrays.arrays(np.uint16, n))
    texts = draw(st.dictionaries(st.integers(0, n - 1), st.text(st.characters(codec="utf-8"))))
    return Columns(at, value, measured, quality, texts)


@given(some_columns())
def test_every_reading_comes_back_bit_for_bit(columns: Columns) -> None:
    back = chunk.decode(chunk.encode(KEY, columns))
    assert (back.at == columns.at).all()
    assert (back.value.view(np.int64) == columns.value.view(np.int64)).all()
    assert (back.when == columns.when).all()
    assert back.texts == columns.texts
    zeros = np.zeros(len(columns.at), np.uint16)
    before = zeros if columns.quality is None else columns.quality
    assert ((zeros if back.quality is None else back.quality) == before).all()


def test_minus_zero_stays_minus_zero() -> None:
    back = chunk.decode(chunk.encode(KEY, Columns(np.array([1]), np.array([-0.0]))))
    assert np.signbit(back.value[0])


@given(st.binary())
def test_any_bytes_are_a_chunk_or_damaged(blob: bytes) -> None:
    with pytest.raises(Damaged):
        chunk.decode(blob)


def test_a_sensor_of_two_decimals_costs_less_than_three_bytes_a_reading() -> None:
    chance = np.random.default_rng(1)
    at = 1_800_000_000_000 + np.cumsum(10_000 + chance.normal(0, 200, 4096).astype(np.int64))
    value = np.round(20 + np.cumsum(chance.normal(0, 0.05, 4096)), 2)
    assert len(chunk.encode(KEY, Columns(at, value))) / 4096 < 3
