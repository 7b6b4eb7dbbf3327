"""Our expressions mean what CEL means: compared with the Rust library's Python binding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.expression import Expression

cel = pytest.importorskip(
    "cel", reason="the oracle is not installed (common-expression-language, a dev dependency)"
)

HERE = {"x": 0.0, "y": 1.5, "z": -2.0, "door": "open", "mode": ""}

numbers = st.sampled_from(["0.0", "1.5", "2.0", "x", "y", "z", "-z"])
sums = st.recursive(
    numbers,
    lambda inner: (
        st.builds("{} {} {}".format, inner, st.sampled_from("+-*"), inner)
        | st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner)
        | st.builds("{} / 2.0".format, inner)
    ),
    max_leaves=6,
)
texts = st.sampled_from(["door", "mode", "'open'", '"ajar"', "'it\\'s'", "''"])
quoted = texts.filter(lambda text: text[0] in "'\"")
tests = st.sampled_from(["startsWith", "endsWith", "contains"])
comparisons = st.one_of(
    st.builds("{} {} {}".format, sums, st.sampled_from(["<", "<=", "==", "!=", ">", ">="]), sums),
    st.builds("{} {} {}".format, texts, st.sampled_from(["==", "!="]), texts),
    # Of two names, < compares numbers here; CEL finds out when it runs.
    st.builds("{} {} {}".format, texts, st.sampled_from(["<", ">="]), quoted),
    st.builds("{}.{}({})".format, texts, tests, texts),
    st.builds("{} in [{}, 'x']".format, texts, quoted),
    st.builds("{} in [0.0, 2.0]".format, numbers),
    st.sampled_from(["true", "false"]),
)
conditions = st.recursive(
    comparisons,
    lambda inner: (
        st.builds("{} {} {}".format, inner, st.sampled_from(["&&", "||"]), inner)
        | st.builds("({} {} {})".format, inner, st.sampled_from(["&&", "||"]), inner)
        | st.builds("!({})".format, inner)
        | st.builds("({} ? {} : {})".format, inner, inner, inner)
    ),
    max_leaves=6,
)


@given(conditions)
def test_the_oracle_agrees(text: str) -> None:
    assert Expression.parse(text)(HERE) is cel.evaluate(text, HERE)


@pytest.mark.parametrize(
    "text", ["true || gone > 1.0", "false && gone > 1.0", "x == 0.0 ? true : gone > 1.0"]
)
def test_what_is_missing_and_does_not_matter(text: str) -> None:
    assert Expression.parse(text)(HERE) is cel.evaluate(text, HERE)
