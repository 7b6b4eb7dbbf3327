from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store import Store, StoreSpec, audit, connection
from gateway.store.salvage import salvage


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store.open(tmp_path / "linli.db", StoreSpec())
    for n, (who, what) in enumerate([("ada", "login"), ("mei", "rule.save"), ("ada", "user.add")]):
        await store.audit.add(1000 + n, who, what, f"t{n}", "before", "after")
    yield store
    await store.aclose()


async def test_entries_come_newest_first_and_can_be_narrowed(store: Store) -> None:
    entries = await store.audit.entries()
    assert [(e.at, e.who, e.what) for e in entries] == [
        (1002, "ada", "user.add"),
        (1001, "mei", "rule.save"),
        (1000, "ada", "login"),
    ]
    assert [e.target for e in await store.audit.entries(who="ada")] == ["t2", "t0"]
    assert [e.target for e in await store.audit.entries(what="rule")] == ["t1"]
    assert [e.target for e in await store.audit.entries(1, before=entries[0].id)] == ["t1"]


async def test_the_oldest_make_room(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "KEEP", 2)
    await store.audit.add(2000, "li", "logout", "li")
    assert [e.what for e in await store.audit.entries()] == ["logout", "user.add"]


async def test_entries_outlive_a_restart_and_a_salvage(tmp_path: Path, store: Store) -> None:
    await store.aclose()
    with connection.lock(tmp_path / "linli.db"):
        assert salvage(tmp_path / "linli.db")["audit"] == 3
    again = Store.open(tmp_path / "linli.db", StoreSpec())
    try:
        assert len(await again.audit.entries()) == 3
    finally:
        await again.aclose()
