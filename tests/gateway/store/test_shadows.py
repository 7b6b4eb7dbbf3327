from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.model import Batch, Reason, Signal
from gateway.store import Store, StoreSpec, connection, writer
from gateway.store.salvage import salvage

OPEN = Signal("full", "bin-1", True, 1000, 900, (Reason("93 %"),), ("bin-1",))
OVER = Signal("full", "bin-1", False, 2000, 900)
OTHER = Signal("hot", "bin-1", True, 1500, 1500)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store.open(tmp_path / "linli.db", StoreSpec())
    await store.commit(Batch(at=1000, shadowed=(OPEN, OTHER)))
    await store.commit(Batch(at=2000, shadowed=(OVER,)))
    yield store
    await store.aclose()


async def test_what_a_rule_on_trial_told_is_kept_by_rule_and_in_order(store: Store) -> None:
    assert await store.shadows.told("full", 0) == [OPEN, OVER]
    assert await store.shadows.told("full", 1001) == [OVER]
    assert await store.shadows.told("full", 0, limit=1) == [OVER]
    assert await store.incidents() == []


async def test_the_oldest_make_room(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SHADOWED", 1)
    await store.commit(Batch(at=3000, shadowed=(OPEN,)))
    assert await store.shadows.told("full", 0) == [OPEN]
    assert await store.shadows.told("hot", 0) == []


async def test_it_outlives_a_salvage(tmp_path: Path, store: Store) -> None:
    await store.aclose()
    with connection.lock(tmp_path / "linli.db"):
        assert salvage(tmp_path / "linli.db")["shadow"] == 3
    again = Store.open(tmp_path / "linli.db", StoreSpec())
    try:
        assert await again.shadows.told("full", 0) == [OPEN, OVER]
    finally:
        await again.aclose()
