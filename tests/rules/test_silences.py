"""Silences: their times, whom they cover, and how they outlive restarts and changes."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.model import Millis, Reading, Signal, Subject
from rules.engine import Engine
from rules.explain import Witness, explain
from rules.kinds.threshold import Threshold
from rules.schedule import Schedule
from rules.selector import Names, Select
from rules.silences import Moment, SilenceSpec

T0 = 1_704_067_200_000
MINUTE = 60_000
UTC, CHINA = ZoneInfo("UTC"), ZoneInfo("Asia/Shanghai")
HOT = Threshold(id="hot", incident="x", select=Select(quantity=Names(["t"])), above=8)
SUBJECTS = {id: Subject(id) for id in "ab"}


def until(minute: float, **changes: object) -> SilenceSpec:
    end = Moment.parse(T0 + round(minute * MINUTE))
    spec = SilenceSpec(id="works", until=end, owner="Wang", reason="works")
    return replace(spec, **changes)


def engine(*silences: SilenceSpec) -> Engine:
    return Engine([HOT], SUBJECTS, UTC, silences)


def seen(minute: float, value: float = 9) -> Reading:
    return Reading("a", "t", value, T0 + round(minute * MINUTE), unit="Cel")


def later(of: Engine, *silences: SilenceSpec) -> Engine:
    """As after a restart."""
    new = engine(*silences)
    new.restore(of.snapshot())
    return new


def minutes(signals: list[Signal]) -> list[float]:
    return [(signal.at - T0) / MINUTE for signal in signals]


def test_a_moment_is_local_unless_it_says_otherwise() -> None:
    local = Moment.parse("2024-01-01 08:00")
    assert local.instant(CHINA) == T0
    assert local.instant(UTC) == T0 + 8 * 60 * MINUTE
    assert Moment.parse("2024-01-01T01:00+01:00").instant(CHINA) == T0
    assert Moment.parse(T0).instant(CHINA) == T0
    for wrong in ("soon", None, True, 10**30, ["2024-01-01"]):
        with pytest.raises(ValueError, match="is no time"):
            Moment.parse(wrong)


def test_a_silence_has_an_end_or_hours() -> None:
    with pytest.raises(ValueError, match="until: say when it ends"):
        SilenceSpec(id="x", owner="Wang", reason="works")


def test_the_incident_says_what_held_it_back_also_after_a_restart() -> None:
    live = engine(until(10))
    assert not live.observe(seen(0))
    live = later(live, until(10))
    assert not live.advance(T0 + 10 * MINUTE - 1)
    (told,) = live.advance(T0 + 60 * MINUTE)
    assert (told.at, told.since) == (T0 + 10 * MINUTE, T0)
    assert [r.code for r in told.reasons][-1] == "silenced"
    assert told.reasons[-1].text == "held back by the silence works: works (Wang)"
    (standing,) = later(live, until(10)).open()
    assert standing.reasons[-1] == told.reasons[-1]


def test_a_silence_that_is_lifted_lets_go_at_once() -> None:
    live = engine(until(100))
    live.observe(seen(0))
    live.observe(seen(5))
    live = later(live)
    assert minutes(list(live.advance(T0 + 6 * MINUTE))) == [5]


def test_a_silence_that_is_laid_on_an_open_incident_lets_it_end() -> None:
    live = engine()
    assert live.observe(seen(0))
    live = later(live, until(100))
    (ended,) = live.observe(seen(5, 1))
    assert not ended.firing


def test_explain_names_the_silence_and_its_end() -> None:
    witness = Witness([HOT], SUBJECTS, UTC, [until(10)])
    witness.observe(seen(0))
    (found,) = explain(witness, HOT, T0, UTC)
    wanted = "held back by the silence works: works (Wang); until 2024-01-01 00:10:00"
    assert wanted in [why.text for why in found.reasons]


@given(st.integers(0, 3 * 24 * 60), st.integers(1, 24 * 60 - 1))
def test_it_ends_at_the_end_that_it_says(minute: int, length: int) -> None:
    now: Millis = T0 + minute * MINUTE
    spec = until(2 * 24 * 60, every=Schedule.parse(f"{length // 60:02}:{length % 60:02}-05:00"))
    end = spec.ends(now, CHINA)
    if end is not None:
        assert now < end
        assert spec.ends(end - 1, CHINA) == end
        assert spec.ends(end, CHINA) != end
