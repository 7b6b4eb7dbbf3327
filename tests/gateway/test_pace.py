"""How long readings gather, by the medium and by the load."""

from pathlib import Path

import pytest

from gateway import pace
from gateway.model import Duration


@pytest.mark.parametrize(
    ("took", "seconds"), [(0.0, 0.002), (0.0005, 0.002), (0.004, 0.008), (0.3, 0.020)]
)
def test_on_a_disk_twice_as_long_as_a_turn_takes_within_bounds(
    tmp_path: Path, took: float, seconds: float
) -> None:
    assert pace.rest(None, tmp_path)(took) == seconds


def test_a_flash_card_is_spared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "is_card", lambda folder: True)
    assert pace.rest(None, tmp_path)(0.001) == 0.25


def test_what_the_site_says_holds(tmp_path: Path) -> None:
    assert pace.rest(Duration(50), tmp_path)(0.2) == 0.05


def test_a_card_is_told_by_its_device(tmp_path: Path) -> None:
    assert not pace.is_card(tmp_path)
