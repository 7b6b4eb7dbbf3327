import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.store import summary
from gateway.store.columns import Columns

HOUR = 3_600_000
READINGS = st.lists(st.tuples(st.integers(0, 10**8), st.floats(-1e6, 1e6)), min_size=1)


def columns(readings: list[tuple[int, float]]) -> Columns:
    return Columns(
        np.array([at for at, _ in readings]), np.array([float(value) for _, value in readings])
    )


@given(READINGS, st.integers(1, 10**7))
def test_spans_say_what_a_plain_loop_says(readings: list[tuple[int, float]], step: int) -> None:
    found = summary.decode(summary.encode(summary.spans(columns(readings), step)))
    plain: dict[int, list[float]] = {}
    for at, value in readings:
        plain.setdefault(at // step * step, []).append(value)
    assert found.at.tolist() == sorted(plain)
    for i, at in enumerate(sorted(plain)):
        assert found.min[i] == min(plain[at])
        assert found.max[i] == max(plain[at])
        assert found.count[i] == len(plain[at])
        assert np.isclose(found.sum[i], sum(plain[at]), atol=1e-3)


@given(READINGS)
def test_hours_of_ten_minutes_are_hours(readings: list[tuple[int, float]]) -> None:
    fine = summary.fold(summary.spans(columns(readings), 600_000), HOUR)
    direct = summary.spans(columns(readings), HOUR)
    assert fine.at.tolist() == direct.at.tolist()
    assert fine.max.tolist() == direct.max.tolist()
    assert fine.count.tolist() == direct.count.tolist()


def test_a_summary_is_made_only_where_it_is_much_smaller() -> None:
    def every(milliseconds: int) -> Columns:
        return Columns(np.arange(4096) * milliseconds, np.zeros(4096))

    assert summary.best_step(every(10_000)) == 600_000
    assert summary.best_step(every(300_000)) == 3_600_000
    assert summary.best_step(every(86_400_000)) == 0
    assert summary.best_step(every(10_000)._replace(value=np.full(4096, np.nan))) == 0
