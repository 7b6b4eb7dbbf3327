from pathlib import Path

import numpy as np
import pytest

from gateway.model import Batch, Reading
from gateway.store import Store, compaction
from gateway.store.history import History
from tests.gateway.store.facts import NOON, reading
from tests.gateway.store.test_compaction import do_chores

DAY = 86_400_000


async def fill(store: Store, n: int, apart: int) -> list[Reading]:
    """*n* readings of one bin, *apart* milliseconds, most of them compacted."""
    readings = [
        reading(i * apart, float(i % 97), measured_at=NOON + i * apart - 5) for i in range(n)
    ]
    for start in range(0, n, 500):
        part = tuple(readings[start : start + 500])
        await store.commit(Batch(at=part[-1].at, readings=part, snapshot=b""))
        await do_chores(store)
    return readings


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "READINGS", 500)
    monkeypatch.setattr(compaction.shelf, "FULL", 1000)


@pytest.mark.usefixtures("small")
async def test_a_chart_of_few_readings_shows_each(store: Store) -> None:
    readings = await fill(store, 2600, 10_000)
    some = readings[1500:1600]
    chart = await store.series(
        "bin-04", "fill_level", NOON + 1500 * 10_000 - 5, NOON + 1600 * 10_000 - 5
    )
    assert chart.at.tolist() == [r.measured_at for r in some]
    assert (
        chart.min.tolist() == chart.mean.tolist() == chart.max.tolist() == [r.value for r in some]
    )
    assert chart.count.tolist() == [1] * 100


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("points", [2500, 40, 7, 1])
async def test_a_thinned_chart_accounts_for_every_reading(store: Store, points: int) -> None:
    """From summaries where they are fine enough, from readings elsewhere: the same sums."""
    readings = await fill(store, 2600, 10_000)
    db = store._access.writer.db
    assert db.execute("SELECT count(*) FROM chunk WHERE step > 0").fetchone()[0] == 2
    values = np.array([float(r.value) for r in readings])
    chart = await store.series("bin-04", "fill_level", NOON - DAY, NOON + DAY, points)
    assert len(chart.at) <= points + 1
    assert chart.count.sum() == 2600
    assert np.isclose((chart.mean * chart.count).sum(), values.sum())
    assert (chart.min.min(), chart.max.max()) == (values.min(), values.max())
    assert (np.diff(chart.at) > 0).all()


async def test_a_chart_of_nothing_is_empty(store: Store) -> None:
    chart = await store.series("nobody", "nothing", 0, NOON)
    assert len(chart.at) == len(chart.mean) == 0


async def test_a_chart_leaves_out_texts_and_other_series(store: Store) -> None:
    batch = (
        reading(1, 5.0),
        reading(2, "open"),
        reading(3, 9.0, "bin-05"),
        reading(4, 7.0, unit="cm"),
    )
    await store.commit(Batch(at=NOON, readings=batch))
    chart = await store.series("bin-04", "fill_level", 0, 2**60)
    assert chart.mean.tolist() == [5.0, 7.0]


@pytest.mark.usefixtures("small")
async def test_a_scan_gives_exactly_the_span_and_series_asked_for(store: Store, path: Path) -> None:
    readings = await fill(store, 2600, 1000)
    await store.commit(Batch(at=NOON, readings=(reading(5, 1.0, "bin-05"),)))
    start, end = readings[700].at, readings[2550].at
    found = list(History(path).scan(start, end, device="bin-04", quantity="fill_level"))
    assert np.concatenate([c.at for c in found]).tolist() == [r.at for r in readings[700:2550]]
    assert np.concatenate([c.value for c in found]).tolist() == [
        r.value for r in readings[700:2550]
    ]
    assert {(c.device, c.quantity, c.unit) for c in found} == {("bin-04", "fill_level", "%")}
    assert [c.device for c in History(path).scan(NOON + 5, NOON + 6)] == ["bin-05"]


async def test_a_scan_sees_one_moment(store: Store, path: Path) -> None:
    await store.commit(Batch(at=NOON, readings=(reading(1), reading(1, device="z"))))
    scan = History(path).scan(0, 2**60)
    first = next(scan)
    await store.commit(Batch(at=NOON, readings=(reading(2), reading(2, device="z"))))
    assert [len(first.at), *(len(c.at) for c in scan)] == [1, 1]
