from collections import defaultdict
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Reading
from gateway.store import columns
from gateway.store.failures import Damaged

TIMES = st.integers(-(2**62), 2**62)
READINGS = st.lists(
    st.builds(
        Reading,
        device=st.sampled_from("abc"),
        quantity=st.sampled_from("xy"),
        value=st.floats(allow_nan=False) | st.text(st.characters(exclude_categories=["Cs"])),
        at=TIMES,
        measured_at=st.none() | TIMES,
        quality=st.integers(0, 31),
        unit=st.just(""),
    )
)


def pack(readings: list[Reading]) -> tuple[bytes, dict[int, columns.Key]]:
    numbers = count(1)
    ids: defaultdict[columns.Key, int] = defaultdict(lambda: next(numbers))
    blob = columns.pack(readings, ids)
    return blob, {number: key for key, number in ids.items()}


@given(READINGS)
def test_readings_come_back_as_they_were(readings: list[Reading]) -> None:
    blob, keys = pack(readings)
    assert columns.readings(*columns.unpack(blob), keys) == readings


@given(READINGS, st.data())
def test_readings_come_back_from_any_start(readings: list[Reading], data: st.DataObject) -> None:
    blob, keys = pack(readings)
    start = data.draw(st.integers(0, len(readings)))
    assert columns.readings(*columns.unpack(blob), keys, start) == readings[start:]


@given(st.binary())
def test_any_bytes_are_columns_or_damaged(blob: bytes) -> None:
    try:
        series, batch = columns.unpack(blob)
    except Damaged:
        return
    assert len(series) == len(batch.at) == len(batch.value)


def test_a_lone_surrogate_does_not_stop_the_spine() -> None:
    blob, keys = pack([Reading("a", "x", "\ud800", 1)])
    (back,) = columns.readings(*columns.unpack(blob), keys)
    assert back.value == "?"


def test_plain_readings_cost_sixteen_bytes() -> None:
    blob, _ = pack([Reading("a", "x", 1.5, 1_800_000_000_000 + i) for i in range(1000)])
    assert len(blob) / 1000 < 16.1


def test_a_number_where_a_value_should_be_is_a_bug_and_loud() -> None:
    with pytest.raises(TypeError):
        pack([Reading("a", "x", None, 1)])  # type: ignore[arg-type]  # the mistake in question
