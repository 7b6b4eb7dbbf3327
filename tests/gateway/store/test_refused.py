import math
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.model import Batch
from gateway.store import Store, refused, salvage
from tests.gateway.store.facts import NOON, reading

BAD = [(reading(i, math.nan), "not a finite number") for i in range(3)]


async def commit(store: Store, n: int) -> int:
    """*n* readings; the cursor behind them."""
    await store.journal.keep(["influx"])
    await store.commit(Batch(at=NOON, readings=tuple(reading(i) for i in range(n))))
    return (await store.journal.read(0, n))[1]


async def test_they_outlive_a_restart_together_with_the_cursor(
    opened: Callable[..., Store],
) -> None:
    store = opened()
    cursor = await commit(store, 5)
    await store.refused.bury("influx", BAD[:1], cursor, NOON + 9)
    store.close()
    store = opened()
    (letter,) = await store.refused.dead("influx")
    assert math.isnan(letter.reading.value)
    assert (letter.reading.device, letter.reason, letter.at) == ("bin-04", BAD[0][1], NOON + 9)
    assert await store.journal.cursor("influx") == cursor
    assert await store.refused.counts() == {"influx": 1}


async def test_a_person_decides(store: Store) -> None:
    await store.refused.bury("influx", BAD, 0, NOON)
    one, two, three = (letter.id for letter in await store.refused.dead("influx"))
    assert await store.refused.discard("influx", [one, 999]) == 1
    assert await store.refused.retry("influx", [two]) == 1
    assert [letter.id for letter in await store.refused.again("influx", 9)] == [two]
    assert await store.refused.retry("influx") == 1
    asked = [letter.id for letter in await store.refused.again("influx", 9)]
    await store.refused.settle(asked, {three: "out of retention"})
    (left,) = await store.refused.dead("influx")
    assert (left.id, left.reason) == (three, "out of retention")
    assert await store.refused.discard("influx") == 1
    assert await store.refused.counts() == {}


async def test_they_are_bounded_and_what_made_room_is_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refused, "KEEP", 2)
    await store.refused.bury("other", BAD, 0, NOON)
    await store.refused.bury("influx", BAD, 0, NOON)
    assert await store.refused.counts() == {"influx": 2, "other": 2}
    assert (await store.totals())["forgotten"] == 2


async def test_a_salvage_keeps_them(opened: Callable[..., Store], path: Path) -> None:
    store = opened()
    await store.refused.bury("influx", BAD, 0, NOON)
    await store.refused.retry("influx", [1])
    store.close()
    assert salvage.salvage(path)["refused"] == 3
    store = opened()
    assert len(await store.refused.dead("influx")) == 2
    assert len(await store.refused.again("influx", 9)) == 1
