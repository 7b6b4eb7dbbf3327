"""What was acknowledged survives a power cut, whatever the disk had not synced."""

import random
import shutil
from pathlib import Path

import pytest

from tests.faults.oracle import Broken
from tests.faults.powercut import Recording, cut

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace records the writes")

CUTS = 40


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return Recording(tmp_path_factory.mktemp("full"), "--stop-after", "60")


async def test_cuts_at_any_point(recording: Recording, tmp_path: Path) -> None:
    chance, acked = random.Random(), 0
    for number in range(CUTS):
        folder = tmp_path / str(number)
        folder.mkdir()
        acked += (await cut(recording, recording.any_point(chance), folder, chance)).acked
    assert acked > 0


async def test_with_fewer_syncs_the_same_cuts_lose_readings(tmp_path: Path) -> None:
    """The control: synchronous=NORMAL is what most gateways ship."""
    recording = Recording(tmp_path, "--stop-after", "60", "--synchronous", "NORMAL")
    chance, lost = random.Random(1), 0
    for number in range(CUTS):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            await cut(recording, recording.any_point(chance), folder, chance)
        except Broken as broken:
            lost += "gone" in str(broken)
    assert lost > 0
