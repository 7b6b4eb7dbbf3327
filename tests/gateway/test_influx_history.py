"""A backtest over an InfluxDB finds what it finds over the store; on a real server."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from gateway.cli import main
from gateway.influx_history import InfluxHistory, NoAnswer
from gateway.model import Quality, Reading
from gateway.sinks.influx import Influx
from tests.contracts.facts import surroundings
from tests.contracts.servers import INFLUXD, free_port, influxd
from tests.gateway.test_backtests import LEVELS, MINUTE, START, site

__all__ = ["site"]  # a fixture
pytestmark = pytest.mark.skipif(not INFLUXD, reason="no influxd here (Debian: influxdb)")

SPAN = ["--from", "2026-05-01", "--to", "2026-05-02"]
PAST = [
    Reading(b, "fill_level", level, START + n * 10 * MINUTE, unit="%")
    for n, level in enumerate(LEVELS)
    for b in (("bin-1", "bin-2") if n < 12 else ("bin-1",))
]
ODD = [
    Reading("o'bin, 1", "mode", 'op"en', START, unit=""),
    Reading("o'bin, 1", "mode", 2.0, START + 5, quality=int(Quality.LATE)),
    Reading("o'bin, 1", "level", 3.0, START + 5),
]


async def written(spec: Influx, root: Path) -> None:
    async with spec.open(surroundings(root)) as sink:
        assert await sink.write(PAST) == []
        assert await sink.write(ODD) == []


async def test_a_backtest_over_it_finds_what_the_store_has(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tmp_path / "influx"
    base.mkdir()
    with influxd(base) as server:
        spec = Influx(id="history", url=server.url, tags={"site": "yard east"})
        await written(spec, tmp_path)
        sink = f"{{kind: influx, id: history, url: '{server.url}', tags: {{site: yard east}}}}"
        (site / "gateway.yaml").write_text(f"site: {{id: yard}}\nsources: []\nsinks: [{sink}]\n")
        for rule in ("full", "silent"):
            command = ["rules", "backtest", str(site), "--rule", rule, "--json", *SPAN]
            assert await asyncio.to_thread(main, command) == 0
            (own,) = json.loads(capsys.readouterr().out)
            assert await asyncio.to_thread(main, [*command, "--from-influx"]) == 0
            (found,) = json.loads(capsys.readouterr().out)
            # one odd device is not in the store
            mine = [e for e in found["variants"][0]["episodes"] if e["key"].startswith("bin-")]
            assert mine == own["variants"][0]["episodes"]
            assert mine
        past = InfluxHistory(spec, tmp_path)
        pieces = list(past.scan(START, START + 10, device="o'bin, 1"))
        assert [(p.quantity, p.at.tolist(), dict(p.texts)) for p in pieces] == [
            ("level", [START + 5], {}),
            ("mode", [START, START + 5], {0: 'op"en'}),
        ]
        assert np.isnan(pieces[1].value[0])
        assert pieces[1].quality.tolist() == [0, int(Quality.LATE)]
        with pytest.raises(NoAnswer, match="database not found"):
            list(InfluxHistory(Influx(id="x", url=server.url, bucket="no"), tmp_path).scan(0, 1))


def test_who_is_not_there_is_told(tmp_path: Path) -> None:
    away = Influx(id="x", url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(NoAnswer, match="refused"):
        list(InfluxHistory(away, tmp_path).scan(0, 1))
