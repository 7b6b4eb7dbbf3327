"""Whatever a rule gives as a reason can be said in both languages."""

import re
from pathlib import Path

import rules.kinds
from gateway.console import texts
from rules.kinds.silence import Heard, Silence
from rules.values import Span

NAMED = re.compile(r'\bcode="(\w+)"')
POSITIONAL = {"silent", "never_heard", "stuck", "rose", "fell", "usual", "unusual", "sees_again"}


def test_every_code_has_a_sentence() -> None:
    sources = "".join(p.read_text("utf-8") for p in Path(rules.kinds.__file__).parent.glob("*.py"))
    assert all(f'"{code}"' in sources for code in POSITIONAL)
    codes = POSITIONAL | set(NAMED.findall(sources))
    assert {"object", "camera", "outage", "heard_again"} < codes
    forms = codes | {"above", "below", "is", "lasting"}
    assert forms | {"details"} == {
        key.removeprefix("reason.") for key in texts.entries() if key.startswith("reason.")
    }


def test_silence_says_both_spans_in_whole_seconds() -> None:
    rule = Silence(id="s", incident="device_offline", after=Span.parse("1m"))
    state = Heard(0, 40_756, ever=True)
    (reason,) = rule.report(state, 40_999, True).reasons
    assert reason.text == "silent for 40s; limit 40s"
    assert (reason.code, reason.lasted, reason.limit) == ("silent", 40.0, 40.0)
