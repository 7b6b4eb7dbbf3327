"""Huaiyinli (槐荫里): a community that does not exist, with a few hundred sensors that do.

`sensors` says which there are and what will happen to them, `entries` is its devices.yaml,
`grids` its grids.geojson, and `live` lets them publish over MQTT. Time is compressed: `speed`
seconds of the simulation pass in one second of the gateway, so that a bin fills in a minute.
"""

import asyncio
import heapq
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from random import Random
from typing import Any, NamedTuple

from gateway.ports import Clock
from simulators.dialects import eui
from simulators.publisher import Publisher
from simulators.sensors import Sensor, Trouble, messages

SPEED = 60.0
PERIOD = 8.0
"""Seconds of the gateway between two reports of one sensor, about."""
SITE = "huaiyinli"
COMMUNITY = "110101001088"
"""Twelve digits: city, district, street, community. Three more count the unit grids."""
CENTRE = 39.9327, 116.4021
BUILDINGS = 12
HIGH, WIDE = 0.0007, 0.0009
"""Degrees of a unit grid: some 80 m each way."""


class Stock(NamedTuple):
    """A kind of sensor as it is bought: what it is called, and where it hangs."""

    kind: str
    dialect: str
    share: int
    name: str
    spot: str


STOCKS = (
    Stock("bin", "chirpstack_v4", 18, "垃圾桶 Bin", "垃圾投放点 waste point"),
    Stock("exit", "zigbee2mqtt", 24, "安全出口 Exit", "消防通道 fire exit"),
    Stock("climate", "zigbee2mqtt", 20, "楼道温湿度 Climate", "楼道 stairwell"),
    Stock("air", "tasmota", 24, "空气质量 Air", "屋顶 roof"),
    Stock("noise", "plain_scalar", 16, "噪声 Noise", "庭院 courtyard"),
    Stock("leak", "chirpstack_v4", 12, "水浸 Leak", "地下室 basement"),
    Stock("bin", "flat_json", 12, "垃圾桶 Bin", "单元门口 entrance"),
    Stock("power", "shelly_gen2", 32, "充电桩 Charger", "车棚 bicycle shed"),
    Stock("light", "flat_json", 20, "路灯照度 Light", "道路 lane"),
    Stock("leak", "zigbee2mqtt", 12, "水浸 Leak", "泵房 pump room"),
    Stock("well", "senml_json", 20, "窨井水位 Manhole", "路面 road"),
    Stock("climate", "tasmota", 20, "机房温湿度 Climate", "弱电间 cabinet"),
    Stock("bin", "zigbee2mqtt", 10, "垃圾桶 Bin", "儿童游乐场 playground"),
)
"""Together 240. The first of a stock is the one to which something happens."""

MAPS: dict[tuple[str, str], dict[str, str]] = {
    ("bin", "flat_json"): {"lvl": "fill_level", "t": "temperature", "bat": "battery"},
    ("light", "flat_json"): {"lux": "illuminance", "bat": "battery"},
    ("noise", "plain_scalar"): {"noise": "noise"},
}
TOPICS = {"flat_json": "diy/{}", "plain_scalar": "plain/{}/+", "senml_json": "senml/{}"}

STORY: dict[str, tuple[Trouble, ...]] = {
    "bin-01": (Trouble("ramp", 20, 240, "fill_level", 97, over=35),),
    "exit-01": (Trouble("ramp", 35, 200, "contact_open", 1),),
    "climate-01": (Trouble("silent", 25, 200),),
    "air-01": (Trouble("ramp", 45, 300, "pm2_5", 190, over=30),),
    "noise-01": (Trouble("ramp", 50, 180, "noise", 83, over=5),),
    "leak-01": (Trouble("ramp", 60, 160, "water_leak", 1),),
    "well-01": (Trouble("ramp", 70, 400, "water_level", 1900, over=60),),
    "air-02": (Trouble("broken", 15, 60),),
    "power-01": (Trouble("twice", 0),),
    "light-01": (Trouble("burst", 55, 65),),
}
"""What happens, in seconds of the gateway after the start."""


def sensors(count: int = 240, speed: float = SPEED, story: bool = True) -> tuple[Sensor, ...]:
    """The first *count* sensors of the community; at 240 there is one of each stock's share."""
    numbers: dict[str, int] = {}
    found = []
    for index, stock in enumerate(islice(_mixed(), count)):
        number = numbers[stock.kind] = numbers.get(stock.kind, 0) + 1
        name = f"{stock.kind}-{number:02d}"
        period = PERIOD * speed * Random(index).uniform(0.7, 1.3)  # noqa: S311 - a simulation
        troubles = STORY.get(name, ()) if story else ()
        scaled = tuple(_scaled(trouble, speed) for trouble in troubles)
        found.append(Sensor(name, stock.kind, stock.dialect, period, index, scaled))
    return tuple(found)


def entries(sensors: Sequence[Sensor], speed: float = SPEED) -> list[dict[str, Any]]:
    """The `devices` of devices.yaml, as plain values."""
    return [_entry(sensor, speed) for sensor in sensors]


async def live(
    sensors: Sequence[Sensor],
    clock: Clock,
    host: str,
    port: int,
    *,
    user: str = "",
    password: str = "",
    speed: float = SPEED,
) -> None:
    """Let *sensors* publish until cancelled. Those that speak through one bridge (zigbee2mqtt,
    ChirpStack) share its connection; every other one has its own, as in life."""
    async with asyncio.TaskGroup() as tasks:
        lines: dict[str, Publisher] = {}
        for sensor in sensors:
            name = _line(sensor)
            if name not in lines:
                lines[name] = Publisher(host, port, f"sim-{name}", user, password)
                tasks.create_task(lines[name].run(), name=f"simulated {name}")
        begun = clock.now()
        waiting = [
            (sensor.period * Random(sensor.id).random(), i)  # noqa: S311 - a simulation
            for i, sensor in enumerate(sensors)
        ]
        heapq.heapify(waiting)
        while waiting:
            seconds, index = heapq.heappop(waiting)
            await clock.sleep_until(begun + round(seconds / speed * 1000))
            sensor = sensors[index]
            for topic, payload in messages(sensor, seconds, clock.now()):
                lines[_line(sensor)].send(topic, payload)
            heapq.heappush(waiting, (seconds + sensor.period, index))


def _mixed() -> Iterator[Stock]:
    """Stocks by their shares, mixed, so that the first few sensors are of every kind."""
    left = {stock: stock.share for stock in STOCKS}
    for stock in cycle(STOCKS):
        if left[stock]:
            left[stock] -= 1
            yield stock
        if not any(left.values()):
            left = {stock: stock.share for stock in STOCKS}


def _line(sensor: Sensor) -> str:
    return sensor.dialect if sensor.dialect in ("zigbee2mqtt", "chirpstack_v4") else sensor.id


def _scaled(trouble: Trouble, speed: float) -> Trouble:
    return trouble._replace(
        start=trouble.start * speed, end=trouble.end * speed, over=trouble.over * speed
    )


def _entry(sensor: Sensor, speed: float) -> dict[str, Any]:
    stock = next(s for s in STOCKS if (s.kind, s.dialect) == (sensor.kind, sensor.dialect))
    number = sensor.id.rpartition("-")[2]
    entry: dict[str, Any] = {
        "id": sensor.id,
        "name": f"{stock.name} {number}",
        "dialect": sensor.dialect,
        "tags": [sensor.kind],
        "period": f"{round(sensor.period / speed * 1000)}ms",
        "place": _place(sensor.seed, stock.spot),
    }
    if sensor.dialect == "chirpstack_v4":
        entry["address"] = eui(sensor.id)
    if topic := TOPICS.get(sensor.dialect):
        entry["topic"] = topic.format(sensor.id)
    if mapped := MAPS.get((sensor.kind, sensor.dialect)):
        entry["map"] = dict(mapped)
    return entry


def grids() -> dict[str, Any]:
    """The community's grids.geojson: twelve buildings in three rows, each a unit grid of its own,
    with the corners that paths and fences give them."""
    features = [
        {
            "type": "Feature",
            "properties": {
                "id": f"{COMMUNITY}{building + 1:03d}",
                "name": f"{building + 1} 号楼 Building {building + 1}",
                "scheme": "cn-unit-grid",
            },
            "geometry": {"type": "Polygon", "coordinates": [_outline(*divmod(building, 4))]},
        }
        for building in range(BUILDINGS)
    ]
    return {"type": "FeatureCollection", "features": features}


def middle(building: int) -> tuple[float, float]:
    """Latitude and longitude of a building, counted from 0."""
    row, column = divmod(building, 4)
    return round(CENTRE[0] + row * HIGH, 6), round(CENTRE[1] + column * WIDE, 6)


def _outline(row: int, column: int) -> list[list[float]]:
    around = ((0, 0), (0, 1), (1, 1), (1, 0), (0, 0))
    return [_corner(row + up, column + right) for up, right in around]


def _corner(row: int, column: int) -> list[float]:
    """Longitude and latitude; neighbours share it."""
    rng = Random(f"corner {row} {column}")  # noqa: S311 - a simulation
    lat = CENTRE[0] + (row - 0.5) * HIGH + rng.uniform(-0.00009, 0.00009)
    lon = CENTRE[1] + (column - 0.5) * WIDE + rng.uniform(-0.00009, 0.00009)
    return [round(lon, 6), round(lat, 6)]


def _place(index: int, spot: str) -> dict[str, Any]:
    """Somewhere about a building; its code is found by the coordinates."""
    building = index % BUILDINGS
    rng = Random(f"place {index}")  # noqa: S311 - a simulation
    lat, lon = middle(building)
    zh, _, en = spot.partition(" ")
    return {
        "site": SITE,
        "lat": round(lat + rng.uniform(-0.0002, 0.0002), 6),
        "lon": round(lon + rng.uniform(-0.0003, 0.0003), 6),
        "address": f"槐荫里 {building + 1} 号楼{zh} Building {building + 1}, {en}",
    }
