"""An expression over a column says what it says of each value by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.expression import Expression

SINGLE = [
    "t > 5.0",
    "!(t > 5.0) && t != 0.0",
    "t in [1.0, 2.0, 5.0] || -t > 3.0",
    "(t > 5.0 ? t * 2.0 : t - 1.0) >= 4.0",
    "abs(t) + min(t, 3.0) <= max(t, 1.0) * 2.0",
    "true || t > 1.0",
]
VALUES = st.one_of(st.sampled_from([0.0, 1.0, 2.0, 5.0, -4.0, 6.0]), st.floats())


@pytest.mark.parametrize("text", SINGLE)
@given(values=st.lists(VALUES, max_size=20))
def test_a_column_is_judged_like_its_values(text: str, values: list[float]) -> None:
    expression = Expression(text)
    found = expression.holding(np.array(values, np.float64))
    if found is not None:
        finite = [np.isfinite(value) for value in values]
        held = [expression({"t": value}) is True for value in values]
        assert found.tolist() == [h if f else True for h, f in zip(held, finite, strict=True)]


@pytest.mark.parametrize("text", ["t > u", "t == 'open'", "1.0 / t > 2.0", "t in ['a']"])
def test_what_columns_cannot_tell_is_left_to_the_engine(text: str) -> None:
    assert Expression(text).holding(np.array([1.0])) is None


def test_an_overflow_is_left_to_the_engine() -> None:
    assert Expression("t * 1e300 > 0.0").holding(np.array([1e300])) is None
