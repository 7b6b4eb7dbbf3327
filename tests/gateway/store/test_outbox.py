from gateway.model import Batch, Envelope
from gateway.store import Backlog, Store
from tests.gateway.store.facts import NOON, envelope, incident


async def fill(store: Store, sink: str, n: int) -> list[Envelope]:
    envelopes = [envelope(incident(f"i-{i}"), sink) for i in range(n)]
    await store.commit(Batch(at=NOON, envelopes=tuple(envelopes)))
    return envelopes


async def test_envelopes_leave_in_order_per_sink(store: Store) -> None:
    city = await fill(store, "city", 3)
    hook = await fill(store, "hook", 2)
    assert await store.outbox.next("city") == city[:1]
    assert await store.outbox.next("city", 10) == city
    await store.outbox.done("city", [city[0].id, city[1].id])
    assert await store.outbox.next("city", 10) == city[2:]
    assert await store.outbox.next("hook", 10) == hook
    assert await store.outbox.next("nobody") == []


async def test_an_envelope_is_queued_once_even_after_it_was_delivered(store: Store) -> None:
    (sent,) = await fill(store, "city", 1)
    await fill(store, "city", 1)
    assert await store.outbox.next("city", 10) == [sent]
    await store.outbox.done("city", [sent.id])
    await fill(store, "city", 1)
    assert await store.outbox.next("city", 10) == []


async def test_dead_letters_keep_their_reason_and_their_place(store: Store) -> None:
    one, two, three = await fill(store, "city", 3)
    await store.outbox.bury("city", two.id, "422: unknown grid")
    assert await store.outbox.next("city", 10) == [one, three]
    (letter,) = await store.outbox.dead("city", 10)
    assert (letter.envelope, letter.reason, letter.at) == (two, "422: unknown grid", NOON)
    assert await store.outbox.revive("city", two.id)
    assert not await store.outbox.revive("city", two.id)
    assert await store.outbox.next("city", 10) == [one, two, three]
    assert await store.outbox.dead("city") == []


async def test_the_backlog_counts_what_waits_and_what_is_dead(store: Store) -> None:
    assert await store.outbox.backlog() == {}
    one, _, _ = await fill(store, "city", 3)
    (hook,) = await fill(store, "hook", 1)
    await store.outbox.bury("city", one.id, "")
    await store.outbox.bury("hook", hook.id, "")
    assert await store.outbox.backlog() == {
        "city": Backlog(2, 1, NOON),
        "hook": Backlog(0, 1, None),
    }


async def test_a_damaged_envelope_is_told_and_passed_over(store: Store) -> None:
    one, two = await fill(store, "city", 2)
    store._access.writer.db.execute("UPDATE outbox SET crc = crc + 1 WHERE id = ?", (one.id,))
    assert await store.outbox.next("city", 10) == [two]
    assert store._access.damage.take() == [("outbox", 1, "envelope i-0-0 for city: wrong checksum")]
