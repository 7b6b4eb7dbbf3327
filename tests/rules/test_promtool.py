"""Timing agrees with Prometheus: `for`, `keep_firing_for` and absence, on the same series.

Debian's promtool judges what our engine says about each minute. Where Prometheus differs by
design is not compared: it forgets a pending alert when data is missing for more than five
minutes, and resolves a firing one; here both wait, since missing data is unknown.

At one instant our timers come before readings, Prometheus' after them. So ours are one
millisecond later here, and looked at one millisecond after the minute.
"""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from gateway.model import Duration, Reading, Signal, Subject
from rules.engine import Engine
from rules.kinds.silence import Silence
from rules.kinds.threshold import Threshold
from rules.rule import Rule
from rules.selector import Names, Select
from rules.values import Span

pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (apt: prometheus)"
)

MINUTE = 60_000
MINUTES = 90
DEVICES = [f"d{n}" for n in range(8)]
T0 = 1_700_000_000_000
LOOKBACK = 5
LATER = 1


def course(random: Random, gaps: int) -> list[float | None]:
    """Values around the limit that stay for a while; at most *gaps* minutes without one."""
    values: list[float | None] = []
    while len(values) <= MINUTES:
        values += [random.choice([3.0, 9.0])] * random.randint(1, 9)
        values += [None] * random.choice([0, 0, random.randint(0, gaps)])
    return values[: MINUTES + 1]


def firing(rule: Rule, series: dict[str, list[float | None]]) -> list[list[str]]:
    """For each minute, which devices our engine says are firing."""
    engine = Engine([rule], {device: Subject(device) for device in series})
    on: set[str] = set()
    found = []
    for minute in range(MINUTES + 1):
        at = T0 + minute * MINUTE
        signals: list[Signal] = []
        for device, values in series.items():
            value = values[minute]
            if value is not None:
                signals += engine.observe(Reading(device, "x", value, at))
        signals += engine.advance(at + LATER)
        for signal in signals:
            (on.add if signal.firing else on.discard)(signal.key)
        found.append(sorted(on))
    return found


def promtool(
    folder: Path,
    alerts: dict[str, dict[str, str]],
    series: dict[str, list[float | None]],
    told: dict[str, list[list[str]]],
) -> None:
    """Fail with promtool's words unless it agrees with *told*. JSON is YAML, too."""
    groups = [{"name": "g", "rules": [{"alert": name, **rule} for name, rule in alerts.items()]}]
    test = {
        "interval": "1m",
        "input_series": [
            {
                "series": f'x{{device="{device}"}}',
                "values": " ".join("_" if v is None else str(v) for v in values),
            }
            for device, values in series.items()
        ],
        "alert_rule_test": [
            {
                "eval_time": f"{minute}m",
                "alertname": name,
                "exp_alerts": [{"exp_labels": {"device": device}} for device in devices],
            }
            for name, minutes in told.items()
            for minute, devices in enumerate(minutes)
        ],
    }
    (folder / "rules.yaml").write_text(json.dumps({"groups": groups}))
    (folder / "test.yaml").write_text(
        json.dumps({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]})
    )
    done = subprocess.run(
        ["promtool", "test", "rules", "test.yaml"],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def waits() -> Sequence[tuple[str, str]]:
    return [(f, k) for f in ("0s", "1m", "4m", "7m") for k in ("0s", "2m", "6m")]


@pytest.mark.parametrize("seed", range(3))
def test_for_and_keep_firing_for(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    series = {device: course(random, gaps=LOOKBACK - 1) for device in DEVICES}
    alerts, told = {}, {}
    for wait, keep in waits():
        rule = Threshold(
            id="r",
            incident="x",
            select=Select(quantity=Names(["x"])),
            above=8,
            wait=Duration(Duration.parse(wait) + LATER),
            keep_for=Duration(Duration.parse(keep) + LATER),
        )
        name = f"for{wait}keep{keep}"
        alerts[name] = {"expr": "x > 8", "for": wait, "keep_firing_for": keep}
        told[name] = firing(rule, series)
    assert any(any(minutes) for minutes in told.values())
    promtool(tmp_path, alerts, series, told)


@pytest.mark.parametrize("seed", range(3))
def test_absence(seed: int, tmp_path: Path) -> None:
    """A value stands for five minutes, the end included; then the series is absent."""
    random = Random(seed)
    series = {device: [1.0, *course(random, gaps=20)[1:]] for device in DEVICES}
    alerts, told = {}, {}
    for device in DEVICES:
        for wait in ("0s", "3m"):
            rule = Silence(
                id="r",
                incident="x",
                select=Select(devices=Names([device])),
                after=Span(LOOKBACK * MINUTE + MINUTE // 2),
                wait=Duration(Duration.parse(wait) + LATER),
            )
            name = f"{device}for{wait}"
            alerts[name] = {"expr": f'absent(x{{device="{device}"}})', "for": wait}
            told[name] = firing(rule, series)
    assert any(any(minutes) for minutes in told.values())
    promtool(tmp_path, alerts, series, told)


def test_it_would_notice(tmp_path: Path) -> None:
    """promtool refuses what is wrong by one minute."""
    series: dict[str, list[float | None]] = {"d0": [9.0] * (MINUTES + 1)}
    alerts = {"a": {"expr": "x > 8", "for": "5m"}}
    told: dict[str, list[list[str]]] = {"a": [[] if minute < 4 else ["d0"] for minute in range(9)]}
    with pytest.raises(AssertionError, match="FAILED"):
        promtool(tmp_path, alerts, series, told)
