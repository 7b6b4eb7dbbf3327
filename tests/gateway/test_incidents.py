from gateway.answered import MOST_ANSWERS
from gateway.incidents import Account, Change, Ledger, incident_id
from gateway.model import Action, Answer, AnswerState, Evidence, Phase, Place, Reason, Signal

KEEPER = "li.na"


def ledger() -> Ledger:
    return Ledger(lambda s: Account("overflowing_bin", f"{s.key} is full", "minor", Place("s1")))


def signal(at: int, *, firing: bool = True, key: str = "bin-1", **more: object) -> Signal:
    return Signal(rule="full", key=key, firing=firing, at=at, since=at, **more)


def opened(book: Ledger, at: int = 1000) -> str:
    change = book.apply(signal(at))
    assert change is not None
    return change.incident.id


def act(book: Ledger, incident: str, phase: Phase, at: int = 2000) -> Change | None:
    return book.act(Action(incident=incident, phase=phase, who=KEEPER, at=at))


def test_a_signal_opens_an_incident_with_an_id_that_a_replay_finds_again() -> None:
    first, again = ledger().apply(signal(1000)), ledger().apply(signal(1000))
    assert first is not None
    assert first == again
    assert first.phase == "opened"
    assert (first.incident.title, first.incident.seq) == ("bin-1 is full", 0)


def test_the_end_of_the_condition_resolves_it() -> None:
    book = ledger()
    opened(book)
    change = book.apply(signal(9000, firing=False))
    assert change is not None
    assert (change.phase, change.incident.closed_at, change.incident.seq) == ("resolved", 9000, 1)
    assert [*book.reconcile([], 9999)] == []


def test_an_update_that_says_nothing_new_is_no_version() -> None:
    book = ledger()
    opened(book)
    assert book.apply(signal(2000, update=True)) is None


def test_an_update_adds_evidence_and_devices_once() -> None:
    book = ledger()
    opened(book)
    picture = Evidence("ab" * 32, "image/jpeg", "now", 1500, 10)
    more = signal(2000, update=True, devices=("bin-2",), evidence=(picture,))
    change = book.apply(more)
    assert change is not None
    assert change.phase == "updated"
    assert (change.incident.devices, change.incident.evidence) == (("bin-2",), (picture,))
    assert book.apply(more) is None


def test_a_false_alarm_stays_closed_while_its_condition_goes_on() -> None:
    book = ledger()
    id = opened(book)
    change = act(book, id, "void")
    assert change is not None
    assert change.incident.status == "void"
    assert book.apply(signal(3000, firing=False)) is None
    assert opened(book, 4000) != id


def test_only_a_closed_one_can_be_reopened_and_then_only_a_person_closes_it() -> None:
    book = ledger()
    id = opened(book)
    assert act(book, id, "reopened") is None
    act(book, id, "resolved")
    assert act(book, id, "acknowledged", 2500) is None
    again = act(book, id, "reopened", 3000)
    assert again is not None
    assert (again.phase, again.incident.closed_at) == ("reopened", None)
    assert book.apply(signal(4000, firing=False)) is None
    assert [*book.reconcile([], 5000)] == []
    last = act(book, id, "resolved", 6000)
    assert last is not None
    assert last.incident.handled_by == KEEPER


def test_a_decision_about_an_unknown_incident_changes_nothing() -> None:
    assert act(ledger(), "nobody", "acknowledged") is None


def test_after_a_restart_rules_and_incidents_agree_again() -> None:
    before = ledger()
    held, gone = signal(1000), signal(1000, key="bin-2")
    kept = [c.incident for s in (held, gone) if (c := before.apply(s))]
    book = ledger()
    book.remember(kept)
    missed = signal(1500, key="bin-3")
    changes = [*book.reconcile([held, missed], 2000)]
    assert [(c.phase, c.incident.key) for c in changes] == [
        ("opened", "bin-3"),
        ("resolved", "bin-2"),
    ]
    assert changes[0].incident.id == incident_id(missed)


def test_what_a_person_closed_is_not_opened_by_a_restart() -> None:
    before = ledger()
    id = opened(before)
    void = act(before, id, "void")
    assert void is not None
    book = ledger()
    book.remember([void.incident])
    assert [*book.reconcile([signal(1000)], 3000)] == []


def test_of_many_pictures_the_first_and_the_last_are_kept() -> None:
    book = ledger()
    opened(book)
    for n in range(30):
        picture = Evidence(f"{n:064x}", "image/jpeg", "now", n, 10)
        change = book.apply(signal(2000 + n, update=True, evidence=(picture,)))
    assert change is not None
    kept = [e.taken_at for e in change.incident.evidence]
    assert kept == [*range(6), *range(24, 30)]


def test_reasons_are_the_newest_ones() -> None:
    book = ledger()
    opened(book)
    change = book.apply(signal(2000, update=True, reasons=(Reason("97 %"),)))
    assert change is not None
    assert change.incident.reasons == (Reason("97 %"),)


def heed(book: Ledger, state: AnswerState, reference: str = "", text: str = "") -> Change | None:
    first = incident_id(signal(1000))
    return book.heed(Answer(first, "city", state, reference, text, 3000))


def test_what_a_platform_answers_stands_on_the_incident_and_is_told_to_nobody() -> None:
    book = ledger()
    opened(book)
    change = heed(book, "accepted", "SR-17")
    assert change is not None
    assert change.only_newly
    assert change.newly == ()
    assert [(a.state, a.reference) for a in change.incident.answers] == [("accepted", "SR-17")]
    assert (change.incident.status, change.incident.seq) == ("open", 1)


def test_an_answer_that_comes_twice_is_no_second_version() -> None:
    book = ledger()
    opened(book)
    heed(book, "accepted", "SR-17")
    assert heed(book, "accepted", "SR-17") is None
    assert heed(book, "accepted") is None
    assert heed(book, "assigned", text="street 7") is not None
    assert heed(book, "assigned", text="street 7") is None
    assert heed(book, "accepted", "SR-17") is None  # of a version that was delivered meanwhile
    assert heed(book, "accepted", "SR-18") is not None


def test_an_answer_is_heard_after_the_incident_was_closed() -> None:
    book = ledger()
    opened(book)
    book.apply(signal(9000, firing=False))
    change = heed(book, "closed", text="emptied")
    assert change is not None
    assert (change.incident.status, change.incident.answers[0].text) == ("resolved", "emptied")
    assert change.incident.updated_at == 9000


def test_only_what_was_refused_is_sent_again_and_then_as_opened_to_that_platform_alone() -> None:
    book = ledger()
    opened(book)
    assert heed(book, "resent") is None
    heed(book, "accepted")
    assert heed(book, "resent") is None
    heed(book, "rejected", text="no such grid")
    change = heed(book, "resent", text="li.na: grid corrected")
    assert change is not None
    assert (change.newly, change.only_newly) == (("city",), True)
    assert heed(book, "resent") is None
    assert heed(book, "accepted") is not None


def test_a_platform_that_never_stops_answering_fills_no_incident() -> None:
    book = ledger()
    opened(book)
    for n in range(3 * MOST_ANSWERS):
        change = heed(book, "assigned", text=str(n))
    assert change is not None
    assert len(change.incident.answers) == MOST_ANSWERS
    assert change.incident.answers[-1].text == str(3 * MOST_ANSWERS - 1)


def test_an_answer_for_an_unknown_incident_changes_nothing() -> None:
    assert ledger().heed(Answer("nobody", "city", "accepted")) is None


def test_an_incident_knows_which_versions_were_told_and_when() -> None:
    book = ledger()
    id = opened(book)
    heed(book, "accepted", "SR-17")  # told to nobody
    act(book, id, "acknowledged", 4000)
    change = book.apply(signal(9000, firing=False))
    assert change is not None
    assert change.incident.told == ((0, 1000), (2, 4000), (3, 9000))
