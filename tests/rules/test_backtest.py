"""A backtest finds what the engine finds that judges every reading."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from gateway.model import Duration, Reading
from rules import backtest, past
from rules.backtest import Episode, Setting
from rules.engine import Engine
from rules.kinds.silence import Silence
from rules.kinds.threshold import Threshold
from rules.rule import Rule
from rules.selector import Names, Select
from tests.rules.courses import MINUTE, RULES, SUBJECTS, T0
from tests.rules.test_long_runs import course

UTC = ZoneInfo("UTC")
READING = [r for r in RULES if all(p.readings and not p.select.cameras for p in r.parts())]
"""Rules of sensors; what cameras saw is not in columns."""


class Piece(NamedTuple):
    device: str
    quantity: str
    unit: str
    at: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint16]
    texts: Mapping[int, str]


def pieces(seen: Sequence[Reading], size: int) -> Iterator[Piece]:
    """As the store gives them: by device and quantity, cut anywhere."""
    ordered = sorted(seen, key=lambda r: (r.device, r.quantity))
    for (device, quantity), group in groupby(ordered, key=lambda r: (r.device, r.quantity)):
        series = list(group)
        for n in range(0, len(series), size):
            part = series[n : n + size]
            yield Piece(
                device,
                quantity,
                part[0].unit,
                np.array([r.at for r in part], np.int64),
                np.array([np.nan if isinstance(r.value, str) else r.value for r in part]),
                np.array([r.quality for r in part], np.uint16),
                {i: r.value for i, r in enumerate(part) if isinstance(r.value, str)},
            )


def replayed(rule: Rule, seen: Sequence[Reading], end: int) -> list[Episode]:
    """Reading by reading; who is watched is heard first, as a backtest does not wait for more."""
    heard = {r.device for r in seen}
    engine = Engine([rule], {id: s for id, s in SUBJECTS.items() if id in heard})
    engine._armed = True  # as in a backtest: who was never heard is not expected
    signals = [s for r in seen for s in engine.observe(r)] + [*engine.advance(end)]
    return sorted(backtest._episodes(signals), key=lambda e: (e.opened, e.key))


@pytest.mark.parametrize("rule", READING, ids=lambda rule: rule.id)
@pytest.mark.parametrize("seed", range(3))
def test_a_backtest_is_a_replay(rule: Rule, seed: int) -> None:
    rule = replace(rule, unless=())
    random = Random(f"{rule.id}/{seed}")
    seen = [r for r in course(rule, random) if isinstance(r, Reading)]
    # No two at one instant: columns do not say which device came first.
    seen = [
        replace(r, at=r.at + n, quality=random.choice([0] * 20 + [1]), unit="u")
        for n, r in enumerate(seen)
    ]
    end = seen[-1].at + 600 * MINUTE
    found: list[Episode] = []
    for unit in past.units([rule], SUBJECTS, past.tracks(pieces(seen, 97))):
        found += backtest.judge(rule, unit, Setting(SUBJECTS, UTC), end)
    found.sort(key=lambda e: (e.opened, e.key))
    assert [e[:6] for e in found] == [e[:6] for e in replayed(rule, seen, end)]


def test_quiet_years_are_passed_over() -> None:
    rule = Threshold(
        id="r", incident="x", select=Select(quantity=Names(["t"])), above=8, clear_below=6,
        wait=Duration.parse("2m"),
    )  # fmt: skip
    value = np.full(1_000_000, 5.0)
    value[500_000:500_010] = 9
    value[500_010:500_020] = 7
    at = T0 + np.arange(len(value), dtype=np.int64) * MINUTE
    quality = np.zeros(len(value), np.uint16)
    piece = Piece("a", "t", "Cel", at, value, quality, {})
    (unit,) = past.units([rule], {}, past.tracks([piece]))
    (episode,) = backtest.judge(rule, unit, Setting({}, UTC), int(at[-1]))
    assert (episode.opened, episode.closed) == (at[500_002], at[500_020])
    assert episode.why == "t 9 Cel is above 8 Cel"


def test_silence_until_the_end_is_found() -> None:
    rule = Silence(id="r", incident="x", after=Duration.parse("5m"))  # type: ignore[arg-type]  # a Span
    seen = [Reading("c", "t", 1.0, T0 + n * MINUTE) for n in (0, 1, 2, 9, 10)]
    (unit,) = past.units([rule], SUBJECTS, past.tracks(pieces(seen, 2)))
    found = backtest.judge(rule, unit, Setting(SUBJECTS, UTC), T0 + 60 * MINUTE)
    assert [(e.opened - T0, e.closed and e.closed - T0) for e in found] == [
        (7 * MINUTE, 9 * MINUTE),
        (15 * MINUTE, None),
    ]
