"""Incidents found again in a real store."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.inquiry import Inquiry
from gateway.model import Batch, Envelope, GridCode, Incident, Place, Reason
from gateway.store import Store, StoreSpec


def _incident(n: int, **more: Any) -> Incident:
    first: dict[str, Any] = {
        "id": f"i-{n}",
        "kind": "waste",
        "rule": "waste",
        "key": f"cam-{n}",
        "title": "Waste",
        "severity": "major",
        "status": "open",
        "place": Place(codes=(GridCode("x", f"1101{n}"),), address=f"Gate {n}"),
        "opened_at": 1000 * n,
        "updated_at": 1000 * n,
        "since": 1000 * n,
        "devices": (f"cam-{n}",),
        "reasons": (Reason("a bag lies there"),),
    }
    return Incident(**(first | more))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store.open(tmp_path / "linli.db", StoreSpec())
    first = [_incident(n) for n in range(1, 6)]
    closed = _incident(2, seq=1, status="void", updated_at=9000, closed_at=9000, note="a shadow")
    envelopes = [Envelope(f"{i.id}-{i.seq}", "city", "opened", i) for i in (*first, closed)]
    await store.commit(Batch(at=9000, incidents=(*first, closed), envelopes=tuple(envelopes)))
    yield store
    await store.aclose()


@pytest.mark.parametrize(
    ("inquiry", "expected"),
    [
        (Inquiry(), "54321"),
        (Inquiry(status=("void",)), "2"),
        (Inquiry(status=("open",), start=2000, end=5000), "43"),
        (Inquiry(grid="11014"), "4"),
        (Inquiry(grid="1101"), "54321"),
        (Inquiry(device="cam-3"), "3"),
        (Inquiry(text="SHADOW"), "2"),
        (Inquiry(text="gate 5"), "5"),
        (Inquiry(severity=("critical",)), ""),
        (Inquiry(rule="other"), ""),
    ],
)
async def test_each_field_narrows(store: Store, inquiry: Inquiry, expected: str) -> None:
    found = await store.cases.find(inquiry)
    assert "".join(incident.id[-1] for incident in found) == expected


async def test_pages_follow_each_other(store: Store) -> None:
    first = await store.cases.find(Inquiry(), limit=2)
    rest = await store.cases.find(Inquiry(), limit=9, before=first[-1].opened_at)
    assert [i.id for i in (*first, *rest)] == ["i-5", "i-4", "i-3", "i-2", "i-1"]


async def test_every_message_and_what_became_of_it(store: Store) -> None:
    await store.outbox.done("city", ["i-2-0"])
    await store.outbox.bury("city", "i-2-1", "unknown grid")
    found = await store.cases.deliveries("i-2")
    assert [(d.seq, d.state, d.reason) for d in found] == [
        (0, "done", ""),
        (1, "dead", "unknown grid"),
    ]
    assert await store.cases.deliveries("i") == []


async def test_what_was_open_within_a_span_comes_with_its_versions(store: Store) -> None:
    found = await store.cases.between(8000, 10_000)
    assert {history[-1].id: len(history) for history in found}["i-2"] == 2
    assert "i-2" not in {history[-1].id for history in await store.cases.between(9001, 10_000)}
    assert [h[-1].id for h in await store.cases.between(0, 1500)] == ["i-1"]
