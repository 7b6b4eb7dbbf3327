"""The platform and InfluxDB are killed, or away for a week: the quick set of `world`."""

import random
from pathlib import Path

import pytest

from tests.contracts.servers import INFLUXD
from tests.faults import world
from tests.faults.oracle import Broken

pytestmark = pytest.mark.skipif(not INFLUXD, reason="no influxd here (Debian: influxdb)")


async def test_kills_of_the_platform_and_of_influxdb(tmp_path: Path) -> None:
    found = await world.kills(tmp_path, 3, random.Random())
    assert (found["readings"], found["reports"]) == (600, 24)


async def test_a_platform_that_answers_before_it_writes_is_noticed(tmp_path: Path) -> None:
    """The control."""
    with pytest.raises(Broken, match="arrived"):
        await world.kills(tmp_path, 4, random.Random(), "--early")


async def test_after_a_week_without_uplink_all_arrives_in_order(tmp_path: Path) -> None:
    found = await world.week(tmp_path, 30_000)
    assert (found["reports"], found["unread"]) == (42, 0)


async def test_at_the_cap_the_oldest_readings_go_and_incidents_never(tmp_path: Path) -> None:
    found = await world.week(tmp_path, 150_000, limit="2MB")
    assert found["unread"] > 0
    assert found["reports"] == 210
