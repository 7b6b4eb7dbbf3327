"""A short soak of the whole gateway, and its controls."""

from pathlib import Path

import pytest

from tests.faults import soak
from tests.faults.oracle import Broken


def test_what_a_gateway_acknowledged_is_there_once_and_in_order(tmp_path: Path) -> None:
    found = soak.soak(tmp_path, 20_000)
    assert found.acknowledged == 20_000
    database = tmp_path / "data" / "linli.db"
    for claim in ([1001] + [1000] * 19, [999] + [1000] * 19, [1000] * 19, [1000] * 21):
        with pytest.raises(Broken):
            soak.judge(database, claim)


def test_a_leak_is_seen() -> None:
    flat = [(float(s), 100.0 + s % 2) for s in range(600)]
    leak = [(float(s), 100.0 + s / 600) for s in range(600)]
    assert abs(soak.slope(flat)) < 1
    assert soak.slope(leak) == pytest.approx(6.0)
