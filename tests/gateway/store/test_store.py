from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.model import Action, Answer, Batch, Quality, Quarantined
from gateway.store import Store, StoreFailed, StoreLocked
from tests.gateway.store.facts import NOON, envelope, incident, reading, scene

Open = Callable[..., Store]


async def test_what_was_committed_is_there_after_a_restart(path: Path, opened: Open) -> None:
    seen = (reading(1, 80.5), reading(1, "open", quantity="lid", quality=Quality.LATE, unit=""))
    first = opened()
    await first.commit(Batch(at=NOON, snapshot=b"rules", readings=(reading(),)))
    await first.commit(
        Batch(
            at=NOON + 1,
            readings=seen,
            scenes=(scene(1),),
            actions=(Action("i-1", "acknowledged", "li"),),
            answers=(Answer("i-1", "city", "accepted", "SR-17"),),
            incidents=(incident(), incident("i-2", status="resolved")),
            envelopes=(envelope(incident()),),
        )
    )
    first.close()

    second = opened()
    recall = second.recall()
    assert recall.snapshot == b"rules"
    assert recall.at == NOON + 1
    assert list(recall.tail) == [(*seen, scene(1))]
    assert recall.incidents == (incident(),)
    assert await second.outbox.next("city") == [envelope(incident())]
    assert (await second.journal.read(0, 10))[0] == [reading(), *seen]
    second.close()


async def test_a_new_store_recalls_nothing(store: Store) -> None:
    recall = store.recall()
    assert (recall.snapshot, recall.incidents, recall.at) == (None, (), 0)
    assert list(recall.tail) == []


async def test_only_one_process_may_write(store: Store, path: Path, opened: Open) -> None:
    with pytest.raises(StoreLocked, match="in use"):
        opened()


async def test_the_last_version_of_an_incident_is_its_present_state(store: Store) -> None:
    versions = incident(), incident(seq=1, status="acknowledged"), incident(seq=2, status="void")
    await store.commit(Batch(at=NOON, incidents=versions[:2]))
    await store.commit(Batch(at=NOON, incidents=versions[2:]))
    await store.commit(Batch(at=NOON, incidents=versions[:1]))  # an old one, once more
    assert await store.incidents() == [versions[2]]
    assert await store.incident("i-1") == list(versions)
    assert await store.incident("i-9") == []
    assert store.recall().incidents == ()


async def test_incidents_are_listed_latest_first_by_status_and_page(store: Store) -> None:
    all_five = [incident(f"i-{n}", opened=NOON + n) for n in range(5)]
    closed = incident("i-9", status="resolved", opened=NOON + 9)
    await store.commit(Batch(at=NOON, incidents=(*all_five, closed)))
    assert await store.incidents(limit=2) == [closed, all_five[4]]
    assert await store.incidents({"open"}, limit=2) == [all_five[4], all_five[3]]
    assert await store.incidents(("open",), before=NOON + 3) == all_five[2::-1]
    assert await store.incidents(set()) == []


async def test_quarantine_keeps_the_newest_within_its_bounds(path: Path, opened: Open) -> None:
    store = opened(quarantine_rows=3, quarantine_limit=1000)
    packets = [Quarantined(NOON + n, "mqtt", "a/b", "no JSON", b"\xff" * 300) for n in range(9)]
    for n in range(0, 9, 3):
        await store.commit(Batch(at=NOON, quarantined=tuple(packets[n : n + 3])))
    assert await store.quarantined() == packets[:5:-1]
    big = Quarantined(NOON, "mqtt", "\udcff", "big", b"x" * 100_000)
    await store.commit(Batch(at=NOON, quarantined=(big,)))
    (kept,) = await store.quarantined()
    assert (kept.topic, len(kept.payload)) == ("?", 65_536)
    store.close()


async def test_a_bug_of_ours_is_no_failure_of_the_disk(store: Store) -> None:
    with pytest.raises(OverflowError):
        await store.commit(Batch(at=2**70))
    await store.commit(Batch(at=NOON, readings=(reading(),)))
    assert (await store.journal.read(0, 10))[0] == [reading()]


async def test_a_failed_commit_is_tried_again_after_reopening(store: Store) -> None:
    """A closed connection stands for a disk that went away."""
    await store.commit(Batch(at=NOON, readings=(reading(),)))
    batch = Batch(at=NOON + 1, readings=(reading(1), reading(2)), envelopes=(envelope(incident()),))
    writer = store._access.writer
    writer.broken = StoreFailed("unplugged")
    with pytest.raises(StoreFailed, match="not reopened since unplugged"):
        await store.commit(batch)
    await store.reopen()
    await store.commit(batch)
    assert (await store.journal.read(0, 10))[0] == [reading(), reading(1), reading(2)]
    assert (await store.totals())["committed"] == 3


async def test_a_commit_that_failed_after_it_was_durable_is_not_repeated(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write got through, the answer did not: the same batch must not count twice."""
    batch = Batch(at=NOON, readings=(reading(),))
    writer = store._access.writer
    honest = writer.transact

    def unheard(doing: str, work: object) -> object:
        honest(doing, work)  # type: ignore[arg-type]  # passed on as it came
        writer.broken = StoreFailed("disk I/O error")
        raise writer.broken

    monkeypatch.setattr(writer, "transact", unheard)
    with pytest.raises(StoreFailed):
        await store.commit(batch)
    await store.reopen()
    await store.commit(batch)
    await store.commit(Batch(at=NOON, readings=(reading(1),)))
    assert (await store.journal.read(0, 10))[0] == [reading(), reading(1)]


async def test_files_are_for_the_owner_only(store: Store, path: Path) -> None:
    await store.commit(Batch(at=NOON))
    for file in path.parent.glob("linli.db*"):
        assert file.stat().st_mode & 0o077 == 0, file
