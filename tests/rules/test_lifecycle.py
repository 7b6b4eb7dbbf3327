"""The waiting around every kind."""

from hypothesis import given
from hypothesis import strategies as st

from rules.lifecycle import QUIET, Life, due, step

verdicts = st.lists(st.tuples(st.integers(0, 20), st.sampled_from([True, False, None])))


def run(course: list[tuple[int, bool | None]], wait: int, keep: int) -> list[Life]:
    life, now, lives = QUIET, 0, [QUIET]
    for gap, holds in course:
        now += gap
        life = step(life, holds, now, wait, keep)
        lives.append(life)
    return lives


def test_it_waits_keeps_and_ends() -> None:
    course: list[tuple[int, bool | None]] = [
        (0, True), (9, True), (1, True), (5, False), (3, True), (1, False), (4, False),
    ]  # fmt: skip
    firing = [life.firing for life in run(course, wait=10, keep=4)]
    assert firing == [False, False, False, True, True, True, True, False]


def test_the_unknown_stops_the_clock() -> None:
    life = run([(0, True), (6, None), (1000, None), (1, True)], wait=10, keep=0)[-1]
    assert life == Life(firing=False, onset=0, turn=1001)
    assert due(life, 10, 0) == 1011


@given(verdicts, st.integers(0, 30), st.integers(0, 30))
def test_the_unknown_never_turns_it(
    course: list[tuple[int, bool | None]], wait: int, keep: int
) -> None:
    lives = run(course, wait, keep)
    for before, after, (_, holds) in zip(lives, lives[1:], course, strict=False):
        if holds is None:
            assert after.firing == before.firing
        if after.firing != before.firing:
            assert after.firing == holds
            assert after.turn is None


@given(verdicts, st.integers(1, 30))
def test_it_turns_when_it_is_due(course: list[tuple[int, bool | None]], wait: int) -> None:
    life = run(course, wait, wait)[-1]
    at = due(life, wait, wait)
    if at is not None:
        assert step(life, not life.firing, at - 1, wait, wait).firing is life.firing
        assert step(life, not life.firing, at, wait, wait).firing is not life.firing
