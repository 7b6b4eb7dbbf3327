"""Whatever a rule gives as a reason can be said in both languages."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import rules
from config.suites import suites
from gateway.console import texts
from gateway.escalation import UNTAKEN
from gateway.model import Reason
from rules.cases import Case, observations, subjects
from rules.explain import Witness, explain
from rules.kinds.silence import Heard, Silence
from rules.kinds.window import Window
from rules.rule import Rule
from rules.values import Span

ROOT = Path(__file__).parents[3]
FOLDERS = (
    ROOT / "tests" / "rules" / "cases",
    ROOT / "config" / "default_site",
    ROOT / "docs" / "rules",
)
TEXTS = {key.removeprefix("reason.") for key in texts.entries() if key.startswith("reason.")}
PLAIN = {"above", "below", "is", "lasting", "details"}
"""Said of what has no code: its quantity, value and limit tell."""


def test_everything_that_is_said_in_the_tests_of_rules_can_be_said_in_chinese() -> None:
    said = {
        (reason.code, reason.text, bool(reason.quantity) and reason.value is not None)
        for folder in FOLDERS
        for suite in suites(folder)
        for case, _ in suite.cases
        for reason in _said(case, suite.rules)
    }
    assert len(said) > 200
    assert [text for code, text, plain in said if not (code in TEXTS or (not code and plain))] == []


def _said(case: Case, judged: Iterable[Rule]) -> Iterator[Reason]:
    """All that signals say, and all that explains them in between."""
    chosen = [rule for rule in judged if not case.rules or rule.id in case.rules]
    engine = Witness(chosen, subjects(case), case.zone, case.silences)
    seen = sorted(observations(case), key=lambda one: one.at)
    for one in seen:
        yield from (reason for signal in engine.observe(one) for reason in signal.reasons)
        yield from _explained(engine, chosen, one.at, case)
    end = (seen[-1].at if seen else case.begin) + (case.until or 0)
    yield from (reason for signal in engine.advance(end) for reason in signal.reasons)
    yield from _explained(engine, chosen, end, case)


def _explained(engine: Witness, judged: Iterable[Rule], at: int, case: Case) -> Iterator[Reason]:
    for rule in judged:
        for one in explain(engine, rule, at, case.zone):
            yield from one.reasons
            yield from (reason for device in one.devices for reason in device.reasons)


def test_no_sentence_is_for_nothing() -> None:
    sources = "".join(p.read_text("utf-8") for p in Path(rules.__path__[0]).rglob("*.py"))
    literal = {code for code in TEXTS if f'"{code}"' in sources}
    figures = {f"window_{of}" for of in Window.__annotations__["of"].__args__}
    assert figures <= TEXTS
    assert literal | figures | PLAIN | {UNTAKEN} == TEXTS


def test_silence_says_both_spans_in_whole_seconds() -> None:
    rule = Silence(id="s", incident="device_offline", after=Span.parse("1m"))
    state = Heard(0, 40_756, ever=True)
    (reason,) = rule.report(state, 40_999, True).reasons
    assert reason.text == "silent for 40s; limit 40s"
    assert (reason.code, reason.lasted, reason.limit) == ("silent", 40.0, 40.0)
