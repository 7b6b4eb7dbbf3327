"""The whole main job with the real things: mosquitto, InfluxDB, a real clip, a platform over HTTP.

device --> mosquitto --> gateway --> InfluxDB 1.x
clip ------------------>         --> city platform (loses one answer) --> evidence fetched back
"""

import asyncio
import json
import shutil
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from simulators.platform import Platform
from simulators.register import Case
from tests.contracts.servers import INFLUXD, influxd
from tests.gateway.mqtt.mosquitto import BROKER, mosquitto
from tests.system.box import Box

CLIP = Path(__file__).parents[3] / "shared" / "data" / "vision" / "aboda_video4.avi"
SECRET = "whsec_" + "bGlubGkgbGlubGkgbGlubGkgbGlubGkgbGlubGk="
DEVICES = """
  - id: bin-7
    name: Bin 7
    dialect: zigbee2mqtt
    place: {codes: [{scheme: cn-unit-grid, value: "110101001088007"}], address: Building 7}
"""
RULES = """
rules:
  - {id: full, kind: threshold, incident: overflowing_bin, title: "{name} is full: {value} %",
     select: {quantity: fill_level}, above: 90, clear_below: 60, for: 1s}
  - {id: waste, kind: object, incident: dumped_waste, title: "{name}: waste was dumped",
     select: {label: left_object}}
"""
PATIENCE = 90.0

pytestmark = [
    pytest.mark.skipif(not BROKER, reason="mosquitto is not installed (apt: mosquitto)"),
    pytest.mark.skipif(not INFLUXD, reason="influxd is not installed (apt: influxdb)"),
]


async def until(done: Any, what: str) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := done()):
        assert time.monotonic() < end, f"not within {PATIENCE:.0f} s: {what}"
        await asyncio.sleep(0.1)
    return found


def case(city: Platform, rule: str) -> Case | None:
    return next((c for c in city.register.cases.values() if c.data["rule"] == rule), None)


def events(city: Platform, rule: str) -> list[str]:
    found = case(city, rule)
    return found.events if found else []


async def test_a_reading_through_mosquitto_becomes_one_delivered_incident_and_a_point(
    tmp_path: Path,
) -> None:
    (tmp_path / "influx").mkdir()
    (tmp_path / "broker").mkdir()
    async with mosquitto(tmp_path / "broker") as broker, Platform(secret=SECRET) as city:
        with influxd(tmp_path / "influx") as influx:
            query(influx.url, "create database linli", post=True)
            box = Box(
                tmp_path / "site", parts=parts(broker.port, city, influx.url), devices=DEVICES
            )
            box.write("rules/all.yaml", RULES)
            try:
                await _story(box, broker.port, city, influx.url)
            finally:
                await asyncio.to_thread(box.close)


async def _story(box: Box, broker: int, city: Platform, influx: str) -> None:
    city.script.extend(["lost_answer", "unavailable"])
    await asyncio.to_thread(box.start)
    await asyncio.to_thread(box.until_ok, "mosquitto")
    topic = "zigbee2mqtt/bin-7"
    poison, full = (topic, b"\xff{"), (topic, json.dumps({"fill_level": 96}))
    await asyncio.to_thread(box.publish, poison, full, port=broker)
    told = await until(lambda: case(city, "full"), "the platform hears of it")
    assert told.data["title"] == "Bin 7 is full: 96 %"
    assert told.data["place"]["codes"][0]["value"] == "110101001088007"
    assert "96" in told.data["reasons"][0]["text"]
    await asyncio.to_thread(box.kill)
    await asyncio.to_thread(box.start)
    await asyncio.to_thread(box.until_ok, "mosquitto")
    await asyncio.to_thread(box.publish, (topic, json.dumps({"fill_level": 20})), port=broker)
    await until(lambda: len(events(city, "full")) == 2, "it is resolved")
    assert [event.split(".")[-2] for event in events(city, "full")] == ["opened", "resolved"]
    assert city.register.counts["duplicates"] >= 1, "the lost answer made no second delivery"
    assert city.register.counts["cases"] == 1
    points = await until(lambda: points_of(influx, "bin-7", 2), "two points are in InfluxDB")
    assert sorted(points) == [20.0, 96.0]
    quarantined = json.loads(await asyncio.to_thread(box.get, "/api/v1/quarantine"))
    assert [q["topic"] for q in quarantined] == [topic]


@pytest.mark.skipif(not CLIP.exists(), reason="the real clips are not beside the repository")
async def test_a_real_clip_becomes_one_incident_with_masked_evidence(tmp_path: Path) -> None:
    (tmp_path / "site" / "clips").mkdir(parents=True)
    shutil.copy(CLIP, tmp_path / "site" / "clips")
    async with Platform(secret=SECRET) as city:
        camera = (
            f"  - {{id: cam-1, name: Corner, url: 'file:clips/{CLIP.name}', fps: 3, "
            "detectors: [{kind: left_object, dwell: 8s}]}\n"
        )
        box = Box(tmp_path / "site", parts=parts(0, city, ""), cameras=camera)
        box.write("rules/all.yaml", RULES)
        try:
            await asyncio.to_thread(box.start)
            told = await until(lambda: case(city, "waste"), "the platform hears of the bag")
            assert told.data["title"] == "Corner: waste was dumped"
            good = await until(
                lambda: [s for s, state in told.pictures.items() if state == "ok"],
                "the evidence is fetched and its hash is right",
            )
            assert all(city.pictures[sha256][:3] == b"\xff\xd8\xff" for sha256 in good)
        finally:
            await asyncio.to_thread(box.close)


def parts(broker: int, city: Platform, influx: str) -> str:
    """What the site has besides its own listener."""
    source = (
        f"  - {{kind: mqtt_broker, id: mosquitto, host: 127.0.0.1, port: {broker}, "
        "topics: ['zigbee2mqtt/#']}\n"
    )
    series = f"  - {{kind: influx, id: history, url: '{influx}', bucket: linli}}\n"
    sink = f"  - {{kind: cloud_events, id: city, url: '{city.events}', secret: '{SECRET}'}}\n"
    return (source if broker else "") + "sinks:\n" + sink + (series if influx else "")


def query(url: str, text: str, *, post: bool = False) -> Any:
    """InfluxQL."""
    address = f"{url}/query?{urllib.parse.urlencode({'q': text, 'db': 'linli'})}"
    request = urllib.request.Request(address, method="POST" if post else "GET")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def points_of(url: str, device: str, count: int) -> list[float] | None:
    found = query(url, f"select * from /.*/ where device = '{device}'")["results"][0]
    values = [
        row[series["columns"].index("value")]
        for series in found.get("series", [])
        for row in series["values"]
        if "value" in series["columns"]
    ]
    return values if len(values) == count else None
