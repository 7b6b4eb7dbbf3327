import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.model import Batch, Reading
from gateway.sinks.influx import Influx
from gateway.store import Store, StoreSpec
from tests.contracts.facts import surroundings
from tests.contracts.servers import INFLUXD, influxd
from tests.contracts.test_reading_sinks import influxql

pytestmark = pytest.mark.skipif(not INFLUXD, reason="no influxd here (Debian: influxdb)")

START = 1_760_000_000_000
LEVELS = [
    Reading("bin-3", "fill_level", i / 8, START + i, START - 5000 + i if i % 2 else None, i % 3)
    for i in range(6000)
]
DOORS = [Reading("door-1", "state", "on", START), Reading("door-1", "state", "off", START + 1)]
READINGS = (*LEVELS, *DOORS)


@pytest.fixture
async def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    assert main(["init", str(folder)]) == 0
    (folder / "data").mkdir(exist_ok=True)
    with closing(Store.open(folder / "data" / "linli.db", StoreSpec())) as store:
        await store.commit(Batch(at=START, readings=READINGS))
    return folder


def point_at(folder: Path, url: str) -> Influx:
    path = folder / "gateway.yaml"
    before = path.read_text().partition("\nsinks:")[0]
    path.write_text(f"{before}\nsinks:\n  - {{kind: influx, id: history, url: '{url}'}}\n")
    return Influx(id="history", url=url)


async def count(spec: Influx, field: str, quantity: str) -> int:
    (series,) = await influxql(spec, f'SELECT count({field}) FROM "{quantity}"')
    return int(series["values"][0][1])


async def test_what_is_replayed_meets_its_own_points(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with influxd(tmp_path) as server:
        spec = point_at(site, server.url)
        async with spec.open(surroundings(tmp_path)) as sink:
            assert await sink.write(READINGS[:3000]) == []
        capsys.readouterr()
        command = ["influx", "replay", str(site), "history", "--from", "2025-10-01"]
        assert await asyncio.to_thread(main, command) == 0
        assert capsys.readouterr().out.startswith("6002 readings written")
        assert await count(spec, "value", "fill_level") == 6000
        assert await count(spec, "text", "state") == 2


def test_a_server_that_is_away_for_good_is_told(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    point_at(site, "http://127.0.0.1:9")
    assert main(["influx", "replay", str(site), "history", "--from", "2025-10-01"]) == 1
    assert "stopped after 0 readings" in capsys.readouterr().err


def test_wrong_usage(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["influx", "replay", str(site), "nope", "--from", "2025-10-01"]) == 2
    with pytest.raises(SystemExit) as left:
        main(["influx", "replay", str(site), "history", "--from", "yesterday"])
    assert left.value.code == 2
