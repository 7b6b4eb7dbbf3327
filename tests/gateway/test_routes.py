from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from config.load import Invalid, load
from config.schema import Config
from devices.decoder import Decoder
from devices.registry import DeviceSpec
from gateway.cli import main
from gateway.in_force import account
from gateway.incidents import Account, Ledger
from gateway.model import (
    Action,
    Duration,
    Envelope,
    GridCode,
    Incident,
    Packet,
    Phase,
    Place,
    Severity,
    Signal,
)
from gateway.routes import SEVERITIES, Route, told
from gateway.spine import Spine
from rules.engine import Engine
from rules.kinds.threshold import Threshold
from rules.rule import Step
from rules.selector import Names, Select

GATE = Place("east", (GridCode("cn-governance-grid", "WG-7"), GridCode("cn-unit-grid", "110101")))
DECODER = Decoder([])
SMOKE: tuple[str, str, Severity, Place] = ("smoke", "smoke_alarm", "major", GATE)


@pytest.mark.parametrize(
    ("route", "goes"),
    [
        (Route(), True),
        (Route(kinds=("smoke_alarm", "gas_leak")), True),
        (Route(kinds=("smoke",)), False),
        (Route(rules=("smoke",)), True),
        (Route(rules=("smoke_alarm",)), False),
        (Route(severity="minor"), True),
        (Route(severity="major"), True),
        (Route(severity="critical"), False),
        (Route(grids=("1101",)), True),
        (Route(grids=("310", "WG-7")), True),
        (Route(grids=("10101", "WG-71")), False),
        (Route(kinds=("smoke_alarm",), grids=("310",)), False),
        (
            Route(kinds=("smoke_alarm",), severity="major", grids=("110101",), rules=("smoke",)),
            True,
        ),
    ],
)
def test_everything_that_a_route_says_must_be_true(route: Route, goes: bool) -> None:
    assert route.takes(*SMOKE) is goes


def test_a_place_without_a_code_is_in_no_grid() -> None:
    assert not Route(grids=("1",)).takes("r", "k", "info", Place("1"))


def test_what_no_route_takes_stays_on_the_box() -> None:
    assert told({"city": Route(severity="minor")}, "r", "litter", "info", GATE) == ()


@pytest.mark.parametrize(
    "entry",
    [
        {"kinds": []},
        {"grids": [""]},
        {"severity": "awful"},
        {"grid": ["1"]},
        {"kinds": "smoke_alarm"},
    ],
)
def test_a_route_that_could_be_misread_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(entry, Route)


ROUTES = {
    "all": Route(),
    "worse": Route(severity="major"),
    "fire": Route(severity="critical"),
    "other": Route(kinds=("noise",)),
}


class Script:
    """An engine that says what it is told to say."""

    def __init__(self) -> None:
        self.next: list[Signal] = []
        self.mistakes: dict[tuple[str, str], int] = {}

    def advance(self, now: int) -> list[Signal]:
        said, self.next = self.next, []
        return said


class Story:
    """One incident, driven through the ledger and the spine as they are run."""

    def __init__(self, routes: Mapping[str, Route] = ROUTES) -> None:
        self.routes, self._script, self._now = dict(routes), Script(), 0
        self._spine = Spine(DECODER, self._script, Ledger(self._account), list(ROUTES))
        self.versions: list[Incident] = []
        self.envelopes: list[Envelope] = []

    def _account(self, signal: Signal) -> Account:
        severity = signal.severity or "minor"
        sinks = told(self.routes, "smoke", "smoke_alarm", severity, GATE)
        return Account("smoke_alarm", signal.key, severity, GATE, sinks)

    def says(self, severity: Severity, *, firing: bool = True) -> None:
        self._now += 1
        one = Signal("smoke", "k", firing, self._now, 0, severity=severity, update=True)
        self._script.next = [replace(one, devices=(f"d{self._now}",))]
        self._turn()

    def does(self, phase: Phase) -> None:
        self._turn(Action(self.versions[0].id, phase, "li.na"))

    def _turn(self, *actions: Action) -> None:
        batch = self._spine.take(actions, self._now).batch
        self.versions += batch.incidents
        self.envelopes += batch.envelopes

    def heard(self, sink: str, incident: str) -> list[tuple[int, Phase]]:
        mine = [e for e in self.envelopes if (e.sink, e.incident.id) == (sink, incident)]
        return [(e.incident.seq, e.phase) for e in mine]


DEEDS = ("acknowledged", "in_progress", "resolved", "void", "reopened")
lives = st.lists(
    st.one_of(st.sampled_from(SEVERITIES), st.just("end"), st.sampled_from(DEEDS)), max_size=15
)


@given(lives, st.integers(0, 15))
def test_who_was_told_once_is_told_everything_from_then_on(lives: list[Any], edit: int) -> None:
    """Whatever becomes of its severity, and even if someone edits the routes on the way."""
    story = Story()
    story.says("minor")
    for n, step in enumerate(lives):
        if n == edit:
            story.routes = {"worse": Route(kinds=("noise",)), "other": Route()}
        if step in SEVERITIES:
            story.says(step)
        elif step == "end":
            story.says("minor", firing=False)
        else:
            story.does(step)
    for id in {version.id for version in story.versions}:
        sequence = [version.seq for version in story.versions if version.id == id]
        for sink in ROUTES:
            heard = story.heard(sink, id)
            assert [seq for seq, _ in heard] == sequence[len(sequence) - len(heard) :]
            assert not heard or heard[0][1] == "opened"
            assert [phase for _, phase in heard].count("opened") <= 1


@given(st.lists(st.sampled_from(["info", "minor"])))
def test_the_same_sinks_hear_of_it_to_its_end_when_it_gets_no_worse(later: list[Severity]) -> None:
    story = Story()
    story.says("major")
    for severity in later:
        story.says(severity)
    story.says("info", firing=False)
    heard = {sink: story.heard(sink, story.versions[0].id) for sink in ROUTES}
    assert heard["all"] == heard["worse"]
    assert (heard["all"][-1][1], heard["fire"], heard["other"]) == ("resolved", [], [])


def test_who_is_told_only_when_it_becomes_severe_hears_of_it_as_opened() -> None:
    story = Story()
    story.says("minor")
    story.says("critical")
    story.says("critical", firing=False)
    id = story.versions[0].id
    assert story.heard("all", id) == [(0, "opened"), (1, "updated"), (2, "resolved")]
    assert story.heard("fire", id) == [(1, "opened"), (2, "resolved")]


def test_an_incident_that_ends_is_not_first_told_of_then() -> None:
    story = Story({"all": Route()})
    story.says("minor")
    story.routes = {"all": Route(), "other": Route()}
    story.says("critical", firing=False)
    assert story.heard("other", story.versions[0].id) == []


def test_a_rule_that_grows_severe_brings_the_next_sink_in() -> None:
    """The parts as the gateway joins them, with a rule whose severity steps up after an hour."""
    step = Step(severity="critical", after=Duration.parse("1h"))
    above = Select(quantity=Names(["temperature"]))
    hot = Threshold(id="hot", incident="heat", select=above, above=30, steps=(step,))
    decoder = Decoder([DeviceSpec(id="bin-1", dialect="zigbee2mqtt")])
    engine = Engine([hot], decoder.subjects())
    routes = {"estate": Route(), "fire": Route(severity="critical", rules=("hot",))}
    spine = Spine(decoder, engine, Ledger(partial(account, engine, routes)), list(routes))

    def said(value: float, at: int) -> list[tuple[str, str]]:
        payload = b'{"temperature": %d}' % value
        batch = spine.take([Packet("zigbee2mqtt/bin-1", payload, "mqtt")], at).batch
        return [(e.sink, e.phase) for e in batch.envelopes]

    start, hour = 1_790_000_000_000, 3_600_000
    assert said(35, start) == [("estate", "opened")]
    assert said(36, start + hour) == [("estate", "updated"), ("fire", "opened")]
    assert said(20, start + 2 * hour) == [("estate", "resolved"), ("fire", "resolved")]


SINKS = """
sinks:
  - id: city
    kind: cloud_events
    url: http://127.0.0.1/
    route: {{kinds: [{kind}], severity: major, grids: ["110101"]}}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    main(["init", str(tmp_path / "site")])
    return tmp_path / "site"


def routed(site: Path, kind: str) -> Config:
    path = site / "gateway.yaml"
    path.write_text(path.read_text().partition("\nsinks:")[0] + SINKS.format(kind=kind))
    return load(site)


def test_a_route_is_read_with_its_sink(site: Path) -> None:
    kind = load(site).rules[0].incident
    (sink,) = routed(site, kind).sinks
    assert sink.route == Route(kinds=(kind,), severity="major", grids=("110101",))


def test_a_route_for_a_kind_that_no_rule_reports_is_a_problem_of_the_site(site: Path) -> None:
    with pytest.raises(Invalid, match="no rule reports 'overflowing_bim'"):
        routed(site, "overflowing_bim")


def test_what_stays_here_goes_nowhere_whatever_else_is_true() -> None:
    local = Route(kinds=("noise",), grids=("110101001",))
    here = Place(codes=(GridCode("cn-unit-grid", "110101001001001"),))
    there = Place(codes=(GridCode("cn-unit-grid", "110102001001001"),))
    for route in (Route(), Route(severity="info"), Route(kinds=("noise", "dust"))):
        beyond = route.beyond(local)
        assert not beyond.takes("r", "noise", "critical", here)
        assert beyond.takes("r", "noise", "critical", there)
        assert beyond.takes("r", "dust", "critical", here)
        assert route.beyond(None) is route
