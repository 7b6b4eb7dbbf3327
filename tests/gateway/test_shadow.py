from gateway.model import Duration, Reading, Signal, Subject
from gateway.shadow import Episode, Shadow, episodes
from rules.kinds.threshold import Threshold
from rules.selector import Names, Select

T0 = 1_790_000_000_000
FILL = Select(quantity=Names(["fill"]))
SUBJECTS = {"bin-1": Subject("bin-1", "Bin")}


def rule(above: float, id: str = "full", unless: tuple[str, ...] = ()) -> Threshold:
    return Threshold(id=id, incident="bin", select=FILL, above=above, unless=unless)


def said(value: float, at: int) -> Reading:
    return Reading(device="bin-1", quantity="fill", value=value, at=T0 + at)


def test_only_rules_on_trial_are_recorded() -> None:
    shadow = Shadow([rule(50, unless=("other",))], [rule(70, "other"), rule(90)], SUBJECTS)
    shadow.observe(said(60, 0))
    assert [(s.rule, s.firing, s.at) for s in shadow.taken()] == [("full", True, T0)]
    assert shadow.taken() == ()
    shadow.observe(said(10, 1000))
    shadow.observe(said(80, 2000))
    assert [s.firing for s in shadow.taken()] == [False], "the other rule explains the second"


def test_it_goes_on_from_its_snapshot_and_from_that_of_none() -> None:
    waiting = Threshold(
        id="full", incident="bin", select=FILL, above=50, wait=Duration.parse("10s")
    )
    before, after = Shadow([waiting], (), SUBJECTS), Shadow([waiting], (), SUBJECTS)
    before.observe(said(60, 0))
    after.restore(before.snapshot())
    after.advance(T0 + 60_000)
    assert [s.at for s in after.taken()] == [T0 + 10_000]
    assert Shadow().snapshot() == b""
    after.restore(b"")


def test_without_a_trial_it_does_nothing() -> None:
    shadow = Shadow((), [rule(50)], SUBJECTS)
    shadow.observe(said(60, 0))
    shadow.advance(T0 + 1)
    assert (shadow.taken(), shadow.due()) == ((), None)


def test_openings_and_ends_make_episodes() -> None:
    told = [
        Signal("full", "a", False, 1, 0),  # it opened before anybody looked
        Signal("full", "a", True, 2, 2),
        Signal("full", "b", True, 3, 3),
        Signal("full", "a", False, 4, 2),
    ]
    assert episodes(told) == [Episode("a", 2, 4, ""), Episode("b", 3, None, "")]
    assert episodes(told + told[1:]) == episodes(told), "told again after a restart"
