"""What nobody takes up grows worse, tells others, and does so also after a restart."""

from functools import partial

import pytest

from devices.decoder import Decoder
from devices.registry import DeviceSpec
from gateway.escalation import Rung
from gateway.in_force import account
from gateway.incidents import Account, Ledger
from gateway.ladder import ladder
from gateway.model import (
    Action,
    Batch,
    Duration,
    Incident,
    Item,
    Packet,
    Phase,
    Place,
    Signal,
)
from gateway.routes import Route
from gateway.spine import Spine
from rules.engine import Engine
from rules.kinds.threshold import Threshold
from rules.rule import Escalation
from rules.selector import Names, Select
from rules.values import Span

T0 = 1_790_000_000_000
MINUTE = 60_000
HOT = Threshold(
    id="hot",
    incident="heat",
    select=Select(quantity=Names(["temperature"])),
    above=30,
    by="site",
    escalate=(
        Escalation(after=Span.parse("15m"), severity="major"),
        Escalation(after=Span.parse("1h"), tell=("street",)),
    ),
)
ROUTES = {
    "estate": Route(),
    "chief": Route(severity="major"),
    "street": Route(escalated=True),
}


class Box:
    """The parts as the gateway joins them."""

    def __init__(self, incidents: tuple[Incident, ...] = (), memory: bytes | None = None) -> None:
        decoder = Decoder([DeviceSpec(id=id, dialect="zigbee2mqtt") for id in ("a", "b")])
        engine = Engine([HOT], decoder.subjects())
        book = Ledger(partial(account, engine, ROUTES), partial(ladder, {"hot": HOT}, ROUTES))
        book.remember(incidents)
        self.spine = Spine(decoder, engine, book, list(ROUTES))
        self.spine.restore(memory, ())

    def at(self, minute: float, *items: Item) -> Batch:
        return self.spine.take(items, T0 + round(minute * MINUTE)).batch


def said(value: float, device: str = "a") -> Packet:
    return Packet(f"zigbee2mqtt/{device}", b'{"temperature": %d}' % value, "mqtt")


def heard(batch: Batch) -> list[tuple[str, str]]:
    return [(e.sink, e.phase) for e in batch.envelopes]


def test_it_climbs_step_by_step_and_tells_the_newcomers_that_it_was_opened() -> None:
    box = Box()
    assert heard(box.at(0, said(35))) == [("estate", "opened")]
    assert box.spine.due() == T0 + 15 * MINUTE
    batch = box.at(20)
    assert heard(batch) == [("estate", "updated"), ("chief", "opened")]
    (incident,) = batch.incidents
    assert (incident.severity, incident.updated_at) == ("major", T0 + 15 * MINUTE)
    assert incident.reasons[-1].text == "nobody took it up within 15m"
    assert heard(box.at(60)) == [("estate", "updated"), ("chief", "updated"), ("street", "opened")]
    assert box.spine.due() is None
    assert [sink for sink, _ in heard(box.at(70, said(20)))] == ["estate", "chief", "street"]


@pytest.mark.parametrize("phase", ["acknowledged", "in_progress", "resolved", "void"])
def test_who_takes_it_up_stops_it(phase: Phase) -> None:
    box = Box()
    (incident,) = box.at(0, said(35)).incidents
    box.at(14, Action(incident.id, phase, "li.na"))
    assert not box.at(120).incidents


def test_what_ends_by_itself_is_left_in_peace() -> None:
    box = Box()
    box.at(0, said(35))
    box.at(10, said(20))
    assert not box.at(120).incidents


def test_a_restart_goes_on_from_the_step_that_was_reached() -> None:
    box = Box()
    known = [*box.at(0, said(35)).incidents, *box.at(20).incidents]
    again = Box((known[-1],), box.spine.snapshot())
    turn = again.spine.reconcile(T0 + 90 * MINUTE)
    (incident,) = turn.batch.incidents
    assert (incident.escalated, incident.updated_at) == (2, T0 + 60 * MINUTE)


def test_an_update_takes_nothing_back() -> None:
    box = Box()
    box.at(0, said(35))
    box.at(20)
    (incident,) = box.at(21, said(40, "b")).incidents
    assert incident.devices == ("a", "b")
    assert incident.severity == "major"
    assert incident.reasons[-1].code == "unacknowledged"


def test_steps_come_one_after_the_other() -> None:
    late, soon = Span(Duration.parse("1h")), Span(Duration.parse("5m"))
    with pytest.raises(ValueError, match="escalate: each step has to come later"):
        Threshold(
            id="x",
            incident="x",
            select=Select(quantity=Names(["t"])),
            above=1,
            escalate=(
                Escalation(after=late, severity="major"),
                Escalation(after=soon, severity="critical"),
            ),
        )
    with pytest.raises(ValueError, match="give `severity` or `tell`"):
        Escalation(after=late)


def test_a_ladder_that_has_changed_is_followed_as_it_is() -> None:
    rungs = [Rung(Span.parse("15m"), "major", ())]
    book = Ledger(
        lambda signal: Account("heat", "hot", "minor", Place()), lambda incident: tuple(rungs)
    )
    book.apply(Signal("hot", "a", firing=True, at=T0, since=T0))
    rungs.clear()
    assert [*book.escalate(T0 + 20 * MINUTE)] == []
    assert book.due() is None
    rungs.append(Rung(Span.parse("30m"), "critical", ()))
    firing = Signal("hot", "a", firing=True, at=T0, since=T0)
    assert [*book.reconcile([firing], T0 + 21 * MINUTE)] == []
    assert book.due() == T0 + 30 * MINUTE
