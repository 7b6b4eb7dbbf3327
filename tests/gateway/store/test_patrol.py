"""A damaged row is taken out; what others still know of it is put back."""

import pytest

from gateway.model import Batch, Phase, Status
from gateway.store import Store
from tests.gateway.store.facts import NOON, envelope, incident
from tests.gateway.store.test_compaction import do_chores


async def rot(store: Store, table: str) -> None:
    """Change every checksum of *table*; read; let the chores find what was met."""
    db = store._access.writer.db
    db.execute(f"UPDATE {table} SET crc = crc + 1")
    await store.incidents()
    await store.outbox.next("city", 10)
    await store.outbox.dead("city", 10)
    await do_chores(store)


async def test_an_incident_is_taken_from_its_last_version(store: Store) -> None:
    versions = incident(), incident(seq=1, status="acknowledged")
    await store.commit(Batch(at=NOON, incidents=versions))
    await rot(store, "incident")
    assert await store.incidents() == [versions[1]]
    assert store.recall().incidents == (versions[1],)
    assert [q.topic for q in await store.quarantined()] == ["incident/1"]


@pytest.mark.parametrize(
    ("seq", "status", "phase"),
    [(0, "open", "opened"), (1, "open", "updated"), (1, "resolved", "resolved")],
)
async def test_an_envelope_is_made_again_from_its_incident(
    store: Store, seq: int, status: Status, phase: Phase
) -> None:
    told = incident(seq=seq, status=status)
    known = (incident(), told) if seq else (told,)
    letter = envelope(told, phase=phase)
    await store.commit(Batch(at=NOON, incidents=known, envelopes=(letter,)))
    await rot(store, "outbox")
    assert await store.outbox.next("city", 10) == [letter]


async def test_what_nobody_else_knows_is_gone_and_told(store: Store) -> None:
    await store.commit(Batch(at=NOON, envelopes=(envelope(incident()),)))
    await rot(store, "outbox")
    assert await store.outbox.next("city", 10) == []
    assert [q.topic for q in await store.quarantined()] == ["outbox/1"]
