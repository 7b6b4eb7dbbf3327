"""Every kind of rule has a sentence in both languages."""

from pathlib import Path
from string import Formatter

import pytest

import rules.kinds
from config.suites import suites
from gateway.api.sentences import sentence
from gateway.api.wording import WORDS
from gateway.model import Duration
from gateway.plugins import subclasses
from rules.kinds.range import Range
from rules.kinds.silence import Silence
from rules.kinds.threshold import Threshold
from rules.rule import Escalation, Rule
from rules.schedule import Schedule
from rules.selector import Names, Select
from rules.values import Span

ROOT = Path(__file__).parents[3]
EXAMPLES = [
    rule
    for folder in ("config/default_site/rules", "tests/rules/cases")
    for suite in suites(ROOT / folder)
    for rule in suite.rules
]


def test_every_kind_is_among_the_examples() -> None:
    assert {type(rule) for rule in EXAMPLES} == set(subclasses(rules.kinds, Rule))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_example_has_a_sentence(language: str) -> None:
    for rule in EXAMPLES:
        said = sentence(rule, language)
        assert said.rstrip().endswith("." if language == "en" else "。"), said
        assert "None" not in said


@pytest.mark.parametrize("key", sorted(WORDS))
def test_words_are_there_in_both_languages(key: str) -> None:
    assert set(WORDS[key]) == {"en", "zh"}
    holes = [
        {name for _, name, _, _ in Formatter().parse(text) if name} for text in WORDS[key].values()
    ]
    assert holes[0] == holes[1]


SELECT = Select(quantity=Names(("temperature",)), tags=Names(("archive", "cold")))
SAID = [
    (
        Threshold(id="a", incident="b", select=SELECT, below=-5.0, clear_above=0.0),
        "Devices tagged archive, cold: temperature below -5 °C. Over once above 0 °C.",
        "标签为 archive, cold 的设备：温度低于 -5 °C。高于 0 °C 后结束。",
    ),
    (
        Threshold(
            id="a",
            incident="b",
            select=Select(quantity=Names(("temperature",))),
            above=60,
            escalate=(
                Escalation(after=Span.parse("15m"), severity="critical"),
                Escalation(after=Span.parse("1h"), tell=("street",)),
            ),
        ),
        "Any device: temperature above 60 °C. Nobody takes it up within 15 min: critical."
        " Nobody takes it up within 1 h: street is told.",
        "任意设备：温度高于 60 °C。15 分钟内无人受理升级为紧急。1 小时内无人受理通知 street。",
    ),
    (
        Range(
            id="a",
            incident="b",
            select=Select(quantity=Names(("humidity",)), devices=Names(("cellar-*", "x"))),
            min=40.0,
            max=60.0,
            keep_for=Duration.parse("1h30m"),
            schedule=Schedule.parse(["mon-fri 08:00-18:00", "sat,sun", "22:00-06:00"]),
        ),
        "cellar-* or x: humidity outside 40 to 60%. Over after 1 h 30 min of calm. "
        "Watches Mon–Fri 08:00–18:00, Sat, Sun, 22:00–06:00.",
        "cellar-*或x：湿度超出 40 至 60%。恢复 1 小时 30 分钟后结束。"
        "监测时段：周一–周五 08:00–18:00, 周六, 周日, 22:00–06:00。",
    ),
    (
        Silence(id="a", incident="b", select=Select(grid=Names(("1101",))), enabled=False),
        "Any device in grid 1101: nothing heard for 3 times its period. Switched off.",
        "网格 1101 内的任意设备：超过 3 个上报周期没有上报。已停用。",
    ),
    (
        Threshold(
            id="a", incident="b", select=Select(quantity=Names(("contact_open",))), above=0.5
        ),
        "Any device: door or window open: yes.",
        "任意设备：门窗打开：是。",
    ),
]


@pytest.mark.parametrize(("rule", "english", "chinese"), SAID)
def test_sentences(rule: Rule, english: str, chinese: str) -> None:
    assert sentence(rule, "en") == english
    assert sentence(rule, "zh") == chinese
