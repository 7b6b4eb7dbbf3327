"""The community is what its devices.yaml says, and its messages mean what was measured."""

import asyncio
import json
from collections import Counter

import msgspec
import pytest

from devices.decoder import Decoder
from devices.grids import Collection, Grids
from devices.registry import DeviceSpec
from gateway.clock import SystemClock
from gateway.model import Packet
from simulators.neighbourhood import (
    BUILDINGS,
    COMMUNITY,
    PERIOD,
    SPEED,
    STORY,
    entries,
    grids,
    live,
    sensors,
)
from simulators.publisher import Publisher
from simulators.sensors import BURST, Sensor, Trouble, measure, messages
from tests.gateway.mqtt.stage import HeldInbox, listening

NOW = 1_763_690_000_000


def decoder(community: tuple[Sensor, ...]) -> Decoder:
    found = msgspec.convert(
        entries(community), list[DeviceSpec], dec_hook=lambda kind, raw: kind.parse(raw)
    )
    return Decoder(found)


def test_it_is_large_and_speaks_seven_dialects():
    community = sensors()
    assert len(community) == len({s.id for s in community}) == 240
    assert len(Counter(s.dialect for s in community)) == 7
    assert {name for name in STORY} <= {s.id for s in community}


@pytest.mark.parametrize("count", [1, 13, 500])
def test_any_number_of_sensors_can_be_had(count):
    assert len({s.id for s in sensors(count)}) == count


def test_every_device_stands_in_the_unit_grid_of_its_building():
    community = Grids(msgspec.convert(grids(), Collection).features)
    for number, entry in enumerate(entries(sensors())):
        place = entry["place"]
        (code,) = community.codes(place["lat"], place["lon"])
        building = sensors()[number].seed % BUILDINGS + 1
        assert code.value == f"{COMMUNITY}{building:03d}"
        assert f"Building {building}," in place["address"]


@pytest.mark.parametrize("sensor", sensors(story=False), ids=lambda s: f"{s.dialect}-{s.id}")
def test_what_is_said_decodes_to_what_was_measured(sensor):
    seconds = 3 * sensor.period
    of = decoder((sensor,))
    found = {}
    for topic, payload in messages(sensor, seconds, NOW):
        decoded = of.decode(Packet(topic, payload), NOW)
        assert (decoded.status, decoded.dialect) == ("ok", sensor.dialect)
        found |= {r.quantity: r.value for r in decoded.readings if r.device == sensor.id}
    measured = measure(sensor, seconds)
    assert {quantity: found[quantity] for quantity in measured} == pytest.approx(measured)


def test_the_same_seed_gives_the_same_days():
    one, two = (
        [m for s in sensors(50) for n in range(20) for m in messages(s, n * s.period, NOW)]
        for _ in range(2)
    )
    assert one == two
    assert len({payload for _, payload in one}) > 900


def test_nothing_happens_without_a_story():
    for sensor in sensors(story=False):
        for seconds in range(0, 86_400, 3600):
            found = measure(sensor, seconds)
            assert found.get("fill_level", 0) < 80
            assert found.get("pm2_5", 0) < 60
            assert found.get("noise", 0) < 75
            assert not found.get("water_leak")


def test_the_story_is_told_within_two_minutes():
    told = {s.id: s for s in sensors()}

    def at(sensor: str, real_seconds: float) -> dict[str, float]:
        return measure(told[sensor], real_seconds * SPEED)

    assert at("bin-01", 10)["fill_level"] < 70
    assert at("bin-01", 60)["fill_level"] > 95
    assert at("exit-01", 30)["contact_open"] == 0
    assert at("exit-01", 40)["contact_open"] == 1
    assert at("air-01", 100)["pm2_5"] > 180
    assert at("leak-01", 100)["water_leak"] == 1
    assert at("noise-01", 100)["noise"] > 80
    silent = told["climate-01"]
    assert messages(silent, 20 * SPEED, NOW)
    assert not messages(silent, 30 * SPEED, NOW)


def bare(*troubles: Trouble) -> Sensor:
    return Sensor("climate-9", "climate", "zigbee2mqtt", 60, 1, troubles)


def test_broken_payloads_are_broken_in_different_ways():
    sensor = bare(Trouble("broken", 0))
    of = decoder((sensor,))
    payloads = [messages(sensor, n * 60, NOW)[0].payload for n in range(5)]
    assert len(set(payloads)) == 5
    for n, payload in enumerate(payloads):
        decoded = of.decode(Packet("zigbee2mqtt/climate-9", payload), NOW + n * 60_000)
        assert not decoded.readings


def test_duplicates_and_bursts():
    twice = messages(bare(Trouble("twice", 0)), 60, NOW)
    assert len(twice) == 2
    assert twice[0] == twice[1]
    burst = bare(Trouble("burst", 60, 600))
    assert [len(messages(burst, s, NOW)) for s in (0, 60, 120)] == [1, BURST, 1]
    assert len(set(messages(burst, 60, NOW))) > BURST / 2


async def test_it_lives_over_mqtt():
    community = sensors(60, speed=SPEED * 20)
    async with listening(HeldInbox(prompt=True)) as stage:
        living = asyncio.create_task(
            live(community, SystemClock(), "127.0.0.1", stage.port, speed=SPEED * 20 * PERIOD)
        )
        await stage.inbox.holds(300, seconds=20)
        living.cancel()
        with pytest.raises(asyncio.CancelledError):
            await living
    of = decoder(community)
    seen = {
        reading.device
        for n, item in enumerate(stage.inbox.items)
        for reading in of.decode(item, NOW + n * 2000).readings
    }
    assert len(seen) > 50


async def test_what_was_not_acknowledged_is_sent_again():
    async with listening() as stage:
        device = Publisher("127.0.0.1", stage.port, "d1")
        running = asyncio.create_task(device.run())
        for n in range(30):
            device.send("t", json.dumps(n).encode())
        await stage.inbox.holds(20)  # its window
        rival = await stage.raw()
        await rival.greet(client_id="d1")  # throws the device out before anything is committed
        rival.close()
        await stage.inbox.holds(40, seconds=10)
        async with asyncio.timeout(10):
            while device.acknowledged < 30:
                stage.inbox.commit()
                await asyncio.sleep(0.02)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert {int(item.payload) for item in stage.inbox.items} == set(range(30))


async def test_a_publisher_ends_though_its_peer_vanishes_at_that_very_moment() -> None:
    """As when Ctrl-C reaches the demo and its gateway at once."""
    peers: list[asyncio.StreamWriter] = []

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(writer)
        await reader.read(100)
        writer.write(bytes((0x20, 2, 0, 0)))
        await reader.read()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for turns in range(8):
            publisher = Publisher("127.0.0.1", port, "sim")
            task = asyncio.create_task(publisher.run())
            while len(peers) <= turns:  # noqa: ASYNC110 - the peer tells of no event
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.01)
            peers[turns].transport.abort()
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            _, pending = await asyncio.wait([task], timeout=5)
            assert not pending
