import json
from collections import Counter
from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from devices.decoder import Decoder
from devices.registry import DeviceSpec
from gateway.envelopes import addressed
from gateway.incidents import Account, Ledger
from gateway.model import (
    Action,
    Answer,
    Batch,
    Duration,
    Evidence,
    Packet,
    Place,
    Quality,
    Reading,
    Scene,
    Shift,
    Signal,
)
from gateway.shadow import Shadow, episodes
from gateway.spine import Spine, Turn
from rules.engine import Engine
from rules.kinds.threshold import Threshold
from rules.selector import Names, Select

T0 = 1_790_000_000_000
MINUTE = 60_000
HOT = Threshold(
    id="hot",
    incident="heat",
    select=Select(quantity=Names(["temperature"])),
    above=30,
    wait=Duration(MINUTE),
)
DEVICES = [DeviceSpec(id="bin-1", dialect="zigbee2mqtt"), DeviceSpec(id="bin-2")]


def spine() -> Spine:
    decoder = Decoder(DEVICES)
    engine = Engine([HOT], decoder.subjects())
    ledger = Ledger(lambda signal: Account("heat", signal.key, "minor", Place("s1")))
    return Spine(decoder, engine, ledger, ["city", "street"])


def said(value: float, device: str = "bin-1") -> Packet:
    return Packet(f"zigbee2mqtt/{device}", json.dumps({"temperature": value}).encode(), "mqtt")


def values(path: Spine) -> dict[str, float | str]:
    return {q: r.value for q, r in path.latest.of("bin-1").items()}


def phases(turns: Sequence[Turn]) -> list[tuple[str, int]]:
    return [(e.phase, e.incident.updated_at) for t in turns for e in t.batch.envelopes]


def test_a_packet_becomes_a_reading_at_the_instant_at_which_it_was_taken() -> None:
    turn = spine().take([said(21.5)], T0)
    assert turn.batch.readings == (
        Reading(device="bin-1", quantity="temperature", value=21.5, at=T0, unit="Cel"),
    )
    assert turn.tally["packets", "zigbee2mqtt", "ok"] == 1


def test_a_condition_that_held_long_enough_is_told_to_every_sink_once() -> None:
    path = spine()
    turns = [path.take([said(35)], T0), path.pass_time(T0 + MINUTE)]
    envelopes = turns[1].batch.envelopes
    assert [(e.sink, e.phase) for e in envelopes] == [("city", "opened"), ("street", "opened")]
    assert len({e.id for e in envelopes}) == 1
    assert turns[0].batch.envelopes == ()


def test_a_poisoned_packet_is_kept_and_the_next_one_is_served() -> None:
    turn = spine().take([Packet("zigbee2mqtt/bin-1", b'{"temp', "mqtt"), said(20)], T0)
    (kept,) = turn.batch.quarantined
    assert (kept.topic, kept.payload, kept.at) == ("zigbee2mqtt/bin-1", b'{"temp', T0)
    assert kept.reason
    assert len(turn.batch.readings) == 1


def test_a_device_that_is_not_registered_is_shown_and_not_stored() -> None:
    turn = spine().take([said(21, device="stranger")], T0)
    assert turn.batch.readings == ()
    assert turn.unknown
    assert turn.empty


def test_what_a_broker_kept_is_stored_and_opens_nothing() -> None:
    path = spine()
    kept = Packet("zigbee2mqtt/bin-1", b'{"temperature":35}', "mqtt", retained=True)
    turns = [path.take([kept], T0), path.pass_time(T0 + 10 * MINUTE)]
    assert len(turns[0].batch.readings) == 1
    assert phases(turns) == []


def test_a_decision_of_a_person_is_committed_and_told() -> None:
    path = spine()
    path.take([said(35)], T0)
    opened = path.pass_time(T0 + MINUTE).batch.incidents[0]
    action = Action(incident=opened.id, phase="acknowledged", who="li.na")
    turn = path.take([action], T0 + 2 * MINUTE)
    assert turn.batch.actions[0].at == T0 + 2 * MINUTE
    assert next((e.phase, e.id) for e in turn.batch.envelopes) == (
        "acknowledged",
        f"{opened.id}-1",
    )


def test_what_a_platform_answers_is_committed_and_told_to_nobody_until_it_is_sent_again() -> None:
    path = spine()
    path.take([said(35)], T0)
    opened = path.pass_time(T0 + MINUTE).batch.incidents[0]
    refused = Answer(opened.id, "city", "rejected", text="no such grid", at=1)
    batch = path.take([refused], T0 + 2 * MINUTE).batch
    assert [(a.text, a.at) for a in batch.answers] == [("no such grid", T0 + 2 * MINUTE)]
    assert batch.incidents[0].answers == batch.answers
    assert batch.envelopes == ()
    again = path.take([Answer(opened.id, "city", "resent")], T0 + 3 * MINUTE).batch
    assert [(e.sink, e.phase, e.id) for e in again.envelopes] == [
        ("city", "opened", f"{opened.id}-2")
    ]


def test_pictures_have_a_line_of_their_own_where_a_sink_attaches_them() -> None:
    pictures = tuple(Evidence(f"{n:x}" * 64, "image/jpeg", "now", T0, 9) for n in range(3))
    ledger = Ledger(lambda signal: Account("heat", signal.key, "minor", Place("s1"), ("city",)))
    change = ledger.apply(Signal("hot", "bin-1", True, T0, T0, evidence=pictures))
    assert change is not None
    id = change.incident.id
    found = [*addressed(change, "city/pictures")]
    assert [(e.sink, len(e.incident.evidence)) for e in found] == [("city/pictures", 1)] * 2
    wanted = [f"picture-{id}-{letter * 16}" for letter in "02"]
    assert [e.id for e in found] == wanted, "the first and the last, known again by their hash"
    assert [e.id for e in addressed(change, "city")] == [f"{id}-0"]


def test_scenes_are_stamped_and_kept() -> None:
    turn = spine().take([Scene("cam-1", ())], T0)
    assert turn.batch.scenes == (Scene("cam-1", (), at=T0),)


steps = st.lists(
    st.tuples(st.integers(0, 90_000), st.sampled_from([20.0, 35.0]), st.booleans()), max_size=20
)


@given(steps)
def test_a_restart_anywhere_changes_nothing(story: list[tuple[int, float, bool]]) -> None:
    """Killed after any turn, with or without a snapshot, it goes on as if nothing had been."""
    whole, torn = spine(), spine()
    want, got = [], []
    snapshot: bytes | None = None
    tail: list[tuple[Reading, ...]] = []
    now = T0
    for gap, value, kill in story:
        now += gap
        want.append(whole.take([said(value)], now))
        turn = torn.take([said(value)], now, snapshot=kill and gap % 2 == 0)
        got.append(turn)
        tail.append(turn.batch.readings)
        if turn.batch.snapshot is not None:
            snapshot, tail = turn.batch.snapshot, []
        if kill:
            torn = _after_a_kill(got, snapshot, tail)
            got.append(torn.reconcile(now))
    want.append(whole.pass_time(now + 10 * MINUTE))
    got.append(torn.pass_time(now + 10 * MINUTE))
    assert phases(got) == phases(want)
    assert values(torn) == values(whole)


def _after_a_kill(
    turns: list[Turn], snapshot: bytes | None, tail: list[tuple[Reading, ...]]
) -> Spine:
    decoder = Decoder(DEVICES)
    engine = Engine([HOT], decoder.subjects())
    ledger = Ledger(lambda signal: Account("heat", signal.key, "minor", Place("s1")))
    ledger.remember({i.id: i for t in turns for i in t.batch.incidents}.values())
    again = Spine(decoder, engine, ledger, ["city", "street"])
    again.restore(snapshot, tail)
    return again


def test_when_the_time_becomes_known_incidents_get_their_right_times() -> None:
    path = spine()
    wrong, right = 1_000_000, T0
    path.take([said(35)], wrong, synced=False)
    (opened, *_) = path.take([said(36)], wrong + MINUTE, synced=False).batch.envelopes
    assert opened.incident.opened_at == wrong + MINUTE
    shift = Shift(wrong, wrong + 2 * MINUTE, right - wrong)
    turn = path.put_right(shift, right + 2 * MINUTE)
    assert turn.batch.shift == shift
    assert turn.batch.snapshot is not None
    told = [(e.sink, e.phase, e.incident) for e in turn.batch.envelopes]
    assert [(sink, phase, i.opened_at, i.since) for sink, phase, i in told] == [
        ("city", "updated", right + MINUTE, right),
        ("street", "updated", right + MINUTE, right),
    ]
    assert path.latest.seen("bin-1") == right + MINUTE


def test_what_comes_before_the_time_is_known_is_marked() -> None:
    (reading,) = spine().take([said(21)], T0, synced=False).batch.readings
    assert reading.quality == Quality.UNSYNCED


SOONER = replace(HOT, above=20, wait=Duration(0))


def with_trial() -> Spine:
    decoder = Decoder(DEVICES)
    engine = Engine([HOT], decoder.subjects())
    ledger = Ledger(lambda signal: Account("heat", signal.key, "minor", Place("s1")))
    trial = Shadow([SOONER], [HOT], decoder.subjects())
    return Spine(decoder, engine, ledger, ["city"], trial)


def test_a_rule_on_trial_is_judged_and_recorded_and_opens_nothing() -> None:
    path = with_trial()
    turn = path.take([said(25)], T0)
    assert [(s.rule, s.key, s.firing, s.at) for s in turn.batch.shadowed] == [
        ("hot", "bin-1", True, T0)
    ]
    assert (turn.batch.incidents, turn.batch.envelopes) == ((), ())
    assert path.pass_time(T0 + MINUTE).empty, "nothing is recorded twice"
    only = Turn(Batch(at=T0, shadowed=turn.batch.shadowed), Counter())
    assert not only.empty, "it is committed though nothing else was found out"


@given(steps)
def test_a_trial_goes_on_over_restarts(story: list[tuple[int, float, bool]]) -> None:
    whole, torn = with_trial(), with_trial()
    want: list[Signal] = []
    got: list[Signal] = []
    snapshot: bytes | None = None
    tail: list[tuple[Reading, ...]] = []
    now = T0
    for gap, value, kill in story:
        now += gap
        want += whole.take([said(value)], now).batch.shadowed
        turn = torn.take([said(value)], now, snapshot=gap % 3 == 0)
        got += turn.batch.shadowed
        tail.append(turn.batch.readings)
        if turn.batch.snapshot is not None:
            snapshot, tail = turn.batch.snapshot, []
        if kill:
            torn = with_trial()
            torn.restore(snapshot, tail)
            again = torn.reconcile(now)
            got += again.batch.shadowed
            snapshot, tail = again.batch.snapshot, []
    assert episodes(got) == episodes(want)


def test_a_snapshot_from_before_trials_is_still_read() -> None:
    path = spine()
    path.take([said(35)], T0)
    memory = msgspec.msgpack.decode(path.snapshot())
    del memory["shadow"]
    again = with_trial()
    again.restore(msgspec.msgpack.encode(memory), ())
    assert values(again) == values(path)


def test_a_changed_trial_begins_anew_and_one_that_stays_goes_on() -> None:
    path, decoder = with_trial(), Decoder(DEVICES)
    path.take([said(25)], T0)
    for trial, still in ((SOONER, True), (replace(SOONER, above=24), False)):
        fresh = Shadow([trial], [HOT], decoder.subjects())
        engine = Engine([HOT], decoder.subjects())
        path.adopt(Decoder(DEVICES), engine, fresh, T0 + 1000, lambda: None)
        told = path.take([said(10)], T0 + 2000).batch.shadowed
        assert [s.firing for s in told] == ([False] if still else [])
        path.take([said(25)], T0 + 3000)
